// Somebody moves from host to host, with @atproto/api only: sign up at the first, write, then move along the whole
// chain as a migration tool does (service auth, repo, blobs, preferences, PLC operation with the mailed code,
// activation). After each move nothing may be missing, and the new host's firehose must satisfy a strict reader:
// silence until activation, then #account, #identity and a #sync signed by the key that the DID names.
//
//   node moving.mjs --plc URL --smtp-port N --hosts URL,URL,URL [--records 2000] [--blobs 50] [--leave-blobs]
//
// With --leave-blobs the client copies no blobs to our hosts, which must fetch them by themselves.
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { AtpAgent } from '@atproto/api'
import {
  COLLECTION, agentAt, carOf, checkAnnounced, checkSigned, codeIn, domainOf, keyOf, listen, receiveMail, recordsIn,
  settleIn, until, write,
} from './moving_people.mjs'

const { values: options } = parseArgs({
  options: {
    plc: { type: 'string' },
    hosts: { type: 'string' },
    'smtp-port': { type: 'string' },
    records: { type: 'string', default: '2000' },
    blobs: { type: 'string', default: '50' },
    'leave-blobs': { type: 'boolean', default: false },
  },
})
const hosts = options.hosts.split(',')
const recordCount = Number(options.records)
const blobCount = Number(options.blobs)
const password = 'correct horse battery staple'
const label = `mover${Date.now().toString(36).slice(-6)}`

async function bringBlobs(from, to) {
  const { did } = from.session
  let cursor
  do {
    const { data } = await to.com.atproto.repo.listMissingBlobs({ limit: 20, cursor })
    for (const { cid } of data.blobs) {
      const got = await from.com.atproto.sync.getBlob({ did, cid })
      await to.com.atproto.repo.uploadBlob(got.data, { encoding: got.headers['content-type'] })
    }
    cursor = data.cursor
  } while (cursor)
  assert.deepEqual((await to.com.atproto.repo.listMissingBlobs()).data.blobs, [])
}

const blobsCome = (agent) =>
  until(
    async () => (await agent.com.atproto.repo.listMissingBlobs()).data.blobs.length === 0,
    'the host did not fetch the blobs',
    60000,
  )

async function handOver(from, to, mails) {
  const recommended = (await to.com.atproto.identity.getRecommendedDidCredentials()).data
  const before = mails.length
  await from.com.atproto.identity.requestPlcOperationSignature()
  const token = await until(() => mails.slice(before).map(codeIn).find(Boolean), 'no code by mail')
  const { data } = await from.com.atproto.identity.signPlcOperation({ token, ...recommended })
  await to.com.atproto.identity.submitPlcOperation({ operation: data.operation })
}

async function arrive(host, from, { token, email }) {
  const handle = `${label}${await domainOf(host)}`
  const stranger = new AtpAgent({ service: host, headers: [['authorization', `Bearer ${token}`]] })
  const { did } = from.session
  const { data } = await stranger.com.atproto.server.createAccount({ did, handle, email, password })
  return agentAt(host, data)
}

async function returnTo(host, from) {
  const { data } = await new AtpAgent({ service: host }).com.atproto.server.createSession({
    identifier: from.session.did,
    password,
  })
  return agentAt(host, data)
}

