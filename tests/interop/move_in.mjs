// Somebody moves in by the pages of a host, in Chromium: by OAuth or the password at the old host, or, when that host gives nothing
// any more, with a recovery key that stays in the browser, a CAR, and the blobs as files. The browser is closed on the way.
// Afterwards nothing may be missing, the new host's firehose must satisfy a strict reader, and so must an archive.
//
//   node move_in.mjs --url NEW --old URL --plc URL --smtp-port N --way oauth|password|key --downloads DIR [--records 2000] [--blobs 50]
//       [--third URL] [--old-pid PID] [--pids FILE]
//
// With --third the repo of the archive is imported at one more host, another kind of server. With --old-pid the old host dies
// (kill -9) before the move. With --pids, a file of process ids by name, web and worker of the new host are killed in each step.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { AtpAgent } from '@atproto/api'
import { P256Keypair } from '@atproto/crypto'
import { chromium } from 'playwright-core'
import { faults, look, withAxe } from './look.mjs'
import {
  agentAt, carOf, checkAnnounced, checkSigned, codeIn, domainOf, keyOf, killer, listen, pause, receiveMail, recordsIn, settleIn, until, write,
} from './moving_people.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    old: { type: 'string' },
    plc: { type: 'string' },
    'smtp-port': { type: 'string' },
    way: { type: 'string' },
    downloads: { type: 'string' },
    third: { type: 'string' },
    'old-pid': { type: 'string' },
    pids: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    records: { type: 'string', default: '2000' },
    blobs: { type: 'string', default: '50' },
  },
})
const label = `guest${Date.now().toString(36).slice(-6)}`
const oldPassword = 'correct horse battery staple'
const password = 'a brand new password'
const { url, plc } = options
const inDownloads = (name) => path.join(options.downloads, name)
const WEB = ['web-1', 'web-2']
const kill = killer(options.pids)

async function send(page, button, fields = {}) {
  for (const [field, value] of Object.entries(fields)) await page.getByLabel(field, { exact: true }).fill(value)
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: button, exact: true }).click()])
}

async function fillNewHome(page) {
  await page.getByLabel('Handle', { exact: true }).fill(label)
  await page.getByLabel('E-mail address').fill(`${label}@example.com`)
  await page.getByLabel('Password', { exact: true }).fill(password)
}

// At the old host's own pages, and back.
async function signInThere(page) {
  await page.getByRole('link', { name: 'Sign in at your old host' }).click()
  await page.locator('input[type=password]').fill(oldPassword)
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.getByText('You are signed in at your old host.').waitFor()
  await look(page, 'back from the old host')
}

async function begin(page, handle, key) {
  await page.goto(`${url}/account/move-in`)
  await look(page, 'who moves in')
  await send(page, key ? /recovery key/ : 'Continue', { 'Your handle': handle })
  await look(page, 'the account here')
  if (key) await page.locator('#key').fill(key)
  else if (options.way === 'oauth') await signInThere(page)
  else {
    await page.getByText('With my password there instead').click()
    await page.getByLabel('Password at your old host').fill(oldPassword)
  }
  await fillNewHome(page)
  await Promise.all([page.waitForURL(/\/move$/), page.getByRole('button', { name: 'Begin the move' }).click()])
  await look(page, 'a move under way')
}

// In another browser.
async function comeBack(browser) {
  const page = await (await withAxe(browser, { locale: 'en' })).newPage()
  page.setDefaultTimeout(120_000)
  await until(() => page.goto(`${url}/account/sign-in`).catch(() => false), 'the host is not back', 300_000)
  await send(page, 'Sign in', { 'Handle or e-mail address': label, Password: password })
  return page
}

// Sends a form. Where processes are killed, they die as it is sent: somebody comes back in another browser, and sends it again
// if the page at `path` still asks for it.
async function sendDespite(page, path, button, fill) {
  await fill(page)
  if (!options.pids) {
    await send(page, button)
    return page
  }
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.isNavigationRequest())
  await page.getByRole('button', { name: button, exact: true }).click({ noWaitAfter: true })
  await sent
  await kill(...WEB, 'worker')
  await page.context().close()
  const back = await comeBack(browser)
  await back.goto(`${url}${path}`)
  const isAskedAgain = await back.getByRole('button', { name: button, exact: true }).isVisible()
  console.log(`killed at "${button}": ${isAskedAgain ? 'asked again' : 'it had arrived'}`)
  if (isAskedAgain) {
    await fill(back)
    await send(back, button)
  }
  return back
}

async function bringRecords(page, car) {
  await fs.writeFile(inDownloads('old.car'), car)
  const fill = (where) => where.getByLabel('CAR file').setInputFiles(inDownloads('old.car'))
  const back = await sendDespite(page, '/account/move', 'Upload', fill)
  for (let turn = 0; options.pids && turn < 3; turn += 1) { // amid the import
    await pause(300)
    await kill('worker')
  }
  return back
}

async function confirmWithKey(page, key) {
  await page.getByRole('heading', { name: 'Make it public' }).waitFor()
  await look(page, 'a move that waits for a signature')
  return sendDespite(page, '/account/move', 'Sign and move', (where) => where.locator('#key').fill(key))
}

async function confirmWithCode(page, mails) {
  await page.getByRole('heading', { name: 'Make it public' }).waitFor()
  await look(page, 'a move that waits for a word')
  const before = mails.length
  await send(page, 'Have your old host mail the code')
  const code = await until(() => mails.slice(before).map(codeIn).find(Boolean), 'no code by mail')
  await look(page, 'the code of a move')
  await send(page, 'Confirm the move', { 'Code from the e-mail': code })
}

