// The official Ozone moderates one tenant of a running Grove: reads a report, takes an account, a record and a blob
// down and back, writes a mail, reads preferences. Says one JSON line at the end.
//   GROVE_URL, PLC_URL, OZONE_DB (an empty Postgres database), OZONE_PORT, APPVIEW_PORT,
//   HOST_SET: a JSON list, the command that sets a host: ["python", "manage.py", "host", "set", "localhost"]
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import assert from 'node:assert/strict'
import * as plc from '@did-plc/lib'
import { Secp256k1Keypair } from '@atproto/crypto'
import { Database, OzoneService, envToCfg, envToSecrets } from '@atproto/ozone'

const { GROVE_URL, PLC_URL, OZONE_DB } = process.env
const ozoneUrl = `http://localhost:${process.env.OZONE_PORT}`
const set = JSON.parse(process.env.HOST_SET)
const T = 'tools.ozone.moderation.'
const DEFS = `${T}defs#`

async function call(nsid, { auth, body, query, raw, url = GROVE_URL } = {}) {
  const asked = query ? `?${new URLSearchParams(query)}` : ''
  const headers = { ...(auth && { authorization: auth }) }
  if (raw) headers['content-type'] = 'image/png'
  else if (body) headers['content-type'] = 'application/json'
  const answer = await fetch(`${url}/xrpc/${nsid}${asked}`, {
    method: body || raw ? 'POST' : 'GET', headers, body: raw ?? (body && JSON.stringify(body)),
  })
  const text = await answer.text()
  let json = {}
  try { json = JSON.parse(text) } catch {}
  return { status: answer.status, json, headers: answer.headers }
}
const fine = async (nsid, options) => {
  const answer = await call(nsid, options)
  assert.equal(answer.status, 200, `${nsid}: ${answer.status} ${JSON.stringify(answer.json)}`)
  return answer.json
}
async function until(what, look) {
  for (let n = 0; n < 100; n++) {
    if (await look()) return
    await pause(100)
  }
  assert.fail(`never came: ${what}`)
}
async function account(name) {
  const made = await fine('com.atproto.server.createAccount', {
    body: { handle: `${name}${randomBytes(3).toString('hex')}.test`, email: `${name}@example.com`, password: 'a long password' },
  })
  return { ...made, auth: `Bearer ${made.accessJwt}` }
}

// An identity for Ozone: its key signs its tokens and its labels
const keypair = await Secp256k1Keypair.create({ exportable: true })
const operation = await plc.signOperation({
  type: 'plc_operation',
  verificationMethods: { atproto: keypair.did(), atproto_label: keypair.did() },
  rotationKeys: [keypair.did()],
  alsoKnownAs: [],
  services: { atproto_labeler: { type: 'AtprotoLabeler', endpoint: ozoneUrl } },
  prev: null,
}, keypair)
const did = await plc.didForCreateOp(operation)
await new plc.Client(PLC_URL).sendOperation(did, operation)
execFileSync(set[0], [...set.slice(1), '--moderation-did', did, '--moderation-url', ozoneUrl, '--report-did', did, '--report-url', ozoneUrl])

const host = await fine('com.atproto.server.describeServer')
const [alice, bob, mo] = [await account('alice'), await account('bob'), await account('mo')]
const { blob } = await fine('com.atproto.repo.uploadBlob', { auth: alice.auth, raw: Buffer.from('89504e470d0a1a0a', 'hex') })
const post = await fine('com.atproto.repo.createRecord', {
  auth: alice.auth,
  body: { repo: alice.did, collection: 'com.example.ozone.thing', record: { $type: 'com.example.ozone.thing', blob } },
})

const appView = createServer((_, answer) => answer.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"NotFound"}'))
appView.listen(Number(process.env.APPVIEW_PORT))
const env = {
  devMode: true, port: Number(process.env.OZONE_PORT), publicUrl: ozoneUrl, serverDid: did,
  dbPostgresUrl: OZONE_DB, didPlcUrl: PLC_URL, pdsUrl: GROVE_URL, pdsDid: host.did,
  appviewUrl: `http://localhost:${process.env.APPVIEW_PORT}`, appviewDid: 'did:web:appview.invalid',
  adminDids: [mo.did], moderatorDids: [], triageDids: [], cdnPaths: [], adminPassword: 'x', pdsHeaders: [],
  verifierIssuersToIndex: [], signingKeyHex: Buffer.from(await keypair.export()).toString('hex'),
}
// It looks for its signing key as soon as it is made, so the tables come first
const database = new Database({ url: OZONE_DB })
await database.migrateToLatestOrThrow()
await database.close()
const ozone = await OzoneService.create(envToCfg(env), envToSecrets(env))
await ozone.start()

