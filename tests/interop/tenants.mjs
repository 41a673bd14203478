// The provider's story: platform staff set up a tenant by the wizard, its host answers, its owner joins by mail, and the
// first person signs up with the invite link. Exit status 0 when it holds and axe finds nothing on the way.
//
//   node tenants.mjs --url http://localhost:2583 --admin-password X [--shots FOLDER]
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { faults, look, withAxe } from './look.mjs'

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
const password = 'correct horse battery'

// Presses a button of `main` and waits for what comes.
async function press(page, name) {
  await Promise.all([page.waitForEvent('load'), page.getByRole('main').getByRole('button', { name, exact: true }).first().click()])
}

async function fill(page, fields, button = 'Continue') {
  for (const [field, value] of Object.entries(fields)) {
    const input = page.locator(`main [name=${field}]`).first()
    if (await input.evaluate((each) => each.localName === 'select')) await input.selectOption(value)
    else await input.fill(value)
  }
  await press(page, button)
}

async function see(page, what) {
  await look(page, what, options.shots)
}

async function setUp(page) {
  await page.goto(`${options.url}/console/login/`)
  await fill(page, { username: 'admin', password: options['admin-password'] }, await page.locator('main button[type=submit]').first().innerText())
  await page.goto(`${options.url}/console/tenants/`)
  await see(page, 'tenants')
  await press(page, 'New tenant')
  await fill(page, { name: 'Oak & Sons', slug: 'a b', owner_email: 'olga' })
  await see(page, 'a refused step')
  await fill(page, { slug, owner_email: `olga@${domain}` })
  await fill(page, { hostname: slug, domains: domain })
  await fill(page, { primary_colour: '#ffd400', operator: 'Oak & Sons, Bremen', country: 'DE' }, 'Preview')
  await page.getByText('too little to read').first().waitFor()
  await see(page, 'branding')
  await press(page, 'Continue')
  await fill(page, { admission: 'invite', invite_uses: '3' })
  await see(page, 'before the checks')
  await press(page, 'Check now')
  await page.getByText('The host answers from outside.').waitFor()
  await see(page, 'checks')
  await press(page, 'Open the host and invite the owner')
  await see(page, 'an open host')
  const link = await page.locator('main a[href*="sign-up"]').getAttribute('href')
  await press(page, 'Done')
  await page.goto(`${options.url}/console/tenants/?q=${slug}`)
  await page.getByRole('link', { name: 'Oak & Sons' }).click()
  await see(page, 'a tenant')
  return link
}

async function join(page) {
  await page.goto(`${home}/dev/mail`)
  const path = (await page.content()).match(/\/console\/join\/[\w-]+\//)[0]
  await page.goto(home + path)
  await fill(page, { username: slug, password }, 'Join the staff')
  await page.waitForURL(`${home}/console/`)
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
  for (let turn = 0; turn < 100 && !(await page.getByText('Done', { exact: true }).count()); turn += 1) {
    await page.waitForTimeout(500)
    await page.reload()
  }
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
  const link = await setUp(await (await withAxe(browser, { locale: 'en' })).newPage())
  const owner = await (await withAxe(browser, { locale: 'en' })).newPage()
  await join(owner)
  await invitePeople(owner)
  await signUp(await (await withAxe(browser, { locale: 'en' })).newPage(), link)
  assert.deepEqual(faults, [])
  console.log('the tenant held')
} finally {
  await browser.close()
}