async function bringBlobs(page, blobs) {
  const names = blobs.map((_, number) => inDownloads(`blob-${number}`))
  await Promise.all(blobs.map(({ bytes }, number) => fs.writeFile(names[number], bytes)))
  await page.goto(`${url}/account/data/blobs`)
  await look(page, 'missing files')
  const back = await sendDespite(page, '/account/data/blobs', 'Upload', (where) => where.getByLabel('Files').setInputFiles(names))
  if (!options.pids) await back.getByText(`${blobs.length} files were taken`).waitFor()
  return back
}

// The archive, unpacked, and the repo in it held against its signature and its tree by @atproto/repo.
async function readArchive(page, did, blobs) {
  await page.goto(`${url}/account/data`)
  await send(page, 'Make an archive')
  await kill('worker')
  const link = page.getByRole('link', { name: /Download the archive/ })
  await link.waitFor()
  await look(page, 'an archive that is ready')
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  await download.saveAs(inDownloads('archive.zip'))
  execFileSync('python3', ['-m', 'zipfile', '-e', inDownloads('archive.zip'), inDownloads('archive')])
  const files = await fs.readdir(inDownloads('archive/blobs'))
  assert.equal(files.length, blobs.length)
  return recordsIn(await fs.readFile(inDownloads('archive/repo.car')), did, await keyOf(did, plc))
}

// The archive's repo at a host that is not ours, for an account that is on its way there.
async function importThere(from, host, counts) {
  const { did } = from.session
  const target = (await new AtpAgent({ service: host }).com.atproto.server.describeServer()).data.did
  const lxm = 'com.atproto.server.createAccount'
  const { token } = (await from.com.atproto.server.getServiceAuth({ aud: target, lxm })).data
  const stranger = new AtpAgent({ service: host, headers: [['authorization', `Bearer ${token}`]] })
  const handle = `${label}${await domainOf(host)}`
  const { data } = await stranger.com.atproto.server.createAccount({ did, handle, email: `${label}@example.net`, password })
  const there = await agentAt(host, data)
  const car = await fs.readFile(inDownloads('archive/repo.car'))
  await there.com.atproto.repo.importRepo(car, { encoding: 'application/vnd.ipld.car' })
  const status = (await there.com.atproto.server.checkAccountStatus()).data
  assert.deepEqual([status.indexedRecords, status.expectedBlobs], counts, 'the archive is not what another host takes')
}

const smtp = receiveMail(Number(options['smtp-port']))
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const isByKey = options.way === 'key'
  const keypair = await P256Keypair.create({ exportable: true })
  const secret = await keypair.export()
  const { base58btc } = await import('multiformats/bases/base58')
  const key = isByKey ? base58btc.encode(Uint8Array.from([0x86, 0x26, ...secret])) : ''
  const old = await settleIn(options.old, label, oldPassword, isByKey ? { recoveryKey: keypair.did() } : {})
  const { did } = old.session
  const { blobs, preferences } = await write(old, Number(options.records), Number(options.blobs))
  const car = await carOf(old)
  const kept = await recordsIn(car, did, await keyOf(did, plc))
  const before = (await old.com.atproto.sync.getLatestCommit({ did })).data
  if (options['old-pid']) process.kill(Number(options['old-pid']), 'SIGKILL')
  else if (isByKey) await old.com.atproto.server.deactivateAccount({}) // from now on it gives nothing to anybody
  const heard = listen(url, plc)
  const began = Date.now()
  const first = await (await withAxe(browser, { locale: 'en' })).newPage()
  first.setDefaultTimeout(120_000)
  await begin(first, did, key) // hosts for tests have the same handle domain
  await first.context().close()
  let page = await comeBack(browser)
  await page.getByRole('link', { name: 'Go on' }).click()
  if (isByKey) page = await bringRecords(page, car)
  await page.getByText(`${kept.size} are here`).waitFor()
  assert.deepEqual(heard.of(did), [], 'something was said before it was confirmed')
  if (!isByKey) await page.locator('dt:text-is("Files") + dd').getByText(String(blobs.length), { exact: true }).waitFor()
  if (isByKey) page = await confirmWithKey(page, key)
  else await confirmWithCode(page, smtp.mails)
  await page.getByText('Your account lives here now.').waitFor()
  console.log(`moved in ${Date.now() - began} ms`)
  await look(page, 'a move that is done')
  await checkSigned(await checkAnnounced(heard, did, before), did, plc)
  if (isByKey) page = await bringBlobs(page, blobs)
  const agent = new AtpAgent({ service: url })
  await agent.login({ identifier: did, password })
  const now = await agentAt(url, agent.session)
  for (const { bytes, ref } of blobs) {
    const got = await now.com.atproto.sync.getBlob({ did, cid: ref.ref.toString() })
    assert.ok(bytes.equals(Buffer.from(got.data)), 'a blob changed on the way')
  }
  if (!isByKey) assert.deepEqual((await now.app.bsky.actor.getPreferences()).data.preferences, preferences)
  const anyone = new AtpAgent({ service: options.old })
  const gone = options['old-pid'] ? 'fetch failed' : 'RepoDeactivated'
  await assert.rejects(anyone.com.atproto.sync.getRepo({ did }), (error) => [error.error, error.message].includes(gone))
  assert.deepEqual(await readArchive(page, did, blobs), kept, 'the archive lacks something')
  if (options.third) await importThere(now, options.third, [kept.size, blobs.length])
  const complaints = heard.errors.filter((error) => !options.pids || error.name !== 'FirehoseSubscriptionError')
  assert.deepEqual(complaints.map(String), [], 'what the firehose reader complained about')
  await heard.close()
  assert.deepEqual(faults, [])
  console.log(`${kept.size} records and ${blobs.length} blobs moved in with ${did}; axe found nothing`)
} finally {
  smtp.close()
  await browser.close()
}
process.exit(0)
