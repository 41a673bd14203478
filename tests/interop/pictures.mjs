// The pictures in docs/, made anew from a fresh `make run` (GROVE_RATE_LIMITS=off): people, reports, a plan and a tenant, each page
// as wide as a desk's and scaled down. Afterwards `pngquant --ext .png --force 48 FOLDER/*.png` makes them small.
//
//   node pictures.mjs --url http://localhost:2583 --admin-password X --folder FOLDER
import path from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Client } from './client.mjs'
import './loopback_names.mjs'
import { fill, join, password, press, setUp, signIn } from './tenant_pages.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    'admin-password': { type: 'string' },
    folder: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const WIDTH = 1040 // wide enough for a navigation of one line
const SCALE = 0.8
const home = options.url.replace('//', '//acme.')
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })

async function newPage() {
  const viewport = { width: WIDTH, height: 900 }
  return (await browser.newContext({ locale: 'en', viewport, deviceScaleFactor: SCALE, colorScheme: 'light' })).newPage()
}

// The page down to `height`, or to its end where that comes before.
async function shoot(page, name, height = 900) {
  await page.evaluate(() => { window.scrollTo(0, 0); document.activeElement?.blur() })
  const whole = await page.evaluate(() => Math.ceil(document.body.getBoundingClientRect().height))
  const clip = { x: 0, y: 0, width: WIDTH, height: Math.min(height, whole) }
  await page.screenshot({ path: path.join(options.folder, `${name}.png`), clip, fullPage: true })
}

async function people() {
  const anyone = new Client(options.url)
  const [alice, bob] = [await anyone.signUp('alice.test', password), await anyone.signUp('bob.test', password)]
  const createdAt = new Date().toISOString()
  for (const text of ['Hello from the grove', 'Buy this: https://example.com', 'Ash keys everywhere']) {
    const record = { $type: 'app.bsky.feed.post', text, createdAt }
    const { uri, cid } = await alice.call('com.atproto.repo.createRecord', { repo: alice.did, collection: record.$type, record })
    const subject = { $type: 'com.atproto.repo.strongRef', uri, cid }
    const kinds = text.startsWith('Buy') ? ['Spam', 'Spam'] : ['Rude']
    for (const kind of kinds) await bob.call('com.atproto.moderation.createReport', { reasonType: `com.atproto.moderation.defs#reason${kind}`, subject, reason: 'Look at this, please.' })
  }
  return alice
}

async function ofModerators(page, alice) {
  await page.goto(`${options.url}/console/accounts/${alice.did}/`)
  await shoot(page, 'console', 800)
  await page.goto(`${options.url}/console/desk/`)
  await shoot(page, 'desk-queue')
  await page.getByRole('main').getByRole('link', { name: /^@alice/ }).first().click()
  await page.waitForLoadState()
  await shoot(page, 'desk-case', 960)
  await page.goto(`${options.url}/console/figures/`)
  await shoot(page, 'desk-figures')
}

async function ofProviders(page) {
  await page.goto(`${options.url}/console/plans/new/`)
  await fill(page, { slug: 'club', name: 'Club', accounts: '500', 'blob-bytes': '50 GB' }, 'Make the plan')
  const tenant = { name: 'Acme', slug: 'acme', domain: 'acme.example.com', plan: 'club' }
  const pictures = { branding: 'wizard', checks: 'wizard-checks', 'a tenant': 'tenant' }
  await setUp(page, options.url, tenant, (seen, what) => (pictures[what] ? shoot(seen, pictures[what], 1100) : undefined))
}

async function ofOwners(page) {
  await join(page, home, 'olga')
  for (let turn = 0; turn < 90; turn += 1) { // usage is counted every five minutes
    await page.goto(`${home}/console/overview/`)
    if (!(await page.getByText('It is counted for the first time').count())) break
    await page.waitForTimeout(5_000)
  }
  await shoot(page, 'overview', 1300)
}

async function ofPeople(page, alice) {
  await page.goto(`${options.url}/account/sign-in`)
  await fill(page, { identifier: alice.handle, password }, 'Sign in')
  await page.waitForURL(`${options.url}/account/`)
  const places = { 'account-home': '', account: 'security', 'account-identity': 'identity', 'account-second-factors': 'security/second-factors' }
  for (const [name, place] of Object.entries(places)) {
    await page.goto(`${options.url}/account/${place}`)
    await shoot(page, name, 1000)
  }
}

try {
  const [staff, owner] = [await newPage(), await newPage()]
  const alice = await people()
  await signIn(staff, options.url, 'admin', options['admin-password'])
  await ofModerators(staff, alice)
  await ofProviders(staff)
  await ofPeople(await newPage(), alice)
  await ofOwners(owner)
} finally {
  await browser.close()
}
