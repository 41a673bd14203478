// A moderator's day: reports of 18 subjects come in, are triaged by keyboard without a page load between two cases, four
// takedowns and a suspension are told by mail, the rest of a wave is dismissed at once, and somebody without an account reports, too. Every
// page on the way is shown to axe-core. Exit status 0 when all of it holds. A wave of hundreds of reports:
// tests/unit/moderation/desk/test_bulk.py.
//
//   node desk.mjs --url http://localhost:2583 --admin-password X [--shots FOLDER]
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Client } from './client.mjs'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    'admin-password': { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    shots: { type: 'string' },
  },
})
const ACCOUNTS = 6 // each with two records: 18 subjects
const REPORTS = 36
const RUDE = 9 // subjects; the rest is spam
const TAKEDOWNS = 4
const DEFS = 'com.atproto.moderation.defs#'
const anyone = new Client(options.url)
const stamp = Date.now().toString(36).slice(-5)

async function someone(name) {
  return anyone.signUp(`${name}${stamp}.test`, 'correct horse battery')
}

async function subjectsOf(author) {
  const subjects = [{ $type: 'com.atproto.admin.defs#repoRef', did: author.did }]
  for (const text of ['buy this', 'buy that']) {
    const record = { $type: 'app.bsky.feed.post', text: `${text} https://example.com`, createdAt: new Date().toISOString() }
    const { uri, cid } = await author.call('com.atproto.repo.createRecord', { repo: author.did, collection: record.$type, record })
    subjects.push({ $type: 'com.atproto.repo.strongRef', uri, cid })
  }
  return subjects
}

const reporters = await Promise.all(['rea', 'reb'].map(someone))
const authors = await Promise.all(Array.from({ length: ACCOUNTS }, (_, n) => someone(`au${n}`)))
const subjects = (await Promise.all(authors.map(subjectsOf))).flat()
for (let n = 0; n < REPORTS; n += 1) {
  const subject = subjects[n % subjects.length]
  const reasonType = DEFS + (n % subjects.length < RUDE ? 'reasonRude' : 'reasonSpam')
  await reporters[n % reporters.length].call('com.atproto.moderation.createReport', { reasonType, subject, reason: `report ${n}` })
}

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await (await withAxe(browser, { locale: 'en' })).newPage()
  const shown = (text) => page.getByText(text).first().waitFor()
  const title = () => page.locator('h1').textContent()

  // Until another case is on the page than before.
  const another = async (press) => {
    const before = await title()
    await press()
    await page.waitForFunction((old) => document.querySelector('h1').textContent !== old, before)
  }

  await page.goto(`${options.url}/report`)
  await look(page, 'report something', options.shots)
  await page.locator('[name=subject]').fill(`au0${stamp}.test`)
  await page.locator('[name=kind]').selectOption('harassment')
  await page.locator('[name=text]').fill('rude to my friend')
  await page.locator('main button[type=submit]').click()
  await shown('Thank you')
  await look(page, 'thanks for a report')

  await page.goto(`${options.url}/console/`)
  await page.locator('[name=username]').fill('admin')
  await page.locator('[name=password]').fill(options['admin-password'])
  await page.locator('main button[type=submit]').click()
  await page.waitForURL(`${options.url}/console/`)
  await shown(`${subjects.length} cases wait for a decision`)
  await page.goto(`${options.url}/console/desk/?kind=harassment`)
  await look(page, 'the queue', options.shots)

  await page.keyboard.press('n')
  await page.getByRole('heading', { name: 'Actions' }).waitFor()
  await page.evaluate(() => { window.isSamePage = true })
  await page.frameLocator('iframe[src*=record]').getByText('buy').or(page.frameLocator('iframe[src*=record]').getByText('nothing to show')).first().waitFor()
  await look(page, 'a case', options.shots)
  await page.locator('#note-text').fill('looks like a wave')
  await page.locator('form:has(#note-text) button').click()
  await shown('The note is kept.')
  await shown('looks like a wave')
  await another(() => page.keyboard.press('j'))
  await another(() => page.keyboard.press('k'))
  for (let n = 0; n < TAKEDOWNS; n += 1) {
    await page.keyboard.press('t')
    await page.keyboard.press('Shift') // the focus is in the form now
    const form = page.locator('details[open] form')
    await form.locator('[name=reason]').fill('rude')
    await another(() => form.locator('[name=reason]').press('Enter'))
  }
  while (!await page.locator('[data-key=s]').count()) await another(() => page.keyboard.press('j')) // whose account is not down
  await page.keyboard.press('s')
  await page.keyboard.press('Shift')
  await page.locator('details[open] [name=reason]').fill('rude again and again')
  await another(() => page.locator('details[open] [name=reason]').press('Enter'))
  await page.keyboard.press('d')
  await another(() => page.locator('details[open] [name=reason]').press('Enter'))
  await shown(': done.')
  assert.ok(await page.evaluate(() => window.isSamePage), 'no page was loaded between two cases')

  await page.goto(`${options.url}/console/desk/?kind=spam`)
  await page.locator('[name=has_all]').check()
  await page.getByRole('button', { name: 'Look before it begins' }).click()
  await shown(`${subjects.length - RUDE} cases`)
  await look(page, 'a bulk action before it begins', options.shots)
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('heading', { name: 'Done' }).or(page.locator('h2', { hasText: 'Done' })).first().waitFor()
  await page.locator('dd', { hasText: new RegExp(`^${subjects.length - RUDE}$`) }).first().waitFor()
  await look(page, 'a bulk action that is done', options.shots)
  await page.goto(`${options.url}/console/desk/?state=closed`)
  await look(page, 'closed cases')
  await page.goto(`${options.url}/console/desk/deadlines/`)
  await look(page, 'the deadlines', options.shots)
  await page.goto(`${options.url}/console/desk/limits/`)
  await page.locator('[name="account.take_down-a_day"]').fill('50')
  await page.getByRole('button', { name: 'Change' }).click()
  await shown('The limits hold from now on.')
  await look(page, 'the limits of staff', options.shots)
  await page.goto(`${options.url}/console/desk/`)
  await shown(/^3$/)
  await page.goto(`${options.url}/dev/mail`)
  const told = page.getByRole('heading', { name: 'A Decision About Your Account' })
  for (let turn = 0; turn < 100 && await told.count() < TAKEDOWNS + 1; turn += 1) {
    await page.waitForTimeout(300) // a worker sends them
    await page.reload()
  }
  assert.equal(await told.count(), TAKEDOWNS + 1, 'every owner was told by mail')
  assert.deepEqual(faults, [])
  console.log('the day at the desk held')
} finally {
  await browser.close()
}
