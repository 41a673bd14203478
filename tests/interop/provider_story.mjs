// The provider's story on pages alone: a plan, a tenant with a domain of its own, its owner, fifty people by a CSV file, a full
// quota, a suspension that ends, an export, the deletion, and the tenant's life on a second server. Exit status 0 when all of
// it holds and axe finds nothing on the way.
//
//   node provider_story.mjs --url URL --admin-password X --there URL --there-password Y [--shots FOLDER]
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Client } from './client.mjs'
import './loopback_names.mjs'
import { faults, look, withAxe } from './look.mjs'
import { fill, join, password, press, reloadUntil, setUp, signIn } from './tenant_pages.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    'admin-password': { type: 'string' },
    there: { type: 'string' },
    'there-password': { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    shots: { type: 'string' },
  },
})
const PEOPLE = 50
const phrase = 'a passphrase of some length'
const slug = `oak${Date.now().toString(36).slice(-6)}`
const domain = `${slug}.example.com`
const home = options.url.replace('//', `//${slug}.`)
const newHome = options.there.replace('//', `//${slug}.`)
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
const see = (page, what) => look(page, what, options.shots)
const newPage = async () => (await withAxe(browser, { locale: 'en' })).newPage()

// Asks until it holds: every process knows of a change within seconds.
async function awaited(what, look) {
  for (let turn = 0; turn < 240; turn += 1) {
    const found = await look()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`never: ${what}`)
}

// The error that a method answers by name; null while it is answered.
async function refusal(client, method, body) {
  const answer = await client.ask(method, body)
  return answer.ok ? null : { status: answer.status, ...(await answer.json()) }
}

async function makePlan(page) {
  await page.goto(`${options.url}/console/plans/`)
  await see(page, 'no plan')
  await page.getByRole('link', { name: 'New plan' }).click()
  await fill(page, { slug: 'club', name: 'Club', accounts: 'many' }, 'Make the plan')
  await see(page, 'a refused plan')
  await fill(page, { accounts: '60' }, 'Make the plan')
  await see(page, 'a plan')
}

// The customer's own domain: what DNS says of it, and what to do.
async function addDomain(page) {
  await page.goto(`${options.url}/console/tenant/${slug}/`)
  await page.locator('main form[action$="/domains/"] [name=domain]').fill(`people.${domain}`)
  await press(page, 'Add')
  await page.getByText('is a handle domain now').waitFor()
  await page.getByRole('button', { name: `Check from outside .people.${domain}`, exact: true }).click()
  await page.getByText(`Add a DNS record *.people.${domain}`).waitFor()
  await see(page, 'a domain that is checked')
}

async function inviteFifty(page) {
  await page.goto(`${home}/console/people/invite/`)
  const lines = Array.from({ length: PEOPLE }, (_, number) => `P,p${number}@${domain}`)
  const buffer = Buffer.from(['name,email', ...lines, 'Cora,cora'].join('\n'))
  await fill(page, { file: { name: 'people.csv', mimeType: 'text/csv', buffer } }, 'Preview')
  await page.getByText(`${PEOPLE} people would be invited.`).waitFor()
  await see(page, 'fifty people')
  await press(page, 'Send the invitations')
  await reloadUntil(page, 'Done')
  await see(page, 'fifty invitations')
}

async function letterTo(address) {
  const answer = await fetch(`${home}/dev/mail?to=${address}`)
  return (await answer.text()).match(/[?&;]invite=([a-zA-Z0-9.-]+)/)?.[1]
}

async function signUpByPage(page, number) {
  const code = await awaited('a letter', () => letterTo(`p${number}@${domain}`))
  await page.goto(`${home}/account/sign-up?invite=${code}`)
  await see(page, 'a sign-up by invitation')
  await fill(page, { handle: `person${number}`, email: `p${number}@${domain}`, password }, await page.locator('main button[type=submit]').first().innerText())
  await page.waitForURL(`${home}/account/`)
  await see(page, 'an account')
}

