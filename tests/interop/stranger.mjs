// A stranger's story in Chromium: an app in a browser signs up a new person by prompt=create, posts, is revoked in the
// console, is refused at once, signs in again with fewer scopes, and is refused exactly what it no longer has. Every page
// on the way is looked at with axe-core, light and dark, on a phone and on a desk. Exit status 0 when all of it held.
//
//   node stranger.mjs --url http://localhost:2583 --plc http://localhost:2582 --admin-password X [--shots DIR]
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { serveApp } from './browser_app.mjs'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    plc: { type: 'string' },
    'admin-password': { type: 'string' },
    shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const label = `stranger${Date.now().toString(36).slice(-6)}`
const handle = `${label}.test`
const password = 'correct horse battery staple'
const BROAD = 'atproto transition:generic transition:email'
const NARROW = 'atproto repo:app.bsky.feed.post repo:app.bsky.feed.like?action=create account:email'

// Opens the app with a scope, and waits until it knows whether somebody is signed in.
async function open(page, app, scope) {
  await page.goto(`${app.url}?${new URLSearchParams({ pds: options.url, plc: options.plc, scope })}`)
  await page.waitForFunction(() => document.title !== 'loading')
}

const press = (page, name) => page.getByRole('button', { name }).click()
const create = (page, collection, record) => page.evaluate(([c, r]) => window.app.create(c, r), [collection, record])
const call = (page, method) => page.evaluate((m) => window.app.call(m), method)
const now = () => new Date().toISOString()
const post = (page) => create(page, 'app.bsky.feed.post', { text: 'Hello from an app', createdAt: now() })

async function backInTheApp(page, app) {
  await page.waitForURL((url) => url.origin === new URL(app.url).origin)
  await page.waitForFunction(() => document.title !== 'loading')
  assert.match(await page.title(), /^signed in as did:plc:/)
}

async function signUp(page, app) {
  await open(page, app, BROAD)
  await page.evaluate(() => window.app.signIn({ prompt: 'create' }))
  await page.getByRole('heading', { name: 'Create your account' }).waitFor()
  await look(page, 'sign up for an app', options.shots)
  await page.getByLabel('Handle', { exact: true }).fill(label)
  await page.getByLabel('E-mail address').fill(`${label}@example.com`)
  await page.getByLabel('Password').fill(password)
  await press(page, 'Create account')
  await page.getByText(`@${handle}`).waitFor()
  await look(page, 'consent to broad scopes', options.shots)
  await press(page, 'Allow')
  await backInTheApp(page, app)
  assert.equal((await post(page)).status, 200)
  assert.equal((await call(page, 'com.atproto.server.getSession')).body.email, `${label}@example.com`)
}

async function revoke(browser) {
  const page = await browser.newPage({ locale: 'en' })
  await page.goto(`${options.url}/console/`)
  await page.getByLabel(/username/i).fill('admin')
  await page.getByLabel(/password/i).fill(options['admin-password'])
  await press(page, /log in|sign in/i)
  await page.getByLabel(/handle, did.* or at-uri/i).fill(handle)
  await press(page, /look up/i)
  const apps = page.locator('section', { has: page.getByRole('heading', { name: /^Apps/ }) })
  await apps.getByLabel('Reason').fill('asked for by mail')
  await apps.getByRole('button', { name: 'Revoke access' }).click()
  await page.getByText('has no access any more').waitFor()
  await page.close()
}

async function isRefusedAtOnce(page) {
  assert.notEqual((await post(page)).status, 200)
  assert.notEqual(await page.evaluate(() => window.app.refresh()), 'fresh')
}

async function signInWithLess(page, app) {
  await open(page, app, NARROW)
  await page.evaluate(() => window.app.signIn({ prompt: 'login' }))
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await look(page, 'sign in for an app', options.shots)
  await page.getByLabel('Handle or e-mail address').fill(handle)
  await page.getByLabel('Password').fill(password)
  await page.getByLabel(/^Remember this account/).check()
  await press(page, 'Sign in')
  await page.getByText(`@${handle}`).waitFor()
  await page.getByLabel('See your e-mail address').uncheck()
  await look(page, 'consent to narrow scopes', options.shots)
  await press(page, 'Allow')
  await backInTheApp(page, app)
}

async function hasExactlyWhatItWasGranted(page) {
  assert.equal((await post(page)).status, 200)
  const subject = { uri: 'at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3k', cid: 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' }
  assert.equal((await create(page, 'app.bsky.feed.like', { subject, createdAt: now() })).status, 200)
  assert.equal((await create(page, 'app.bsky.graph.follow', { subject: 'did:plc:ewvi7nxzyoun6zhxrhs64oiz', createdAt: now() })).status, 403)
  assert.equal((await call(page, 'app.bsky.actor.getPreferences')).status, 403)
  assert.equal((await call(page, 'com.atproto.server.getSession')).body.email, undefined)
  assert.equal(await page.evaluate(() => window.app.refresh()), 'fresh')
}

// A window of its own, without scripts and by keyboard alone; the account is remembered, so no password is asked for.
async function signInInAPopup(page, app) {
  await open(page, app, NARROW)
  const popup = page.waitForEvent('popup')
  const did = page.evaluate(() => window.app.popup())
  const window_ = await popup
  await press(window_, `Continue as @${handle}`)
  await window_.getByRole('button', { name: 'Allow' }).focus()
  await window_.keyboard.press('Enter')
  assert.match(await did, /^did:plc:/)
  assert.equal((await post(page)).status, 200)
}

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
const app = await serveApp()
try {
  const context = await withAxe(browser, { locale: 'en' })
  const page = await context.newPage()
  await signUp(page, app)
  await revoke(browser)
  await isRefusedAtOnce(page)
  await signInWithLess(page, app)
  await hasExactlyWhatItWasGranted(page)
  await signInInAPopup(page, app)
  assert.deepEqual(faults, [])
  console.log("the stranger's story held")
} finally {
  await browser.close()
  app.close()
}
