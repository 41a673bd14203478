// A recovery key made in the browser, tested, placed above the host's, tested again and removed; the way out; a pause, a
// return, and the end. Every page on the way is shown to axe-core. No request may carry the private half of the key, and
// @atproto/crypto must find the same key behind it. Exit status 0 when all of it holds.
//
//   node identity.mjs --url http://localhost:2583 --plc http://localhost:2582
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import * as crypto from '@atproto/crypto'
import { chromium } from 'playwright-core'
import { Client } from './client.mjs'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' }, plc: { type: 'string' }, shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const stamp = Date.now().toString(36).slice(-6)
const person = await new Client(options.url).signUp(`keeps${stamp}.test`, 'correct horse battery')
const rotationKeys = async () => (await (await fetch(`${options.plc}/${person.did}/data`)).json()).rotationKeys
const [hosts] = await rotationKeys()

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const context = await withAxe(browser, { locale: 'en', acceptDownloads: true })
  const page = await context.newPage()
  const sent = []
  page.on('request', (request) => sent.push(request.url() + (request.postData() ?? '')))
  const seen = (what) => look(page, what, options.shots)
  const open = (path) => page.goto(`${options.url}/account/${path}`)
  const press = (name) => page.getByRole('button', { name }).click()

  const signIn = async () => {
    await open('sign-in')
    await page.locator('main [name=identifier]').fill(person.handle)
    await page.locator('main [name=password]').fill(person.password)
    await page.locator('main button[type=submit]').click()
    await page.waitForURL(`${options.url}/account/`)
  }
  // The newest code that was mailed for a purpose; the mail comes a moment after the page.
  const mailedCode = async (about) => {
    const mailbox = await context.newPage()
    const mail = mailbox.locator('article', { hasText: person.email }).filter({ hasText: about }).first()
    for (let tries = 0; tries < 60; tries++) {
      await mailbox.goto(`${options.url}/dev/mail`)
      if (await mail.count()) break
      await mailbox.waitForTimeout(1000)
    }
    const code = (await mail.locator('pre').innerText()).match(/[A-Z2-7]{5}-[A-Z2-7]{5}/)[0]
    await mailbox.close()
    return code
  }
  const confirm = async (what) => {
    await page.getByRole('heading', { name: 'Confirm the change' }).waitFor()
    await seen(what)
    await page.locator('main [name=code]').fill(await mailedCode(/PLC Update/i))
    await press('Publish the change')
    await page.waitForURL(`${options.url}/account/identity`)
  }

  await signIn()
  await seen('home without a recovery key')
  await page.getByRole('link', { name: 'Make one' }).click()
  await seen('a recovery key to make')
  await press('Make a key')
  const secret = await page.locator('[data-show=secret]').innerText()
  const didKey = await page.locator('[data-show=did_key]').innerText()
  await seen('the key, shown once')
  const [download] = await Promise.all([page.waitForEvent('download'), press('Download it')])
  const kit = await readFile(await download.path(), 'utf8')
  for (const said of [secret, didKey, person.did]) assert.ok(kit.includes(said), `the file lacks ${said}`)
  const bytes = crypto.multibaseToBytes(secret)
  const known = await crypto.P256Keypair.import(bytes.slice(2))
  assert.equal(known.did(), didKey, '@atproto/crypto finds another key')

  await press('I have it: continue')
  assert.ok(!(await page.content()).includes(secret), 'the key is shown twice')
  await page.getByLabel(/Private half/).fill(`${secret.slice(0, -2)}zz`)
  await press('Test it and continue')
  await page.getByText('That is not the private half of this key').waitFor()
  await seen('a wrong private half')
  await page.getByLabel(/Private half/).fill(secret)
  await page.locator('#kept_at').fill('paper in the desk')
  await page.locator('[data-step=prove] [data-do=prove]').click()
  await confirm('a key to confirm')
  assert.deepEqual(await rotationKeys(), [didKey, hosts])
  await page.getByText('You: paper in the desk').waitFor()
  await page.getByText(/Rotation key added/).waitFor()
  await seen('identity with a recovery key')

  await page.getByRole('link', { name: /Test it/ }).click()
  await page.getByLabel(/Private half/).fill(secret)
  await seen('a key to test')
  await press('Test it')
  await page.getByText('Last tested on').waitFor()
  await press(/^Remove/)
  await confirm('a key to remove')
  assert.deepEqual(await rotationKeys(), [hosts])
  assert.ok(!sent.some((each) => each.includes(secret) || decodeURIComponent(each.replaceAll('%', '%25')).includes(secret)), 'the private half was sent')

  await open('move-out')
  await seen('moving out')
  await press('Send the code')
  await page.getByText('A code is on its way').waitFor()
  await page.locator('main [name=credentials]').fill('{')
  await press('Show what will change')
  await page.getByText('This is not what a host recommends').waitFor()
  await seen('no recommendation')
  const endpoint = 'https://new.example.com'
  await page.locator('main [name=credentials]').fill(JSON.stringify({
    rotationKeys: [didKey], alsoKnownAs: ['at://keeps.example.com'], verificationMethods: { atproto: hosts },
    services: { atproto_pds: { type: 'AtprotoPersonalDataServer', endpoint } },
  }))
  await press('Show what will change')
  await page.getByText(`Your account moves from ${options.url} to ${endpoint}.`).waitFor()
  await seen('a move to confirm')

  await open('close')
  await seen('closing')
  await page.getByRole('link', { name: /Deactivate/ }).click()
  await seen('a pause')
  await page.locator('main [name=delete_on]').fill('2019-01-02')
  await press('Deactivate')
  await page.getByText('Enter a day from tomorrow on').waitFor()
  await seen('a day that is over')
  await page.locator('main [name=delete_on]').fill(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10))
  await press('Deactivate')
  await page.getByText('It will be deleted after').waitFor()
  await seen('deactivated with a date')
  await context.clearCookies()
  await signIn()
  await page.getByText('Nobody but you sees your account').waitFor()
  await seen('home of a deactivated account')
  await open('state')
  assert.equal(await page.getByText('It will be deleted after').count(), 0, 'signing in did not call the deletion off')
  await press('Activate the account')
  await page.waitForURL(`${options.url}/account/`)

  await open('close/delete')
  await press('Send me a code')
  await seen('the end, before the code')
  await page.locator('main [name=code]').fill(await mailedCode(/Account Deletion/i))
  await press('Delete the account for good')
  await page.getByRole('heading', { name: 'The account is deleted' }).waitFor()
  await seen('the end')
  assert.deepEqual(faults, [])
  console.log('the identity held')
} finally {
  await browser.close()
}
