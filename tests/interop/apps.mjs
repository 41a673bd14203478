// Apps on four independent OAuth libraries sign somebody in, use the account, refresh, and sign out. Exit status 0 when
// all of it held.
//
//   node apps.mjs --url http://localhost:2583 --plc http://localhost:2582 --handle alice.test --password X
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { PlcDidDocumentResolver } from '@atcute/identity-resolver'
import { MemoryStore, OAuthClient } from '@atcute/oauth-node-client'
import { Agent } from '@atproto/api'
import { NodeOAuthClient } from '@atproto/oauth-client-node'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Person } from './person.mjs'

const { values: options } = parseArgs({
  options: Object.fromEntries(['url', 'plc', 'handle', 'password'].map((name) => [name, { type: 'string' }])),
})
const origin = options.url
const person = () => new Person({ origin, ...options })
const scope = 'atproto transition:generic'
const redirectUri = 'http://127.0.0.1:4321/callback'
const clientId = `http://localhost?${new URLSearchParams({ redirect_uri: redirectUri, scope })}`
const session = `${origin}/xrpc/com.atproto.server.getSession`
const { did } = await (await fetch(`${origin}/xrpc/com.atproto.identity.resolveHandle?handle=${options.handle}`)).json()

const stories = {
  async oauth4webapi() {
    const insecure = { [oauth.allowInsecureRequests]: true }
    const resource = new URL(origin)
    const described = await oauth.resourceDiscoveryRequest(resource, insecure)
    const { authorization_servers: [issuer] } = await oauth.processResourceDiscoveryResponse(resource, described)
    const found = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure })
    const server = await oauth.processDiscoveryResponse(new URL(issuer), found)
    const client = { client_id: clientId }
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const asked = {
      response_type: 'code',
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    // A nonce is learnt from the first refusal, then kept by the library.
    const withNonce = async (ask, process) => {
      try {
        return await process(await ask())
      } catch (error) {
        if (!oauth.isDPoPNonceError(error)) throw error
        return process(await ask())
      }
    }
    const pushed = await withNonce(
      () => oauth.pushedAuthorizationRequest(server, client, oauth.None(), asked, { DPoP, ...insecure }),
      (answer) => oauth.processPushedAuthorizationResponse(server, client, answer),
    )
    const start = new URL(server.authorization_endpoint)
    start.search = new URLSearchParams({ client_id: clientId, request_uri: pushed.request_uri })
    const back = oauth.validateAuthResponse(server, client, await person().decide(start), state)
    const tokens = await withNonce(
      () => oauth.authorizationCodeGrantRequest(server, client, oauth.None(), back, redirectUri, verifier, { DPoP, ...insecure }),
      (answer) => oauth.processAuthorizationCodeResponse(server, client, answer),
    )
    assert.equal(tokens.sub, did)
    const call = (token) =>
      oauth.protectedResourceRequest(token, 'GET', new URL(session), undefined, undefined, { DPoP, ...insecure })
    const called = await withNonce(() => call(tokens.access_token), async (answer) => answer)
    assert.equal((await called.json()).did, did)
    const refreshed = await withNonce(
      () => oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, { DPoP, ...insecure }),
      (answer) => oauth.processRefreshTokenResponse(server, client, answer),
    )
    assert.notEqual(refreshed.refresh_token, tokens.refresh_token)
    assert.equal((await call(refreshed.access_token)).status, 200)
    const revoked = await oauth.revocationRequest(server, client, oauth.None(), refreshed.refresh_token, insecure)
    await oauth.processRevocationResponse(revoked)
    await assert.rejects(call(refreshed.access_token), oauth.WWWAuthenticateChallengeError)
  },

  async 'openid-client'() {
    const config = await openid.discovery(new URL(origin), clientId, undefined, openid.None(), {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    })
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const verifier = openid.randomPKCECodeVerifier()
    const state = openid.randomState()
    const asked = {
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    const start = await openid.buildAuthorizationUrlWithPAR(config, asked, { DPoP })
    const back = await person().decide(start)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const tokens = await openid.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
    assert.equal(tokens.sub, did)
    const call = (token) =>
      openid.fetchProtectedResource(config, token, new URL(session), 'GET', undefined, undefined, { DPoP })
    assert.equal((await (await call(tokens.access_token)).json()).did, did)
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
    assert.equal((await call(refreshed.access_token)).status, 200)
    await openid.tokenRevocation(config, refreshed.access_token)
    await assert.rejects(call(refreshed.access_token))
  },

  async '@atproto/oauth-client-node'() {
    const store = () => {
      const kept = new Map()
      return { get: async (key) => kept.get(key), set: async (key, value) => void kept.set(key, value), del: async (key) => void kept.delete(key) }
    }
    const client = new NodeOAuthClient({
      clientMetadata: {
        client_id: clientId,
        redirect_uris: [redirectUri],
        scope,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        dpop_bound_access_tokens: true,
      },
      allowHttp: true,
      plcDirectoryUrl: options.plc,
      handleResolver: origin,
      requestLock: async (_name, run) => run(),
      stateStore: store(),
      sessionStore: store(),
    })
    const start = await client.authorize(options.handle, { state: 'mine' })
    const back = await person().decide(start)
    const { session: held, state } = await client.callback(back.searchParams)
    assert.deepEqual([held.did, state], [did, 'mine'])
    const agent = new Agent(held)
    const { uri } = await agent.post({ text: 'by @atproto/oauth-client-node', createdAt: new Date().toISOString() })
    assert.ok(uri.startsWith(`at://${did}/app.bsky.feed.post/`))
    const before = await held.getTokenInfo(false)
    assert.ok((await held.getTokenInfo(true)).expiresAt >= before.expiresAt)
    assert.equal((await agent.com.atproto.server.getSession()).data.did, did)
    await held.signOut()
    await assert.rejects(client.restore(did))
  },

  async '@atcute/oauth-node-client'() {
    const client = new OAuthClient({
      metadata: { redirect_uris: [redirectUri], scope },
      actorResolver: {
        async resolve() {
          const document = await new PlcDidDocumentResolver({ apiUrl: options.plc }).resolve(did)
          const { serviceEndpoint } = document.service.find(({ id }) => id.endsWith('#atproto_pds'))
          return { did, handle: options.handle, pds: serviceEndpoint }
        },
      },
      stores: { sessions: new MemoryStore(), states: new MemoryStore() },
    })
    // Its classes know development servers, which its options do not offer.
    for (const part of ['protectedResourceResolver', 'authorizationServerResolver']) client.resolver[part].allowHttp = true
    const { url } = await client.authorize({ target: { type: 'account', identifier: options.handle }, state: 'mine' })
    const back = await person().decide(url)
    const { session: held, state } = await client.callback(back.searchParams)
    assert.deepEqual([held.did, state], [did, 'mine'])
    const call = () => held.handle('/xrpc/com.atproto.server.getSession', {})
    assert.equal((await (await call()).json()).did, did)
    assert.ok(await held.getTokenInfo(true))
    assert.equal((await call()).status, 200)
    await held.signOut()
    await assert.rejects(client.restore(did))
  },
}

for (const [library, story] of Object.entries(stories)) {
  await story().catch((error) => {
    error.message = `${library}: ${error.message}`
    throw error
  })
  console.log(`${library}: signed in, called, refreshed, signed out`)
}
