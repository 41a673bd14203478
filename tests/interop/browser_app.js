// An app in a browser on @atproto/oauth-client-browser: what a story does in it, it does through `window.app`. The
// address it is opened at says where: `?pds=&plc=`. Bundled and served by serveApp (browser_app.mjs).
import { BrowserOAuthClient } from '@atproto/oauth-client-browser'

const options = new URLSearchParams(location.search)
const remembered = JSON.parse(sessionStorage.getItem('options') ?? '{}')
const pds = options.get('pds') ?? remembered.pds
const plc = options.get('plc') ?? remembered.plc
const scope = options.get('scope') ?? remembered.scope
sessionStorage.setItem('options', JSON.stringify({ pds, plc, scope }))

const client = await BrowserOAuthClient.load({
  clientId: `http://localhost?${new URLSearchParams({ redirect_uri: `${location.origin}/`, scope })}`,
  handleResolver: pds,
  plcDirectoryUrl: plc,
  allowHttp: true,
})

// The status of a call, and its answer.
async function call(session, method, body) {
  const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  try {
    const answer = await session.fetchHandler(`/xrpc/${method}`, init)
    return { status: answer.status, body: await answer.json().catch(() => null) }
  } catch (error) {
    return { status: 0, error: `${error.name}: ${error.message}` }
  }
}

let session = null
window.app = {
  signIn: (more = {}, whom = pds) => { void client.signIn(whom, { scope, ...more }) },
  popup: async () => { session = await client.signIn(pds, { scope, display: 'popup' }); return session.did },
  call: (method, body) => call(session, method, body),
  create: (collection, record) =>
    call(session, 'com.atproto.repo.createRecord', { repo: session.did, collection, record: { $type: collection, ...record } }),
  refresh: async () => { try { await session.getTokenInfo(true); return 'fresh' } catch (error) { return error.name } },
}
try {
  session = (await client.init(false))?.session ?? null
  document.title = session ? `signed in as ${session.did}` : 'signed out'
} catch (error) {
  document.title = `failed: ${error.name}: ${error.message}`
}