async function signUpByApp(number) {
  const inviteCode = await awaited('a letter', () => letterTo(`p${number}@${domain}`))
  const host = new Client(home)
  const given = { handle: `person${number}.${domain}`, email: `p${number}@${domain}`, password, inviteCode }
  const { did, accessJwt } = await host.call('com.atproto.server.createAccount', given)
  const person = Object.assign(new Client(home, accessJwt), { did })
  await post(person, 'here')
  return person
}

function post(person, text) {
  const record = { $type: 'app.bsky.feed.post', text, createdAt: new Date().toISOString() }
  return person.call('com.atproto.repo.createRecord', { repo: person.did, collection: record.$type, record })
}

// Another one each time: what was taken once is known.
async function upload(person) {
  const headers = { 'content-type': 'image/png', authorization: `Bearer ${person.token}` }
  const body = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(2_000)])
  const answer = await fetch(`${person.url}/xrpc/com.atproto.repo.uploadBlob`, { method: 'POST', headers, body })
  return answer.ok ? null : { status: answer.status, ...(await answer.json()) }
}

async function changePlan(page, limits) {
  await page.goto(`${options.url}/console/plans/club/`)
  await page.getByText('Name and limits').click()
  await fill(page, limits, 'Change for all who have it')
}

async function fillQuota(page, person, owner, persons) {
  await changePlan(page, { 'account-blob-bytes': '1 KB' })
  await see(page, 'a changed plan')
  const said = await awaited('a full quota', () => upload(person))
  assert.deepEqual([said.status, said.error], [413, 'BlobQuotaExceeded'])
  assert.match(said.message, /1000|1024/)
  await post(person, 'words still go in')
  await changePlan(page, { 'account-blob-bytes': '', accounts: String(PEOPLE) })
  await owner.goto(`${home}/console/overview/`)
  await see(owner, 'an overview with people')
  await owner.goto(`${home}/console/accounts/${person.did}/`)
  await see(owner, 'an account on the console')
  await persons.goto(`${home}/account/data`)
  await see(persons, 'data of a person')
}

async function suspend(page, person, persons, isSeen = true) {
  await page.goto(`${options.url}/console/tenant/${slug}/`)
  await fill(page, { reason: 'Two bills are unpaid.' }, 'Suspend the tenant')
  await page.getByText('The tenant is suspended.').waitFor()
  await awaited('the suspension', async () => (await refusal(person, 'com.atproto.repo.createRecord', { repo: person.did, collection: 'com.example.note', record: { text: 'x' } }))?.message.includes('Two bills are unpaid.'))
  const read = await awaited('closed repos', () => refusal(new Client(home), `com.atproto.sync.getLatestCommit?did=${person.did}`))
  assert.equal(read.error, 'RepoSuspended')
  if (!isSeen) return
  await see(page, 'a suspended tenant')
  for (const [path, what] of [['', 'an account of a suspended tenant'], ['handle/change', 'a page that is refused meanwhile'], ['data', 'data of a suspended tenant']]) {
    await isSaid(persons, `${home}/account/${path}`, 'Two bills are unpaid.')
    await see(persons, what)
  }
  const stranger = await newPage()
  await isSaid(stranger, `${home}/account/sign-in`, 'Two bills are unpaid.')
  await see(stranger, 'a sign-in while suspended')
}

// Loaded anew until it says so: each web process hears of a suspension within three seconds.
const isSaid = (page, url, text) => awaited(`${text} at ${url}`, async () => {
  await page.goto(url)
  return page.getByText(text).first().isVisible()
})

async function resume(page, url) {
  await page.goto(`${url}/console/tenant/${slug}/`)
  await press(page, 'End the suspension')
  await page.getByText('The suspension is ended.').waitFor()
}

async function servesAgain(url, number) {
  const host = new Client(url)
  const given = { identifier: `person${number}.${domain}`, password }
  await awaited('a sign-in', async () => !(await refusal(host, 'com.atproto.server.createSession', given)))
  const { did, accessJwt } = await host.call('com.atproto.server.createSession', given)
  await post(Object.assign(new Client(url, accessJwt), { did }), 'back')
}

