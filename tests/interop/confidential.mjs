// An app with a server and keys of its own (private_key_jwt) signs somebody in on @atproto/oauth-client-node: its document
// and its keys are fetched over TLS. Exit status 0 when all of it held.
//
//   node confidential.mjs --url http://localhost:2583 --plc http://localhost:2582 --handle alice.test --password X
//                         --port 8443 --certificate file.pem
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { parseArgs } from 'node:util'
import { Agent } from '@atproto/api'
import { JoseKey, NodeOAuthClient } from '@atproto/oauth-client-node'
import { Person } from './person.mjs'

const names = ['url', 'plc', 'handle', 'password', 'port', 'certificate']
const { values: options } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) })
const app = 'https://app.example.com'
const pem = readFileSync(options.certificate)
const asked = []

function memory() {
  const kept = new Map()
  return { get: async (key) => kept.get(key), set: async (key, value) => void kept.set(key, value), del: async (key) => void kept.delete(key) }
}

const client = new NodeOAuthClient({
  clientMetadata: {
    client_id: `${app}/client-metadata.json`,
    client_uri: app,
    redirect_uris: [`${app}/callback`],
    scope: 'atproto transition:generic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    application_type: 'web',
    dpop_bound_access_tokens: true,
    jwks_uri: `${app}/jwks.json`,
  },
  keyset: await Promise.all(['first', 'second'].map((kid) => JoseKey.generate(['ES256'], kid))),
  allowHttp: true,
  plcDirectoryUrl: options.plc,
  handleResolver: options.url,
  requestLock: async (_name, run) => run(),
  stateStore: memory(),
  sessionStore: memory(),
})
const pages = { '/client-metadata.json': () => client.clientMetadata, '/jwks.json': () => client.jwks }

const server = https.createServer({ cert: pem, key: pem }, (request, response) => {
  asked.push(request.url)
  const page = pages[request.url]
  response.writeHead(page ? 200 : 404, { 'content-type': 'application/json' }).end(page && JSON.stringify(page()))
})
await new Promise((resolve) => { server.listen(Number(options.port), '127.0.0.1', resolve) })

try {
  const start = await client.authorize(options.handle, { state: 'mine' })
  const back = await new Person({ origin: options.url, ...options }).decide(start)
  assert.equal(back.origin, app)
  const { session, state } = await client.callback(back.searchParams)
  assert.equal(state, 'mine')
  const agent = new Agent(session)
  const { uri } = await agent.post({ text: 'by an app with a key', createdAt: new Date().toISOString() })
  assert.ok(uri.startsWith(`at://${session.did}/`))
  const before = await session.getTokenInfo(false)
  assert.ok((await session.getTokenInfo(true)).expiresAt >= before.expiresAt)
  assert.equal((await agent.com.atproto.server.getSession()).data.did, session.did)
  assert.deepEqual([...new Set(asked)].sort(), ['/client-metadata.json', '/jwks.json'])
  await session.signOut()
  await assert.rejects(client.restore(session.did))
} finally {
  server.closeAllConnections()
  server.close()
}
console.log('signed in with a key, called, refreshed, signed out')
