// People and staff sign in with what their tenant has, in Chromium: a real OpenID provider (oidc-provider) is set and tested on
// the console, somebody new has an account by it, leaves, and comes back; staff get their role from a claim. Every page of ours
// is shown to axe-core. Exit status 0 when all of it held.
//
//   node openid.mjs --url http://localhost:2583 --admin-password X [--shots DIR]
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import Provider from 'oidc-provider'
import { chromium } from 'playwright-core'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    'admin-password': { type: 'string' },
    shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const { url, shots } = options
const secret = 'a secret & of the client'
const label = `wilma${Date.now().toString(36).slice(-5)}`
const groups = new Map([[label, ['members']], ['boss', ['members', 'admins']]])

// Whoever gives a name is that person; what a directory says of them is in `groups`.
async function startProvider() {
  const server = createServer()
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const issuer = `http://localhost:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'grove', client_secret: secret, redirect_uris: [`${url}/account/sign-in/openid/back/1`] }],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id, preferred_username: id, email: `${id}@corp.example`, email_verified: true, groups: groups.get(id) ?? [],
      }),
    }),
  })
  server.on('request', provider.callback())
  return { issuer, close: () => server.close() }
}

async function send(page, button, fields = {}) {
  for (const [field, value] of Object.entries(fields)) await page.getByLabel(field, { exact: true }).fill(value)
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: button, exact: true }).click()])
}

async function newPage(browser) {
  const page = await (await withAxe(browser, { locale: 'en' })).newPage()
  page.setDefaultTimeout(120_000)
  return page
}

// The provider's own pages: who it is, where it asks, and whether we may know it.
async function signInThere(page, name) {
  while (page.url().includes('/interaction/')) {
    if (await page.locator('input[name=login]').count()) {
      await page.locator('input[name=login]').fill(name)
      await page.locator('input[name=password]').fill('any')
    }
    await Promise.all([page.waitForEvent('load'), page.locator('button[type=submit]').click()])
  }
}

async function signIn(browser, name) {
  const page = await newPage(browser)
  await page.goto(`${url}/account/sign-in`)
  await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name: 'Sign in with Corp' }).click()])
  await signInThere(page, name)
  return page
}

async function setUp(browser, issuer) {
  const page = await newPage(browser)
  await page.goto(`${url}/console/`)
  await page.getByLabel(/username/i).fill('admin')
  await page.getByLabel(/password/i).fill(options['admin-password'])
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Sign in' }).click()])
  await page.goto(`${url}/console/sign-in/new/`)
  for (const box of ['Whoever it lets in may have an account', 'Staff sign in with it']) await page.getByLabel(box).check()
  await send(page, 'Save', {
    'Name on buttons': 'Corp',
    Issuer: issuer,
    'Client ID': 'grove',
    'Client secret': secret,
    'Claim that names your people': 'groups',
    'Its value': 'members',
    'Claim for roles of staff': 'groups',
    'Roles of staff': 'admins = owner',
    Reason: 'we have one',
  })
  await look(page, 'a provider on the console', shots)
  await send(page, 'Test what is saved')
  await page.getByText('The provider answers, and its settings fit.').waitFor()
  await page.goto(`${url}/console/sign-in/`)
  await look(page, 'the providers on the console', shots)
  await page.context().close()
}

async function ask(nsid, given) {
  const answer = await fetch(`${url}/xrpc/${nsid}`, given)
  return answer.json()
}

const there = await startProvider()
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  await setUp(browser, there.issuer)
  const first = await newPage(browser)
  await first.goto(`${url}/account/sign-in`)
  await look(first, 'a sign-in page with a provider', shots)
  await first.context().close()

  const page = await signIn(browser, label)
  await page.getByRole('heading', { name: 'Create your account' }).waitFor()
  assert.equal(await page.getByLabel('Handle', { exact: true }).inputValue(), label)
  await look(page, 'somebody new from a provider', shots)
  await send(page, 'Create account')
  await page.getByText(`${label}.test`).first().waitFor()
  await page.goto(`${url}/account/security/openid`)
  await page.getByText('You sign in to this account with Corp.').waitFor()
  await look(page, 'the provider of an account', shots)
  await page.getByText('stays connected with it').waitFor()

  const { did } = await ask(`com.atproto.identity.resolveHandle?handle=${label}.test`)
  const body = JSON.stringify({ identifier: `${label}.test`, password: 'any' })
  const refused = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  assert.equal((await ask('com.atproto.server.createSession', refused)).error, 'OAuthRequired')

  const status = async () => (await ask(`com.atproto.sync.getRepoStatus?did=${did}`)).status ?? 'active'
  groups.set(label, [])
  const left = await signIn(browser, label)
  await left.getByText('You are not one of those who may sign in here this way.').waitFor()
  await look(left, 'somebody who has left', shots)
  assert.equal(await status(), 'deactivated')
  groups.set(label, ['members'])
  const back = await signIn(browser, label)
  await back.getByText(`${label}.test`).first().waitFor()
  assert.equal(await status(), 'active')

  const staff = await newPage(browser)
  await staff.goto(`${url}/console/`)
  await look(staff, 'the sign-in page of the console', shots)
  await Promise.all([staff.waitForEvent('load'), staff.getByRole('link', { name: 'Sign in with Corp' }).click()])
  await signInThere(staff, 'boss')
  await staff.locator('summary', { hasText: 'Tenant' }).first().click()
  await staff.getByRole('link', { name: 'Audit log' }).first().waitFor()
  assert.deepEqual(faults, [])
  console.log('signing in by OpenID Connect held; axe found nothing')
} finally {
  there.close()
  await browser.close()
}
process.exit(0)
