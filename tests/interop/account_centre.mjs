// The everyday pages of an account, by somebody without scripts: another password, an app password, apps by OAuth only,
// another address and back by the link in the e-mail, a second person in the same browser. Then each page is shown to
// axe-core. Exit status 0 when all of it held.
//
//   node account_centre.mjs --url http://localhost:2583 [--shots DIR]
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { faults, heaviest, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const stamp = Date.now().toString(36).slice(-6)
const [first, second] = [`ann${stamp}`, `ben${stamp}`]
const [password, other] = ['correct horse battery', 'quite another battery']
const at = (path) => `${options.url}/account/${path}`

async function send(page, fields, button) {
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`main [name=${name}]`).first()
    await (value === true ? field.check() : field.fill(value))
  }
  const pressed = page.locator('main').getByRole('button', { name: button }).first()
  await Promise.all([page.waitForEvent('load'), pressed.click()])
}

async function signUp(page, name) {
  await page.goto(at('sign-up'))
  await send(page, { handle: name, email: `${name}@example.com`, password }, /create/i)
  await page.waitForURL(/\/account\/(u\/.*)?$/)
}

async function createSession(identifier, secret) {
  const answer = await fetch(`${options.url}/xrpc/com.atproto.server.createSession`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier, password: secret }),
  })
  return answer.ok ? 'in' : (await answer.json()).error
}

async function mailed(page, to, subject) {
  await page.goto(`${options.url}/dev/mail?to=${to}`)
  const email = page.locator('.email', { hasText: subject }).first()
  return (await email.innerText()).replaceAll('\n', ' ')
}

async function changePassword(page) {
  await page.goto(at('security/password'))
  await send(page, { password: other }, /set the password/i)
  await page.getByText('Saved.').waitFor()
  assert.equal(await createSession(`${first}.test`, password), 'AuthenticationRequired')
  assert.equal(await createSession(`${first}.test`, other), 'in')
}

async function appPassword(page) {
  await page.goto(at('apps/passwords/new'))
  await send(page, { name: 'my phone', is_privileged: true }, /make the password/i)
  const secret = await page.locator('.secret').innerText()
  await page.goto(at('security/oauth-only'))
  assert.equal(await createSession(`${first}.test`, secret), 'in')
  await send(page, {}, /by OAuth only/i)
  await page.getByText('Saved.').waitFor()
  assert.equal(await createSession(`${first}.test`, secret), 'AppPasswordsBlocked')
  assert.equal(await createSession(`${first}.test`, other), 'OAuthRequired')
  await page.goto(at('security/oauth-only'))
  await send(page, {}, /with a password, too/i)
  await page.getByText('Saved.').waitFor()
}

async function anotherAddress(page) {
  const [before, after] = [`${first}@example.com`, `${first}@example.org`]
  await page.goto(at('confirm-email'))
  await send(page, {}, /send a code/i)
  const confirm = (await mailed(page, before, 'Email Confirmation')).match(/http\S+\/confirm-address\/\S+/)[0]
  await page.goto(confirm)
  await send(page, {}, /confirm/i)
  await page.getByText('is confirmed').waitFor()
  await page.goto(at('handle/address'))
  await send(page, { email: after }, /continue/i)
  await page.getByText('A code is on its way').waitFor()
  const code = (await mailed(page, before, 'Email Update Requested')).match(/[A-Z2-7]{5}-[A-Z2-7]{5}/)[0]
  await page.goto(at('handle/address'))
  await send(page, { email: after }, /continue/i)
  await send(page, { email: after, code }, /change the address/i)
  await page.waitForURL(/confirm-email$/)
  const link = (await mailed(page, before, 'address changed')).match(/http\S+\/account\/undo\/\S+/)[0]
  return { link, before }
}

async function takeBack(page, { link, before }) {
  await page.goto(link)
  await send(page, {}, /take it back/i)
  await page.getByText('It is taken back').waitFor()
  await page.goto(at(''))
  await page.waitForURL(/sign-in$/) // everybody is signed out
  await send(page, { identifier: first, password: other }, /sign in/i)
  await page.goto(at('handle'))
  await page.getByText(before).first().waitFor()
}

async function twoPeople(page) {
  await signUp(page, second)
  assert.match(page.url(), new RegExp(`/account/u/${second}.test/$`))
  await page.locator('.who summary').click()
  await page.locator('.who a', { hasText: first }).click()
  await page.waitForURL(new RegExp(`/account/u/${first}.test/$`))
  await page.locator('.who summary').click()
  await page.locator('.who').getByRole('button').click()
  await page.getByRole('heading', { name: `@${second}.test` }).waitFor() // who is left
}

async function withoutScripts(browser) {
  const context = await browser.newContext({ locale: 'en', javaScriptEnabled: false })
  context.setDefaultTimeout(120_000) // a busy machine
  const page = await context.newPage()
  await signUp(page, first)
  await changePassword(page)
  await appPassword(page)
  await takeBack(page, await anotherAddress(page))
  await twoPeople(page)
  await context.close()
}

async function looked(browser) {
  const context = await withAxe(browser, { locale: 'en' })
  const page = await context.newPage()
  await page.goto(at('sign-in'))
  await send(page, { identifier: first, password: other }, /sign in/i)
  await page.waitForURL(at(''))
  const places = ['', 'handle', 'handle/change', 'handle/domain', 'handle/address', 'security', 'security/password',
    'security/oauth-only', 'security/devices', 'security/history', 'apps', 'apps/passwords', 'apps/passwords/new',
    'prove', 'undo/nothing', 'data', 'data/import', 'data/blobs', 'close', 'close/deactivate', 'close/delete', 'state', 'codes',
    'move-in', 'security/second-factors', 'security/second-factors/app', 'identity', 'identity/recovery-key', 'move-out']
  for (const place of places) {
    await page.goto(at(place))
    await look(page, `centre ${place}`, options.shots)
  }
  await page.goto(at('handle/domain'))
  await send(page, { handle: 'alice.invalid-domain.net' }, /show the records/i)
  await look(page, 'centre records', options.shots)
  await page.goto(at('security/password'))
  await page.locator('main form').evaluate((form) => { form.noValidate = true })
  await send(page, { password: 'x' }, /set the password/i)
  assert.match(await page.title(), /^Error:/)
  assert.equal(await page.evaluate(() => document.activeElement.name), 'password')
  await look(page, 'centre refused password', options.shots)
}

if (options.shots) await fs.mkdir(options.shots, { recursive: true })
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  await withoutScripts(browser)
  await looked(browser)
  assert.deepEqual(faults, [])
  console.log(`the account centre held; the heaviest page is ${heaviest.what} with ${heaviest.bytes} bytes`)
} finally {
  await browser.close()
}
