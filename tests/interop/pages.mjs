// Every page that a person or a member of staff sees, in Chromium with axe-core: light and dark, on a desk and on a
// phone. Exit status 0 when axe finds nothing (WCAG 2.2 AA and its best practices) and no page is wider than a phone.
//
//   node pages.mjs --url http://localhost:2583 --admin-password X
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    'admin-password': { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const SIZES = [{ width: 390, height: 844 }, { width: 1280, height: 800 }]
const name = `axel${Date.now().toString(36).slice(-6)}`
const faults = []

async function look(page, what) {
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (wide > 0) faults.push(`${what}: ${wide} px wider than ${viewport.width}`)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.evaluate(axe.source)
      const found = await page.evaluate((values) => window.axe.run({ runOnly: values }), TAGS)
      for (const { id, nodes } of found.violations) {
        faults.push(`${what}, ${viewport.width} px, ${colorScheme}: ${id} at ${nodes.map((node) => node.target).join(', ')}`)
      }
    }
  }
}

async function visit(page, paths) {
  for (const path of paths) {
    await page.goto(options.url + path)
    await look(page, path)
  }
}

// Sends the form that is in `main` as it is, and looks at what comes.
async function send(page, fields, what) {
  for (const [field, value] of Object.entries(fields)) await page.locator(`main [name=${field}]`).first().fill(value)
  await page.locator('main form').first().evaluate((form) => { form.noValidate = true })
  await Promise.all([page.waitForEvent('load'), page.locator('main button[type=submit]').first().click()])
  if (what) await look(page, what)
}

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  // Our own policy lets no script in that is not ours, axe neither.
  const page = await browser.newPage({ bypassCSP: true, locale: 'en' })
  page.setDefaultTimeout(120_000) // a busy machine
  await visit(page, ['/', '/account/sign-in', '/account/reset-password', '/account/reset-password/code', '/account/nowhere'])
  await page.goto(`${options.url}/account/sign-in`)
  await send(page, {}, 'a refused sign-in')
  await visit(page, ['/account/sign-up'])
  await send(page, { handle: 'a b', email: 'nope', password: 'x' }, 'a refused sign-up')
  await send(page, { handle: name, email: `${name}@example.com`, password: 'correct horse battery' })
  await page.waitForURL(`${options.url}/account/`)
  await visit(page, ['/account/', '/account/codes', '/account/confirm-email'])
  await visit(page, ['/console/login/'])
  await send(page, { username: 'nobody', password: 'x' }, 'a refused sign-in at the console')
  await send(page, { username: 'admin', password: options['admin-password'] })
  await page.waitForURL(`${options.url}/console/`)
  await visit(page, [
    '', 'accounts/account/', 'accounts/account/?q=nobody', 'accounts/invitecode/', 'moderation/report/',
    'moderation/auditentry/', 'mail/outgoingmail/', 'invites/', 'sign-ups/', 'moves/', 'password_change/',
    'look-up/?q=nobody.test', `look-up/?q=${name}.test`,
  ].map((path) => `/console/${path}`))
  assert.deepEqual(faults, [])
  console.log('axe found nothing')
} finally {
  await browser.close()
}
