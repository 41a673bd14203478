// A report and what comes of it: a record is reported, staff read the report, take the record down and restore it, take
// the account down and restore it. Every page on the way is shown to axe-core. Exit status 0 when all of it holds.
//
//   node takedowns.mjs --url http://localhost:2583 --admin-password X
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
  },
})
const anyone = new Client(options.url)
const stamp = Date.now().toString(36).slice(-6)

// What others see of a record: 200, or 400 when it is not to be seen.
const seen = async ({ did }, { uri }) => {
  const [collection, rkey] = uri.split('/').slice(-2)
  return (await anyone.ask(`com.atproto.repo.getRecord?repo=${did}&collection=${collection}&rkey=${rkey}`)).status
}

const author = await anyone.signUp(`author${stamp}.test`, 'correct horse battery')
const reader = await anyone.signUp(`reader${stamp}.test`, 'correct horse battery')
const record = { $type: 'com.example.thing', text: 'rude' }
const made = await author.call('com.atproto.repo.createRecord', { repo: author.did, collection: record.$type, record })
const subject = { $type: 'com.atproto.repo.strongRef', uri: made.uri, cid: made.cid }
const reasonType = 'com.atproto.moderation.defs#reasonRude'
const filed = await reader.call('com.atproto.moderation.createReport', { reasonType, reason: 'this is rude', subject })

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await (await withAxe(browser, { locale: 'en' })).newPage()

  // Presses a button of its form, with a reason, and waits for what the page says then.
  const act = async (button, reason, said) => {
    const form = page.locator('form', { has: page.getByRole('button', { name: button, exact: true }) })
    await form.locator('[name=reason]').fill(reason)
    await form.evaluate((each) => { each.noValidate = true })
    await form.getByRole('button').click()
    await page.getByText(said).first().waitFor()
    await look(page, `${button} (${reason || 'no reason'})`)
  }

  await page.goto(`${options.url}/console/`)
  await page.locator('[name=username]').fill('admin')
  await page.locator('[name=password]').fill(options['admin-password'])
  await page.locator('main button[type=submit]').click()
  await page.waitForURL(`${options.url}/console/`)
  await page.goto(`${options.url}/console/moderation/report/`)
  await page.getByText(author.did).first().waitFor()
  await look(page, 'the list of reports')
  await page.goto(`${options.url}/console/reports/${filed.id}/`)
  await page.getByText('this is rude').waitFor()
  await look(page, 'the report')

  await page.getByRole('link', { name: made.uri }).last().click()
  await page.getByRole('heading', { name: 'Record' }).waitFor()
  await look(page, 'the reported record')
  await act('Take this record down', 'rude', 'The record is taken down.')
  assert.equal(await seen(author, made), 400, 'a record that was taken down')
  await act('Restore this record', 'an appeal', 'The record is restored.')
  assert.equal(await seen(author, made), 200, 'a record that was restored')

  await act('Take this account down', '', 'Give a reason: it goes into the audit log.')
  assert.equal(await seen(author, made), 200, 'nothing is done without a reason')
  await act('Take this account down', 'spam', `${author.handle} is taken down.`)
  assert.equal(await seen(author, made), 400, 'a record of an account that was taken down')
  const login = await anyone.ask('com.atproto.server.createSession', { identifier: author.handle, password: author.password })
  assert.equal((await login.json()).error, 'AccountTakedown')
  await act('Restore this account', 'a mistake', `${author.handle} is restored.`)
  assert.equal(await seen(author, made), 200, 'a record of an account that was restored')

  await page.goto(`${options.url}/console/moderation/auditentry/`)
  for (const deed of ['Record taken down', 'Record restored', 'Account taken down', 'Account restored']) {
    await page.locator('#result_list').getByText(deed).first().waitFor()
  }
  await look(page, 'the audit log')
  assert.deepEqual(faults, [])
  console.log('the report and its takedowns held')
} finally {
  await browser.close()
}
