// A labeler from nothing: set up on the console (each page shown to axe-core), a label defined and put, read by official
// clients, its signature verified by @atproto/crypto, decided upon by @atproto/api's moderation, taken back; a report to the
// labeler. Exit status 0 when all of it holds.
//
//   node labels.mjs --url http://localhost:2583 --plc http://localhost:2582 --admin-password X [--shots DIR]
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { AtpAgent, interpretLabelValueDefinitions, moderatePost } from '@atproto/api'
import { cborEncode } from '@atproto/common'
import { verifySignature } from '@atproto/crypto'
import { decodeFirst } from '@atcute/cbor'
import { chromium } from 'playwright-core'
import WebSocket from 'ws'
import { Client } from './client.mjs'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    plc: { type: 'string' },
    'admin-password': { type: 'string' },
    shots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const stamp = Date.now().toString(36).slice(-6)
const password = 'correct horse battery'
const anyone = new Client(options.url)
const agent = new AtpAgent({ service: options.url })

const author = await anyone.signUp(`author${stamp}.test`, password)
const post = { $type: 'app.bsky.feed.post', text: 'rude', createdAt: new Date().toISOString() }
const made = await author.call('com.atproto.repo.createRecord', { repo: author.did, collection: post.$type, record: post })

// Frames of the stream after a cursor, until there are so many.
const frames = (cursor, count) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`${options.url.replace('http', 'ws')}/xrpc/com.atproto.label.subscribeLabels?cursor=${cursor}`)
  const found = []
  socket.on('message', (data) => {
    const [header, rest] = decodeFirst(new Uint8Array(data))
    assert.deepEqual(header, { op: 1, t: '#labels' })
    found.push(decodeFirst(rest)[0])
    if (found.length === count) socket.close()
  })
  socket.on('close', () => resolve(found))
  socket.on('error', reject)
})

const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await (await withAxe(browser, { locale: 'en' })).newPage()
  const press = async (button, said) => {
    await page.getByRole('button', { name: button, exact: true }).first().click()
    await page.getByText(said).first().waitFor()
  }
  await page.goto(`${options.url}/console/`)
  await page.locator('[name=username]').fill('admin')
  await page.locator('[name=password]').fill(options['admin-password'])
  await page.locator('main button[type=submit]').click()
  await page.waitForURL(`${options.url}/console/`)

  await page.goto(`${options.url}/console/labels/`)
  await look(page, 'no labeler', options.shots)
  await page.locator('#open-handle').fill(`watch${stamp}.test`)
  await page.locator('#open-email').fill(`watch${stamp}@example.com`)
  await page.locator('#open-password').fill(password)
  await press('Open the account', 'The labeler is there.')
  assert.deepEqual((await agent.com.atproto.label.queryLabels({ uriPatterns: ['*'] })).data.labels, [], 'served first')

  await press('Publish', 'The identity names the labeler.')
  await page.getByRole('link', { name: 'New label' }).click()
  await look(page, 'a new label', options.shots)
  await press('Save', 'Give a title and a meaning in one language at least.')
  await look(page, 'a label without a title', options.shots)
  await page.locator('[name=identifier]').fill('rude')
  await page.locator('[name=severity]').selectOption('alert')
  await page.locator('[name=blurs]').selectOption('content')
  await page.locator('[name=locale-0-lang]').fill('en')
  await page.locator('[name=locale-0-name]').fill('Rude')
  await page.locator('[name=locale-0-description]').fill('Not how one talks.')
  await press('Save', 'The label is saved.')
  await page.getByRole('link', { name: 'Labels that every app knows' }).click()
  await look(page, 'reports to the labeler', options.shots)
  await page.goBack()
  await press('Declare the labeler', 'The labeler is declared.')
  await press('Look from outside', 'All is well from outside.')
  await look(page, 'a labeler', options.shots)

  await page.locator('#subject-uri').fill(made.uri)
  await page.locator('#subject-val').fill('rude')
  await page.locator('#subject-reason').fill('seen')
  await press('Put the label', 'The label is put.')
  await page.goto(`${options.url}/console/moderation/label/`)
  await look(page, 'the list of labels', options.shots)

  const { labels: [label] } = (await agent.com.atproto.label.queryLabels({ uriPatterns: [`at://${author.did}/*`] })).data
  const document = await (await fetch(`${options.plc}/${label.src}`)).json()
  const key = document.verificationMethod.find(({ id }) => id.endsWith('#atproto_label')).publicKeyMultibase
  assert.equal(document.service.find(({ id }) => id.endsWith('#atproto_labeler')).serviceEndpoint, options.url)
  const { sig, ...said } = label
  const bytes = sig.$bytes ? Buffer.from(sig.$bytes, 'base64') : sig
  assert.ok(await verifySignature(`did:key:${key}`, cborEncode(said), new Uint8Array(bytes)), 'the signature of an answer')
  const [frame] = await frames(0, 1)
  assert.equal(frame.labels[0].uri, made.uri)

  const declared = (await agent.com.atproto.repo.getRecord({ repo: label.src, collection: 'app.bsky.labeler.service', rkey: 'self' })).data.value
  const definitions = interpretLabelValueDefinitions({ creator: { did: label.src }, policies: declared.policies })
  const decide = (labels, choice) => moderatePost(
    { uri: made.uri, cid: made.cid, author: { did: author.did, handle: author.handle, viewer: {}, labels: [] }, record: post, labels, indexedAt: post.createdAt },
    {
      userDid: 'did:web:reader.example',
      prefs: { adultContentEnabled: false, labels: {}, labelers: [{ did: label.src, labels: choice }], mutedWords: [], hiddenPosts: [] },
      labelDefs: { [label.src]: definitions },
    },
  ).ui('contentList')
  assert.equal(decide([label], {}).blur, true, 'a warning covers the post')
  assert.equal(decide([label], { rude: 'hide' }).filter, true, 'whoever hides it does not see it')
  assert.equal(decide([label], { rude: 'ignore' }).blur, false, 'whoever ignores it sees it')

  const proxy = { 'atproto-proxy': `${label.src}#atproto_labeler` }
  const reader = new AtpAgent({ service: options.url })
  await reader.createAccount({ handle: `reader${stamp}.test`, email: `reader${stamp}@example.com`, password })
  const subject = { $type: 'com.atproto.repo.strongRef', uri: made.uri, cid: made.cid }
  const filed = await reader.com.atproto.moderation.createReport({ reasonType: 'tools.ozone.report.defs#reasonHarassmentTroll', subject }, { headers: proxy, encoding: 'application/json' })
  assert.equal(filed.data.reportedBy, reader.session.did)

  await page.goto(`${options.url}/console/labels/`)
  await page.locator('#subject-uri').fill(made.uri)
  await page.locator('#subject-val').fill('rude')
  await page.locator('#subject-reason').fill('mended')
  await press('Take it back', 'The label is taken back.')
  const [, negation] = await frames(0, 2)
  assert.deepEqual([negation.labels[0].val, negation.labels[0].neg], ['rude', true])
  assert.deepEqual(faults, [])
  console.log('the labels held')
} finally {
  await browser.close()
}