try {
  // Reports of a person at the host go to Ozone, and its moderator reads them through the host
  await fine('com.atproto.moderation.createReport', {
    auth: bob.auth,
    body: {
      reasonType: 'com.atproto.moderation.defs#reasonSpam', reason: 'buy this',
      subject: { $type: 'com.atproto.repo.strongRef', uri: post.uri, cid: post.cid },
    },
  })
  const read = await fine(`${T}queryEvents`, { auth: mo.auth, query: { types: `${DEFS}modEventReport` } })
  assert.deepEqual(read.events.map((each) => [each.createdBy, each.event.comment]), [[bob.did, 'buy this']])

  const emit = (kind, subject, more = {}, event = {}) => fine(`${T}emitEvent`, {
    auth: mo.auth,
    body: { event: { $type: `${DEFS}${kind}`, comment: 'by Ozone', ...event }, subject, createdBy: mo.did, ...more },
  })
  const repoRef = { $type: 'com.atproto.admin.defs#repoRef', did: alice.did }
  const strongRef = { $type: 'com.atproto.repo.strongRef', uri: post.uri, cid: post.cid }
  const blobCid = blob.ref.$link
  const status = async () => (await call('com.atproto.sync.getLatestCommit', { query: { did: alice.did } })).json.error
  const file = async () => (await call('com.atproto.sync.getBlob', { query: { did: alice.did, cid: blobCid } })).status

  // An account, down and back
  await emit('modEventTakedown', repoRef)
  await until('the account is down', async () => (await status()) === 'RepoTakendown')
  await emit('modEventReverseTakedown', repoRef)
  await until('the account is back', async () => (await status()) === undefined)

  // A blob, with the record that shows it
  await emit('modEventTakedown', strongRef, { subjectBlobCids: [blobCid] })
  await until('the blob is down', async () => (await file()) !== 200)
  await emit('modEventReverseTakedown', strongRef)
  await until('the blob is back', async () => (await file()) === 200)

  // A record: Ozone 0.4.2 labels it and tells its host nothing, so its token asks here
  const shown = async () => (await call('com.atproto.repo.getRecord', {
    query: { repo: alice.did, collection: 'com.example.ozone.thing', rkey: post.uri.split('/').at(-1) },
  })).status
  const signed = async (lxm) => (await ozone.ctx.serviceAuthHeaders(host.did, lxm)).headers.authorization
  const update = 'com.atproto.admin.updateSubjectStatus'
  for (const applied of [true, false]) {
    await fine(update, { auth: await signed(update), body: { subject: strongRef, takedown: { applied, ref: 'ozone-1' } } })
    assert.equal(await shown(), applied ? 400 : 200)
  }
  const ask = 'com.atproto.admin.getSubjectStatus'
  assert.equal((await fine(ask, { auth: await signed(ask), query: { uri: post.uri } })).takedown.applied, false)

  // A mail, and what somebody set in their apps
  // Ozone compares a host's did:web with its bare name, so it writes to none with a port: its token asks here
  const mail = 'com.atproto.admin.sendEmail'
  const letter = { subject: 'About your post', content: 'please stop', recipientDid: alice.did, senderDid: did }
  assert.equal((await fine(mail, { auth: await signed(mail), body: letter })).sent, true)
  const own = 'app.bsky.actor.getPreferences'
  await fine(own, { auth: await signed(own), query: { did: alice.did } })

  // More than it may: it is told when to come again
  let last = { status: 200 }
  for (let n = 0; n < 400 && last.status === 200; n++) {
    last = await call(ask, { auth: await signed(ask), query: { did: alice.did } })
  }
  const waits = last.status === 429 ? Number(last.headers.get('retry-after')) : null
  console.log(JSON.stringify({ did, alice: alice.did, limit: last.status, waits }))
} finally {
  await ozone.destroy()
  appView.close()
}
process.exit(0)
