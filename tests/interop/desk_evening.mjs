// The evening after desk.mjs: the second person decides the appeal against a takedown, a hold is released by two, and the
// figures of the month say what was done. Exit status 0 when all of it holds.
//
//   node desk_evening.mjs --url http://localhost:2583 --admin-password X [--shots FOLDER]
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
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })

async function signedIn(username, password) {
  const page = await (await withAxe(browser, { locale: 'en' })).newPage()
  await page.goto(`${options.url}/console/`)
  await page.locator('[name=username]').fill(username)
  await page.locator('[name=password]').fill(password)
  await page.locator('main button[type=submit]').click()
  await page.waitForURL(`${options.url}/console/`)
  return page
}

async function giveReason(page, button, reason) {
  const form = page.locator('form', { has: page.getByRole('button', { name: button }) }).first()
  await form.locator('[name=reason]').fill(reason)
  await form.getByRole('button', { name: button }).click()
}

try {
  const [late, admin] = await Promise.all([signedIn('late', 'correct horse late'), signedIn('admin', options['admin-password'])])
  await admin.goto(`${options.url}/console/desk/?kind=appeal`)
  await admin.keyboard.press('n') // nobody appeals to the one who decided
  await admin.getByText('No case is waiting.').first().waitFor()

  await late.goto(`${options.url}/console/desk/?kind=appeal`)
  await late.keyboard.press('n')
  await late.getByText('It was a quotation.').first().waitFor()
  await look(late, 'an appeal', options.shots)
  await late.keyboard.press('g')
  await late.keyboard.press('Shift')
  await late.locator('details[open] [name=reason]').fill('a quotation indeed')
  await late.locator('details[open] [name=reason]').press('Enter')
  await late.getByText(': done.').first().waitFor()

  const account = late.locator('a[href*="/console/accounts/did"]').first()
  await late.goto(new URL(await account.getAttribute('href'), options.url).href)
  await giveReason(late, 'Place a legal hold', 'a letter from a court')
  await late.getByText('All of the account is kept from now on.').first().waitFor()
  await giveReason(late, 'Ask for its release', 'the court is done')
  await late.getByText('Somebody else has to release it now.').first().waitFor()
  await look(late, 'a hold that is to be released', options.shots)
  await giveReason(late, 'Release', 'nobody else is here')
  await late.getByText('You asked for the release.').first().waitFor()
  await admin.goto(`${options.url}/console/legal/`)
  await giveReason(admin, 'Release', 'the letter says so')
  await admin.getByText('The hold is released.').first().waitFor()

  await admin.goto(`${options.url}/console/figures/`)
  const figure = (name) => admin.locator(`dt:text-is("${name}") + dd`).textContent()
  for (const [name, count] of [['Account suspended', '1'], ['Appeal granted', '1'], ['Legal hold placed', '1'], ['Legal hold released', '1'], ['Appeals received', '1']]) {
    assert.equal(await figure(name), count, name)
  }
  await look(admin, 'the figures of the month', options.shots)
  assert.deepEqual(faults, [])
  console.log('the evening at the desk held')
} finally {
  await browser.close()
}
