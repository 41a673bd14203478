// The newcomer's story, with real third-party software only: a person signs up on a page in Chromium, posts with
// @atproto/api, @atproto/sync and @skyware/firehose see and verify it, staff take the account down in the console, and
// the client is refused. Exit status 0 when all of it held.
//
//   node newcomer.mjs --url http://localhost:2583 --plc http://localhost:2582 --admin-password X --shots DIR
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { AtpAgent } from '@atproto/api'
import { IdResolver } from '@atproto/identity'
import { Firehose as VerifyingFirehose, MemoryRunner } from '@atproto/sync'
import { Firehose as SkywareFirehose } from '@skyware/firehose'
import { chromium } from 'playwright-core'
import WebSocket from 'ws'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    plc: { type: 'string' },
    'admin-password': { type: 'string' },
    shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const origin = options.url
const stream = origin.replace(/^http/, 'ws')
const label = `alice${Date.now().toString(36).slice(-6)}`
const handle = `${label}.test`
const password = 'correct horse battery staple'
const PHONE = { width: 390, height: 844 }
const DESKTOP = { width: 1360, height: 860 }

async function until(condition, what, ms = 120000) {
  const end = Date.now() + ms
  while (!(await condition())) {
    assert.ok(Date.now() < end, `timed out: ${what()}`)
    await new Promise((wake) => setTimeout(wake, 50))
  }
}

async function shoot(page, name) {
  for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await page.setViewportSize(viewport)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(wide <= 0, `${name} is ${wide} px wider than a ${size}`)
    await page.screenshot({ path: path.join(options.shots, `${name}-${size}.png`), fullPage: true })
  }
  await page.setViewportSize(DESKTOP)
}

const events = { verified: [], errors: [], skyware: [] }
function listen() {
  const verifying = new VerifyingFirehose({
    service: stream,
    idResolver: new IdResolver({ plcUrl: options.plc, fetch: globalThis.fetch }),
    unauthenticatedHandles: true, // a .test handle cannot be resolved by DNS; keys and signatures are checked
    runner: new MemoryRunner({ startCursor: 0 }),
    handleEvent: (event) => events.verified.push(event),
    onError: (error) => events.errors.push(error),
  })
  verifying.start()
  const skyware = new SkywareFirehose({ relay: stream, cursor: '0', ws: WebSocket, autoReconnect: false })
  for (const kind of ['commit', 'identity', 'account']) skyware.on(kind, (message) => events.skyware.push(message))
  skyware.on('error', (error) => events.errors.push(error.error))
  skyware.start()
  return () => {
    verifying.destroy()
    skyware.close()
  }
}

async function signUp(page) {
  await page.goto(`${origin}/account/sign-up`)
  await shoot(page, 'sign-up')
  await page.getByLabel(/^handle/i).first().fill(label)
  await page.getByLabel(/e-?mail/i).fill(`${label}@example.com`)
  await page.getByLabel(/^password/i).fill(password)
  await page.getByText(/is free/i).waitFor()
  await shoot(page, 'sign-up-filled')
  await page.getByRole('button', { name: /sign up|create/i }).click()
  await page.waitForURL(`${origin}/account/`)
  await page.getByText(handle).first().waitFor()
  await shoot(page, 'account-home')
}

async function post(agent, image) {
  const { data: uploaded } = await agent.uploadBlob(image, { encoding: 'image/png' })
  const written = await agent.post({
    text: 'Hello from the grove',
    embed: { $type: 'app.bsky.embed.images', images: [{ alt: 'The sign-up page', image: uploaded.blob }] },
    createdAt: new Date().toISOString(),
  })
  const rkey = written.uri.split('/').at(-1)
  const read = await agent.com.atproto.repo.getRecord({ repo: handle, collection: 'app.bsky.feed.post', rkey })
  assert.equal(read.data.value.text, 'Hello from the grove')
  assert.equal(read.data.cid, written.cid)
  const cid = uploaded.blob.ref.toString()
  const blob = await agent.com.atproto.sync.getBlob({ did: agent.session.did, cid })
  assert.deepEqual(Buffer.from(blob.data), image)
  return written
}

async function takeDown(page, did) {
  await page.goto(`${origin}/console/`)
  await shoot(page, 'console-sign-in')
  await page.getByLabel(/username/i).fill('admin')
  await page.getByLabel(/password/i).fill(options['admin-password'])
  await page.getByRole('button', { name: /log in|sign in/i }).click()
  await page.getByLabel(/handle, did.* or at-uri/i).waitFor()
  await shoot(page, 'console')
  await page.getByLabel(/handle, did.* or at-uri/i).fill(handle)
  await page.getByRole('button', { name: /look up/i }).click()
  await page.getByText(did).first().waitFor()
  await shoot(page, 'console-account')
  await page.getByRole('textbox', { name: 'Reason', exact: true }).fill('Spam, reported three times')
  await page.getByRole('button', { name: /take this account down/i }).click()
  await page.getByText(/is taken down/i).waitFor()
  await shoot(page, 'console-taken-down')
}

async function refused(agent) {
  const write = () => agent.post({ text: 'still here?', createdAt: new Date().toISOString() })
  await assert.rejects(write, (error) => error.error === 'AccountTakedown', 'a write after the takedown')
  const signIn = new AtpAgent({ service: origin }).login({ identifier: handle, password })
  await assert.rejects(signIn, (error) => error.error === 'AccountTakedown', 'a login after the takedown')
  const anyone = new AtpAgent({ service: origin })
  const { did } = agent.session ?? agent
  await assert.rejects(anyone.com.atproto.sync.getRepo({ did }), (error) => error.error === 'RepoTakendown')
  await assert.rejects(anyone.resolveHandle({ handle }))
}

await fs.mkdir(options.shots, { recursive: true })
const browser = await chromium.launch({
  executablePath: options.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
})
const stop = listen()
try {
  const page = await browser.newPage({ viewport: DESKTOP })
  page.setDefaultTimeout(120_000) // a busy machine
  await signUp(page)
  const agent = new AtpAgent({ service: origin })
  await agent.login({ identifier: handle, password })
  const { did } = agent.session
  const written = await post(agent, await page.screenshot())
  await until(() => events.verified.some((e) => e.event === 'create' && e.cid?.toString() === written.cid), () => '@atproto/sync did not verify the post')
  await until(() => events.skyware.some((m) => m.repo === did && m.ops?.some((op) => written.uri.endsWith(`/${op.path}`))), () => '@skyware/firehose did not see the post')
  const staff = await (await browser.newContext({ viewport: DESKTOP })).newPage()
  staff.setDefaultTimeout(120_000)
  await takeDown(staff, did)
  await refused({ post: (record) => agent.post(record), did })
  await until(() => events.verified.some((e) => e.event === 'account' && e.did === did && e.status === 'takendown'), () => 'no verified #account takendown')
  await page.goto(`${origin}/account/sign-in`)
  await page.getByLabel(/handle/i).first().fill(handle)
  await page.getByLabel(/^password/i).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText(/took your account down/i).waitFor()
  await shoot(page, 'taken-down')
  assert.deepEqual(events.errors.map(String), [], 'errors reported by the firehose clients')
  console.log(`the newcomer's story held for ${handle} (${did})`)
} finally {
  stop()
  await browser.close()
}