async function heads(url, people) {
  const found = await Promise.all(people.map((each) => new Client(url).ask(`com.atproto.sync.getLatestCommit?did=${each.did}`)))
  return found.every((each) => each.ok) ? Promise.all(found.map((each) => each.json())) : null
}

// By its owner, who gets the file.
async function exported(owner) {
  await owner.goto(`${home}/console/exports/`)
  await fill(owner, { passphrase: 'short' }, 'Begin')
  await see(owner, 'a refused export')
  await fill(owner, { passphrase: phrase }, 'Begin')
  await reloadUntil(owner, 'Download')
  await see(owner, 'an export')
  const [download] = await Promise.all([owner.waitForEvent('download'), owner.getByRole('link', { name: 'Download' }).click()])
  return download.path()
}

async function deleted(page) {
  await page.goto(`${options.url}/console/tenant/${slug}/`)
  await page.getByRole('main').getByRole('link', { name: 'Delete the tenant' }).click()
  await fill(page, { confirm: 'birch' }, 'Delete the tenant')
  await page.getByText(`Enter ${slug}.`).waitFor()
  await see(page, 'a refused deletion')
  await fill(page, { confirm: slug }, 'Delete the tenant')
  await reloadUntil(page, `${PEOPLE}/${PEOPLE}: relays read that they are gone`)
  await see(page, 'a deletion')
}

async function takenIn(page, archive) {
  await page.goto(`${options.there}/console/imports/`)
  await see(page, 'no archive')
  await page.locator('main [name=file]').setInputFiles({ name: 'x.tar', mimeType: 'application/x-tar', buffer: Buffer.from('no tar') })
  await press(page, 'Send')
  await see(page, 'a refused archive')
  await page.locator('main [name=file]').setInputFiles(archive)
  await press(page, 'Send')
  await fill(page, { passphrase: phrase }, 'Look what is in the way')
  await reloadUntil(page, 'Done')
  await see(page, 'an archive that was looked at')
  await page.goto(`${options.there}/console/imports/`)
  await fill(page, { passphrase: phrase }, 'Import')
  await reloadUntil(page, 'Done')
  await see(page, 'an import')
  await page.goto(`${options.there}/console/tenant/${slug}/`)
  await see(page, 'a tenant that was imported')
}

async function signInByPage(page) {
  await page.goto(`${newHome}/account/sign-in`)
  await fill(page, { identifier: `person1.${domain}`, password }, await page.locator('main button[type=submit]').first().innerText())
  await page.waitForURL(`${newHome}/account/`)
  await see(page, 'an account elsewhere')
}

try {
  const [staff, owner, persons, elsewhere] = await Promise.all([newPage(), newPage(), newPage(), newPage()])
  await signIn(staff, options.url, 'admin', options['admin-password'])
  await makePlan(staff)
  await setUp(staff, options.url, { slug, domain, plan: 'club' }, see)
  await addDomain(staff)
  await join(owner, home, slug)
  await inviteFifty(owner)
  await signUpByPage(persons, 0)
  const people = []
  for (let number = 1; number < PEOPLE; number += 1) people.push(await signUpByApp(number))
  await fillQuota(staff, people[0], owner, persons)
  await suspend(staff, people[1], persons)
  await resume(staff, options.url)
  await servesAgain(home, 2)
  const before = await awaited('the heads', () => heads(home, people))
  await suspend(staff, people[2], persons, false)
  const archive = await exported(owner)
  await deleted(staff)
  await signIn(elsewhere, options.there, 'admin', options['there-password'])
  await takenIn(elsewhere, archive)
  await resume(elsewhere, options.there)
  assert.deepEqual(await awaited('the heads elsewhere', () => heads(newHome, people)), before)
  await servesAgain(newHome, 3)
  await signInByPage(await newPage())
  assert.deepEqual(faults, [])
  console.log('the tenant lives elsewhere')
} finally {
  await browser.close()
}
