// Two people and one account, by pages without scripts: Ann invites Ben, who accepts, acts for her account in an app by
// OAuth, and is written down; then she removes him, and the app is out at once. Then each page is shown to axe-core. Exit
// status 0 when all of it held.
//
//   node people.mjs --url http://localhost:2583 [--shots DIR]
import assert from 'node:assert/strict'
import { createHash, randomBytes, webcrypto } from 'node:crypto'
import fs from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Client } from './client.mjs'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, shots: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' } },
})
const stamp = Date.now().toString(36).slice(-6)
const password = 'correct horse battery'
const SCOPE = 'atproto transition:generic'
const BACK = 'http://127.0.0.1/back'
const at = (path) => `${options.url}/account/${path}`
const base64url = (data) => Buffer.from(data).toString('base64url')

async function send(page, fields, button) {
  for (const [name, value] of Object.entries(fields)) await page.locator(`main [name=${name}]`).first().fill(value)
  await Promise.all([page.waitForEvent('load'), page.locator('main').getByRole('button', { name: button }).first().click()])
}

async function signIn(context, person) {
  const page = await context.newPage()
  await page.goto(at('sign-in'))
  await send(page, { identifier: person.handle, password }, /sign in/i)
  return page
}

// A development client with a key of its own.
class App {
  clientId = `http://localhost?${new URLSearchParams({ redirect_uri: BACK, scope: SCOPE })}`
  verifier = base64url(randomBytes(32))
  nonce = ''

  async proof(method, url, token) {
    this.keys ??= await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
    const { kty, crv, x, y } = await webcrypto.subtle.exportKey('jwk', this.keys.publicKey)
    const claims = { jti: randomBytes(9).toString('hex'), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), nonce: this.nonce }
    if (token) claims.ath = createHash('sha256').update(token).digest('base64url')
    const text = [{ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }, claims].map((each) => base64url(JSON.stringify(each))).join('.')
    const made = await webcrypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, this.keys.privateKey, Buffer.from(text))
    return `${text}.${base64url(made)}`
  }

  // Once more with the nonce that was lacking.
  async ask(method, path, { body, json, token } = {}) {
    const url = `${options.url}${path}`
    for (let tries = 0; ; tries += 1) {
      const headers = { DPoP: await this.proof(method, url, token), ...(token && { authorization: `DPoP ${token}` }), ...(json && { 'content-type': 'application/json' }) }
      const answer = await fetch(url, { method, headers, body: json ? JSON.stringify(json) : body && new URLSearchParams(body) })
      this.nonce = answer.headers.get('dpop-nonce') ?? this.nonce
      if (answer.ok || tries > 0) return { status: answer.status, ...(await answer.json()) }
    }
  }

  async address(loginHint) {
    const challenge = createHash('sha256').update(this.verifier).digest('base64url')
    const pushed = await this.ask('POST', '/oauth/par', { body: { client_id: this.clientId, response_type: 'code', redirect_uri: BACK, scope: SCOPE, state: 's', code_challenge: challenge, code_challenge_method: 'S256', login_hint: loginHint } })
    return `${options.url}/oauth/authorize?${new URLSearchParams({ client_id: this.clientId, request_uri: pushed.request_uri })}`
  }

  async signedIn(code) {
    const body = { client_id: this.clientId, grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: this.verifier }
    this.tokens = await this.ask('POST', '/oauth/token', { body })
  }

  write(text) {
    const record = { $type: 'com.example.note', text }
    const json = { repo: this.tokens.sub, collection: record.$type, record }
    return this.ask('POST', '/xrpc/com.atproto.repo.createRecord', { json, token: this.tokens.access_token })
  }
}

// Whatever the browser is sent to at the app: nobody listens there.
async function codeAt(page, act) {
  const came = page.waitForRequest((request) => request.url().startsWith(BACK))
  await act()
  return new URL((await came).url()).searchParams.get('code')
}

async function together(ann, ben, anns, bens) {
  await anns.goto(at('people/invite'))
  await anns.getByLabel(/^Editor:/).check()
  await send(anns, { name: ben.handle }, /invite/i)
  await anns.getByText('invited, until').waitFor()
  await bens.goto(at(''))
  await bens.getByRole('link', { name: 'Answer' }).click()
  await Promise.all([bens.waitForEvent('load'), bens.getByRole('button', { name: /accept/i }).click()])
  await bens.locator('main').getByRole('link', { name: `@${ann.handle}` }).click()
  await bens.getByRole('heading', { name: `@${ann.handle}` }).waitFor()
  const refused = await bens.goto(at(`u/${ann.handle}/security/password`))
  assert.equal(refused.status(), 403)
}

