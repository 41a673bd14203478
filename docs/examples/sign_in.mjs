// Sign somebody in to an atproto host by OAuth, post in their name, sign out.
//
//   npm install @atproto/oauth-client-node @atproto/api
//   node sign_in.mjs http://localhost:2583 alice.test http://localhost:2582
//
// The third argument is the PLC directory of a sandbox; leave it out on the network. An app for others needs a metadata
// document at a https URL instead of `http://localhost?...`, and keeps sessions in a database.
import { createServer } from 'node:http'
import { Agent } from '@atproto/api'
import { NodeOAuthClient } from '@atproto/oauth-client-node'

const [host, handle, plcDirectoryUrl] = process.argv.slice(2)
const scope = 'atproto repo:app.bsky.feed.post?action=create'

// Where the browser comes back to. The port of 127.0.0.1 is free.
const callback = createServer()
await new Promise((listening) => callback.listen(0, '127.0.0.1', listening))
const redirectUri = `http://127.0.0.1:${callback.address().port}/callback`

const kept = () => {
  const values = new Map()
  return {
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    del: async (key) => void values.delete(key),
  }
}
const client = new NodeOAuthClient({
  clientMetadata: {
    client_id: `http://localhost?${new URLSearchParams({ redirect_uri: redirectUri, scope })}`,
    redirect_uris: [redirectUri],
    scope,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: true,
  },
  stateStore: kept(),
  sessionStore: kept(),
  handleResolver: host,
  plcDirectoryUrl,
  allowHttp: host.startsWith('http:'), // a sandbox
  requestLock: async (_name, refresh) => refresh(), // one process, so nobody to wait for
})

console.log(`Open ${await client.authorize(handle)}`)
const answer = await new Promise((came) => {
  callback.on('request', (request, response) => {
    response.end('Signed in. You may close this window.')
    came(new URL(request.url, redirectUri).searchParams)
  })
})
callback.close()
const { session } = await client.callback(answer)
console.log(`Signed in as ${session.did}, may: ${(await session.getTokenInfo(false)).scope}`)

// Another collection would be refused: 403 ScopeMissingError. Tokens are refreshed on the way.
const { uri } = await new Agent(session).post({ text: 'Hello from OAuth' })
console.log(`Posted ${uri}`)
await session.signOut()
console.log('Signed out')
