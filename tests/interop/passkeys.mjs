// A person's passkeys in Chromium, with a virtual authenticator: one is added, signs in alone, from the name's field, as a
// second step and as a fresh proof, and is removed; an authenticator app and recovery codes beside it. Every page on the
// way is shown to axe-core. Exit status 0 when all of it holds.
//
//   node passkeys.mjs --url http://localhost:2583
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Client } from './client.mjs'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    shots: { type: 'string' },
  },
})
const AT = `${options.url}/account/security/second-factors`
const SIGN_IN = `${options.url}/account/sign-in`
const password = 'correct horse battery'
const person = await new Client(options.url).signUp(`keys${Date.now().toString(36).slice(-6)}.test`, password)

// RFC 6238 and RFC 4648, so that the server's code is not its own judge.
function codeOf(secret, step) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const now = () => Math.floor(Date.now() / 30_000)
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const context = await withAxe(browser, { locale: 'en' })
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const home = () => page.waitForURL(`${options.url}/account/`)
  const seen = (what) => look(page, what, options.shots)
  const press = (name) => page.getByRole('button', { name, exact: true }).click()
  const signOut = async () => {
    await page.goto(`${options.url}/account/`)
    await page.locator('details.who summary').click()
    await press('Sign out')
    await page.waitForURL(SIGN_IN)
  }
  const firstStep = async () => {
    await page.goto(SIGN_IN)
    await page.locator('[name=identifier]').fill(person.handle)
    await page.locator('[name=password]').fill(password)
    await press('Sign in')
  }

  await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: false })
  await firstStep()
  await home()
  await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true })
  await page.goto(AT)
  await seen('second factors, none')

  // A passkey, and the recovery codes that come with it
  await page.getByRole('link', { name: 'Add a passkey' }).click()
  await seen('adding a passkey')
  await page.locator('[name=name]').fill('this laptop')
  await press('Add a passkey')
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
  await seen('recovery codes')
  const recovery = await page.locator('.codes code').allInnerTexts()
  assert.equal(recovery.length, 10)
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Save as a file' }).click()])
  assert.equal(file.suggestedFilename(), 'recovery-codes.txt')
  await page.goto(AT)
  await page.getByRole('link', { name: 'this laptop' }).waitFor()
  await seen('second factors, a passkey')
  const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId })
  assert.equal(credentials.length, 1)
  assert.equal(Buffer.from(credentials[0].userHandle, 'base64').toString(), person.did)

  // Alone, by a press; where the browser offers it in the name's field, it may come by itself. Then nobody is left to press on
  // a later page, where the passkey would be asked for twice at once.
  await signOut()
  const alone = page.getByRole('button', { name: 'Use your passkey', exact: true })
  await Promise.all([alone.click({ timeout: 10_000 }).catch(() => {}), home()])

  // After the password
  await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: false })
  await signOut()
  await firstStep()
  await page.getByRole('heading', { name: 'One more step' }).waitFor()
  await seen('the second step')
  await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true })
  await press('Use your passkey')
  await home()

  // An authenticator app
  await page.goto(`${AT}/app`)
  await seen('setting an app up')
  const secret = (await page.locator('main .copyable').innerText()).replaceAll(' ', '')
  const step = now()
  await page.locator('[name=code]').fill('000000')
  await press('Set the app up')
  await page.getByText('This code is wrong or has expired.').waitFor()
  assert.match(await page.title(), /^Error:/)
  await seen('a wrong first code')
  assert.equal((await page.locator('main .copyable').innerText()).replaceAll(' ', ''), secret)
  await page.locator('[name=code]').fill(codeOf(secret, step))
  await press('Set the app up')
  await page.waitForURL(AT)

  // Its code, in a browser without scripts, which is trusted from then on
  const plain = await browser.newContext({ javaScriptEnabled: false, locale: 'en' })
  const other = await plain.newPage()
  other.setDefaultTimeout(120_000)
  const enter = async () => {
    await other.goto(SIGN_IN)
    await other.locator('[name=identifier]').fill(person.handle)
    await other.locator('[name=password]').fill(password)
    await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  await enter()
  await other.locator('[name=code]').fill(codeOf(secret, now() + 1))
  await other.locator('[name=is_browser_trusted]').check()
  await other.locator('[name=code]').press('Enter')
  await other.waitForURL(`${options.url}/account/`)
  await enter()
  await other.waitForURL(`${options.url}/account/`)

  // createSession
  const ask = async (authFactorToken) => {
    const body = JSON.stringify({ identifier: person.handle, password, authFactorToken })
    const headers = { 'content-type': 'application/json' }
    return fetch(`${options.url}/xrpc/com.atproto.server.createSession`, { method: 'POST', headers, body })
  }
  assert.equal((await (await ask()).json()).error, 'AuthFactorTokenRequired')
  assert.equal((await ask(recovery[0])).status, 200)
  assert.equal((await ask(recovery[0])).status, 401)

  // Its end
  await page.goto(AT)
  await page.getByRole('link', { name: 'this laptop' }).click()
  await seen('a passkey')
  await press('Remove the passkey')
  await page.waitForURL(AT)
  await seen('second factors, an app')
  await page.goto(`${AT}/app/remove`)
  await seen('removing the app')
  await press('Remove the app')
  await page.waitForURL(AT)
  await page.goto(`${AT}/mail`)
  await seen('codes by mail')
  await context.close()
} finally {
  await browser.close()
}
assert.deepEqual(faults, [])
console.log('the passkeys held')
