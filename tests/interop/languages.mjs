// Somebody chooses Arabic, or Japanese, at the foot of a page, signs up and finds it on every page; each is shown to
// axe-core. Exit status 0 when all of it held.
//
//   node languages.mjs --url http://localhost:2583 [--shots DIR] [--more]
//
// With --more it looks at the rest of the account pages, too.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    shots: { type: 'string' },
    more: { type: 'boolean', default: false },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const at = (path) => `${options.url}/account/${path}`
// Arabic turns every page round; of Japanese the ones with most words are enough.
const PAGES = ['', 'handle', 'handle/address', 'security', 'security/password', 'security/history', 'apps', 'data', 'people',
  'people/invite', 'identity', 'identity/recovery-key', 'move-in', 'move-out', 'close']
const MORE = ['security/second-factors', 'security/second-factors/app', 'security/devices', 'apps/passwords/new', 'apps/passwords', 'data/import',
  'data/blobs', 'people/log', 'acting', 'close/delete', 'visit', 'help']
const WORDY = ['', 'security', 'data', 'people', 'identity', 'identity/recovery-key', 'move-out', 'close']

async function press(page, button) {
  await Promise.all([page.waitForEvent('load'), button.click()])
}

async function signUp(page, name) {
  await page.goto(at('sign-up'))
  for (const [field, value] of Object.entries({ handle: name, email: `${name}@example.com`, password: 'correct horse battery' })) {
    await page.locator(`main [name=${field}]`).first().fill(value)
  }
  await press(page, page.locator('main button[type=submit]').last())
  assert.match(page.url(), /\/account\/$/)
}

async function speaks(page, lang, dir) {
  const html = page.locator('html')
  assert.deepEqual([await html.getAttribute('lang'), await html.getAttribute('dir')], [lang, dir])
}

async function live(browser, lang, dir, pages) {
  const context = await withAxe(browser, { locale: 'en' })
  const page = await context.newPage()
  await page.goto(at('sign-in'))
  await speaks(page, 'en', 'ltr')
  await press(page, page.locator(`footer button[value=${lang}]`))
  await speaks(page, lang, dir)
  await signUp(page, `${lang}${Date.now().toString(36).slice(-6)}`)
  for (const place of options.more ? [...PAGES, ...MORE] : pages) {
    await page.goto(at(place))
    await speaks(page, lang, dir)
    await look(page, `${lang} ${place}`, options.shots)
  }
  await context.close()
}

if (options.shots) await fs.mkdir(options.shots, { recursive: true })
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  await live(browser, 'ar', 'rtl', PAGES)
  await live(browser, 'ja', 'ltr', WORDY)
  assert.deepEqual(faults, [])
  console.log('the languages held')
} finally {
  await browser.close()
}
