// Every page that a person or a member of staff sees, in Chromium with axe-core: light and dark, on a desktop and on a
// phone. Exit status 0 when axe finds nothing (WCAG 2.2 AA and its best practices) and no page is wider than a phone.
//
//   node pages.mjs --url http://localhost:2583 --admin-password X
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    'admin-password': { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const name = `axel${Date.now().toString(36).slice(-6)}`
const password = 'correct horse battery'

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

async function call(method, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${options.url}/xrpc/${method}`, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.ok(answer.ok, `${method}: ${answer.status}`)
  return answer.json()
}

// A report of a record of one's own: its page shows the copy, and how to discard it.
async function report(identifier) {
  const { did, accessJwt } = await call('com.atproto.server.createSession', { identifier, password })
  const record = { $type: 'com.example.thing', text: 'rude' }
  const { uri, cid } = await call('com.atproto.repo.createRecord', { repo: did, collection: record.$type, record }, accessJwt)
  const subject = { $type: 'com.atproto.repo.strongRef', uri, cid }
  const reasonType = 'com.atproto.moderation.defs#reasonRude'
  return (await call('com.atproto.moderation.createReport', { reasonType, subject }, accessJwt)).id
}

// Somebody is invited to the staff; the address in their mail.
async function invitation(page) {
  await page.goto(`${options.url}/console/staff/`)
  await send(page, { email: `${name}@staff.example.com` })
  await page.goto(`${options.url}/dev/mail`)
  return (await page.content()).match(/\/console\/join\/[\w-]+\//)[0]
}

async function join(page, path) {
  await visit(page, [path])
  await send(page, { username: name, password })
  await page.waitForURL(`${options.url}/console/`)
  await look(page, 'a console of somebody new')
}

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const context = await withAxe(browser, { locale: 'en' })
  const page = await context.newPage()
  await visit(page, ['/', '/about', '/api/v1/docs', '/account/help', '/account/sign-in', '/account/reset-password', '/account/reset-password/code', '/account/nowhere'])
  await page.goto(`${options.url}/account/sign-in`)
  await send(page, {}, 'a refused sign-in')
  await visit(page, ['/account/sign-up'])
  await send(page, { handle: 'a b', email: 'nope', password: 'x' }, 'a refused sign-up')
  await send(page, { handle: name, email: `${name}@example.com`, password })
  await page.waitForURL(`${options.url}/account/`)
  await visit(page, ['/account/', '/account/apps', '/account/codes', '/account/confirm-email', '/account/data', '/account/data/import', '/account/data/blobs', '/oauth/authorize?client_id=x&request_uri=y'])
  await visit(page, ['/console/login/'])
  await send(page, { username: 'nobody', password: 'x' }, 'a refused sign-in at the console')
  await send(page, { username: 'admin', password: options['admin-password'] })
  await page.waitForURL(`${options.url}/console/`)
  const { did } = await call('com.atproto.server.createSession', { identifier: `${name}.test`, password })
  await visit(page, [`/console/accounts/${did}/actions/suspend/`, '/account/decisions', '/account/state'])
  await visit(page, [
    '', 'accounts/account/', 'accounts/account/?q=nobody', 'accounts/invitecode/', 'moderation/report/',
    'moderation/auditentry/', 'mail/outgoingmail/', 'invites/', 'sign-ups/', 'moves/', 'policies/', 'policies/new/', 'policies/texts/warn/de/', 'appeals/', 'legal/', 'abuse-notices/', 'figures/', 'apps/', 'password_change/', 'factors/',
    'staff/', 'sessions/', 'settings/', 'access/', 'relay/',
    'look-up/?q=nobody.test', `look-up/?q=${name}.test`,
    `reports/${await report(`${name}.test`)}/`,
  ].map((path) => `/console/${path}`))
  const deed = page.locator('main form[action*=discard]')
  await deed.locator('[name=reason]').fill('not for keeping')
  await deed.locator('[name=is_sure]').check()
  await Promise.all([page.waitForEvent('load'), deed.locator('button').click()])
  await page.getByText('There is no copy').waitFor()
  await look(page, 'a report without a copy')
  await page.goto(`${options.url}/console/apps/`)
  await page.locator('[name=client_id]').last().fill('https://app.example.com/client-metadata.json')
  const decision = page.locator('form', { has: page.locator('textarea[name=reason]') })
  await decision.locator('[name=reason]').fill('not for our people')
  await Promise.all([page.waitForEvent('load'), decision.locator('button').first().click()])
  await page.getByText('app.example.com', { exact: true }).waitFor()
  await look(page, 'a blocked app')
  await join(await context.newPage(), await invitation(page))
  assert.deepEqual(faults, [])
  console.log('axe found nothing')
} finally {
  await browser.close()
}
