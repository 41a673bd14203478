// A forgotten password: asked for on the page, the code read from the sandbox's mail, refused when it is wrong, set, and
// then only the new password signs in. Every page on the way is shown to axe-core. Exit status 0 when all of it holds.
//
//   node password_reset.mjs --url http://localhost:2583
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Client } from './client.mjs'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' } },
})
const anyone = new Client(options.url)
const stamp = Date.now().toString(36).slice(-6)
const person = await anyone.signUp(`forgets${stamp}.test`, 'the one that is forgotten')

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await (await withAxe(browser, { locale: 'en' })).newPage()

  const send = async (fields) => {
    for (const [name, value] of Object.entries(fields)) await page.locator(`main [name=${name}]`).fill(value)
    await page.locator('main button[type=submit]').click()
  }
  const signIn = async (password) => {
    await page.goto(`${options.url}/account/sign-in`)
    await send({ identifier: person.handle, password })
  }
  // The newest code that was mailed to the person: the mail comes a moment after the page.
  const mailedCode = async () => {
    const mail = page.locator('article', { hasText: person.email }).filter({ hasText: /password/i }).first()
    for (let tries = 0; tries < 60; tries++) {
      await page.goto(`${options.url}/dev/mail`)
      if (await mail.count()) return (await mail.locator('pre').innerText()).match(/[A-Z2-7]{5}-[A-Z2-7]{5}/)[0]
      await page.waitForTimeout(1000)
    }
    throw new Error('no mail came')
  }

  await page.goto(`${options.url}/account/sign-in`)
  await page.getByRole('link', { name: /forgot/i }).click()
  await page.getByRole('heading', { name: 'Set a new password' }).waitFor()
  await look(page, 'asking for a code')
  await send({ identifier: person.handle })
  await page.waitForURL(/reset-password\/code/)
  await look(page, 'the code is on its way')
  const code = await mailedCode()
  await look(page, 'the captured mail')

  await page.goto(`${options.url}/account/reset-password/code`)
  await send({ code: 'AAAAA-22222', password: 'a new one, and a long one' })
  await page.getByText('This code is wrong or has been used already.').waitFor()
  await look(page, 'a wrong code')
  await send({ code, password: 'short' })
  await page.getByText('This password is too short').waitFor()
  await look(page, 'a short password')
  await send({ code, password: 'a new one, and a long one' })
  await page.getByRole('heading', { name: 'Your password is set' }).waitFor()
  await look(page, 'the password is set')

  await signIn(person.password)
  await page.getByText('The name or the password is wrong.').waitFor()
  await look(page, 'the old password')
  await signIn('a new one, and a long one')
  await page.waitForURL(`${options.url}/account/`)
  await look(page, 'signed in with the new one')
  assert.deepEqual(faults, [])
  console.log('the reset held')
} finally {
  await browser.close()
}