async function inAnApp(ann, ben, anns, bens) {
  const app = new App()
  await bens.goto(await app.address(ann.handle))
  await bens.getByRole('link', { name: /sign in as yourself/i }).click()
  await send(bens, { identifier: ben.handle, password }, /sign in/i)
  await bens.getByText(`acts for @${ann.handle}`).waitFor()
  await app.signedIn(await codeAt(bens, () => bens.getByRole('button', { name: 'Allow' }).click()))
  assert.equal(app.tokens.sub, ann.did)
  assert.equal(app.tokens.act.sub, ben.did)
  assert.equal((await app.write('by Ben')).status, 200)
  await anns.goto(at('people/log'))
  await anns.getByText(/create com\.example\.note/).waitFor()
  return app
}

async function removed(app, ben, anns, bens) {
  await anns.goto(at('people'))
  await anns.getByRole('link', { name: new RegExp(`Change.*${ben.handle}`) }).click()
  await send(anns, {}, /remove from this account/i)
  await anns.getByText('Nobody but you.').waitFor()
  assert.equal((await app.write('still there?')).error, 'invalid_token')
  await bens.goto(at('acting'))
  await bens.locator('main').getByText('None.').waitFor()
}

async function looked(browser, ann, ben) {
  const context = await withAxe(browser, { locale: 'en' })
  const bens = await signIn(context, ben)
  await bens.goto(at('acting'))
  await look(bens, 'people invitations', options.shots)
  await Promise.all([bens.waitForEvent('load'), bens.getByRole('button', { name: /accept/i }).click()])
  for (const place of ['acting', 'visit', `u/${ann.handle}/`, `u/${ann.handle}/people`, `u/${ann.handle}/security`]) {
    await bens.goto(at(place))
    await look(bens, `people of ben ${place}`, options.shots)
  }
  await bens.locator('.who summary').click()
  await look(bens, 'people switcher', options.shots)
  await bens.goto(await new App().address(ann.handle))
  await bens.getByRole('link', { name: /sign in as yourself/i }).click()
  await look(bens, 'people app sign-in', options.shots)
  await send(bens, { identifier: ben.handle, password }, /sign in/i)
  await look(bens, 'people consent', options.shots)
  const anns = await signIn(await withAxe(browser, { locale: 'en' }), ann)
  for (const place of ['', 'people', 'people/invite', 'people/log']) {
    await anns.goto(at(place))
    await look(anns, `people of ann ${place}`, options.shots)
  }
  await anns.goto(at('people/invite'))
  await send(anns, { name: 'a b' }, /invite/i)
  assert.match(await anns.title(), /^Error:/)
  assert.equal(await anns.evaluate(() => document.activeElement.name), 'name')
  await look(anns, 'people refused', options.shots)
  await anns.goto(at('people'))
  await anns.getByRole('link', { name: /Change/ }).first().click()
  await look(anns, 'people one', options.shots)
}

if (options.shots) await fs.mkdir(options.shots, { recursive: true })
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const host = new Client(options.url)
  const [ann, ben] = [await host.signUp(`ann${stamp}.test`, password), await host.signUp(`ben${stamp}.test`, password)]
  const contexts = [await browser.newContext({ locale: 'en', javaScriptEnabled: false }), await browser.newContext({ locale: 'en', javaScriptEnabled: false })]
  for (const each of contexts) each.setDefaultTimeout(120_000) // a busy machine
  const [anns, bens] = [await signIn(contexts[0], ann), await signIn(contexts[1], ben)]
  await together(ann, ben, anns, bens)
  const app = await inAnApp(ann, ben, anns, bens)
  await removed(app, ben, anns, bens)
  await anns.goto(at('people/invite'))
  await anns.getByLabel(/^Owner:/).check()
  await send(anns, { name: ben.handle }, /invite/i)
  await looked(browser, ann, ben)
  assert.deepEqual(faults, [])
  console.log('acting for an account held')
} finally {
  await browser.close()
}