async function move(from, host, { isOurs, hasLivedThere, mails }, kept) {
  const { did } = from.session
  const heard = listen(host, options.plc)
  const heardThere = listen(from.serviceUrl.origin, options.plc)
  const target = (await new AtpAgent({ service: host }).com.atproto.server.describeServer()).data.did
  const lxm = 'com.atproto.server.createAccount'
  const { token } = (await from.com.atproto.server.getServiceAuth({ aud: target, lxm })).data
  const to = hasLivedThere && !isOurs // ours take a former account up again, others want its old password
    ? await returnTo(host, from)
    : await arrive(host, from, { token, email: `${label}@example.com` })
  const car = await carOf(from)
  await to.com.atproto.repo.importRepo(car, { encoding: 'application/vnd.ipld.car' })
  if (isOurs && options['leave-blobs']) await blobsCome(to)
  else await bringBlobs(from, to)
  const { preferences } = (await from.app.bsky.actor.getPreferences()).data
  await to.app.bsky.actor.putPreferences({ preferences })
  if (!hasLivedThere) assert.deepEqual(heard.of(did), [], 'something was said before the DID named the new host')
  await handOver(from, to, mails)
  const status = (await to.com.atproto.server.checkAccountStatus()).data
  const left = (await from.com.atproto.server.checkAccountStatus()).data
  assert.equal(status.indexedRecords, kept.records.size, 'records')
  assert.equal(status.repoBlocks, left.repoBlocks, 'blocks')
  assert.deepEqual([status.expectedBlobs, status.importedBlobs], [blobCount, blobCount], 'blobs')
  assert.deepEqual([status.activated, status.validDid], [false, true])
  assert.ok(heard.of(did).every((event) => event.event === 'identity'), 'more than #identity before the activation')
  const before = (await from.com.atproto.sync.getLatestCommit({ did })).data
  await to.com.atproto.server.activateAccount()
  await from.com.atproto.server.deactivateAccount({})
  const sync = await checkAnnounced(heard, did, isOurs ? before : { rev: '' })
  if (isOurs) await checkSigned(sync, did, options.plc)
  await checkNothingLost(to, kept)
  await checkLeft(from, heardThere)
  await checkWrites(to, heard, kept)
  assert.deepEqual(heard.errors.map(String), [], 'what the firehose reader complained about')
  assert.deepEqual(heardThere.errors.map(String), [], 'what the reader of the old host complained about')
  await Promise.all([heard.close(), heardThere.close()])
  return to
}

async function checkNothingLost(agent, kept) {
  const { did } = agent.session
  for (const { bytes, ref } of kept.blobs) {
    const got = await agent.com.atproto.sync.getBlob({ did, cid: ref.ref.toString() })
    assert.ok(bytes.equals(Buffer.from(got.data)), 'a blob changed on the way')
  }
  const { preferences } = (await agent.app.bsky.actor.getPreferences()).data
  assert.deepEqual(preferences, kept.preferences)
}

async function checkLeft(agent, heard) {
  const { did } = agent.session
  const goodbye = (event) => event.event === 'account' && !event.active && event.status === 'deactivated'
  await until(() => heard.of(did).some(goodbye), 'the old host did not say that the account rests')
  const anyone = new AtpAgent({ service: agent.serviceUrl.origin })
  await assert.rejects(anyone.com.atproto.sync.getRepo({ did }), (error) => error.error === 'RepoDeactivated')
  await assert.rejects(agent.com.atproto.server.activateAccount(), 'the old account woke up')
}

// The first write at the new host; the whole repo is then what it was, and this.
async function checkWrites(agent, heard, kept) {
  const { did } = agent.session
  const { data } = await agent.com.atproto.repo.createRecord({
    repo: did,
    collection: COLLECTION,
    validate: false,
    record: { $type: COLLECTION, text: `at ${agent.serviceUrl.origin}` },
  })
  kept.records.set(data.uri.split('/').slice(-2).join('/'), data.cid)
  await until(
    () => heard.of(did).some((event) => event.event === 'create' && event.cid?.toString() === data.cid),
    'the firehose reader did not verify the first write',
  )
  const records = await recordsIn(await carOf(agent), did, await keyOf(did, options.plc))
  assert.deepEqual(records, kept.records)
}

const smtp = receiveMail(Number(options['smtp-port']))
try {
  let agent = await settleIn(hosts[0], label, password)
  const { did } = agent.session
  const written = await write(agent, recordCount, blobCount)
  const kept = { ...written, records: await recordsIn(await carOf(agent), did, await keyOf(did, options.plc)) }
  assert.equal(kept.records.size, recordCount)
  for (const [number, host] of hosts.entries()) {
    if (number === 0) continue
    const began = Date.now()
    const { version } = await (await fetch(`${host}/xrpc/_health`)).json()
    const isOurs = version.startsWith('grove') // the reference signs anew at the first write only
    agent = await move(agent, host, { isOurs, hasLivedThere: hosts.indexOf(host) < number, mails: smtp.mails }, kept)
    console.log(`moved to ${host} (${version}) in ${Date.now() - began} ms`)
  }
  console.log(`${kept.records.size} records and ${blobCount} blobs arrived with ${did}`)
} finally {
  smtp.close()
}
process.exit(0)
