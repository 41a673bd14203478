// The provider's story: platform staff set up a tenant by the wizard, its host answers, its owner joins by mail, and the
// first person signs up with the invite link. Exit status 0 when it holds and axe finds nothing on the way.
//
//   node tenants.mjs --url http://localhost:2583 --admin-password X [--shots FOLDER]
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { faults, look, withAxe } from './look.mjs'
import { fill, join, password, press, reloadUntil, setUp, signIn } from './tenant_pages.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    'admin-password': { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    shots: { type: 'string' },
  },
})
const slug = `oak${Date.now().toString(36).slice(-6)}`
const home = options.url.replace('//', `//${slug}.`)
const domain = `${slug}.example.com`

async function see(page, what) {
  await look(page, what, options.shots)
}

async function lookRound(page) {
  await page.goto(`${home}/console/overview/`)
  await see(page, 'an overview')
  await page.goto(`${home}/console/host-settings/`)
  await see(page, 'all settings')
  await page.goto(`${home}/console/host-settings/sign-up-limit-count/`)
  await fill(page, { value: '500', reason: 'a fair' }, 'Change')
  await page.getByText('sign-up-limit-count:').first().waitFor()
  await see(page, 'a setting')
}

// The owner lets people in: a link, and a list that is looked at before it is sent.
async function invitePeople(page) {
  await page.goto(`${home}/console/people/invite/`)
  await fill(page, { uses: '5' }, 'Make a link')
  await page.getByRole('main').getByText('?invite=').waitFor()
  await fill(page, { listed: `name,email\nBert,bert@${domain}\nCora,cora` }, 'Preview')
  await page.getByText('1 person would be invited.').waitFor()
  await see(page, 'a list of people')
  await press(page, 'Send the invitations')
  await see(page, 'a list being sent')
  await reloadUntil(page, 'Done')
  await page.goto(`${home}/dev/mail`)
  await page.getByText(`bert@${domain}`).first().waitFor()
}

async function signUp(page, link) {
  await page.goto(link)
  const [handle, email] = [`anna${slug.slice(3)}`, `anna@${domain}`]
  for (const [field, value] of Object.entries({ handle, email, password })) await page.locator(`main [name=${field}]`).fill(value)
  await Promise.all([page.waitForEvent('load'), page.locator('main button[type=submit]').first().click()])
  await page.waitForURL(`${home}/account/`)
  await page.getByText(`${handle}.${domain}`).first().waitFor()
}

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const [staff, owner] = [await (await withAxe(browser, { locale: 'en' })).newPage(), await (await withAxe(browser, { locale: 'en' })).newPage()]
  await signIn(staff, options.url, 'admin', options['admin-password'])
  const link = await setUp(staff, options.url, { slug, domain }, see)
  await join(owner, home, slug)
  await lookRound(owner)
  await invitePeople(owner)
  await signUp(await (await withAxe(browser, { locale: 'en' })).newPage(), link)
  assert.deepEqual(faults, [])
  console.log('the tenant held')
} finally {
  await browser.close()
}
