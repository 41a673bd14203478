// Somebody moves from host to host, with @atproto/api only: sign up at the first, write, then move along the whole
// chain as a migration tool does (service auth, repo, blobs, preferences, PLC operation with the mailed code,
// activation). After each move nothing may be missing, and the new host's firehose must satisfy a strict reader:
// silence until activation, then #account, #identity and a #sync signed by the key that the DID names.
//
//   node moving.mjs --plc URL --smtp-port N --hosts URL,URL,URL [--records 2000] [--blobs 50] [--leave-blobs]
//
// With --leave-blobs the client copies no blobs to our hosts, which must fetch them by themselves.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import dns from 'node:dns'
import net from 'node:net'
import { parseArgs } from 'node:util'
import { AtpAgent } from '@atproto/api'
import { IdResolver } from '@atproto/identity'
import { readCarWithRoot, verifyCommitSig, verifyRepoCar } from '@atproto/repo'
import { decode } from '@atproto/lex-cbor'
import { Firehose } from '@atproto/sync'

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
const COLLECTION = 'com.example.moving.thing'
const AT_ONCE = 200

// RFC 6761: names under localhost are loopback, whatever this machine's resolver thinks of them.
const lookUp = dns.lookup
dns.lookup = (name, ...rest) => lookUp(name.endsWith('.localhost') ? 'localhost' : name, ...rest)

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms))
async function until(find, what, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end; await pause(50)) {
    const found = await find()
    if (found) return found
  }
  assert.fail(`timed out: ${what}`)
}

// A mail server that takes everything and keeps it.
function receiveMail(port) {
  const mails = []
  const server = net.createServer((socket) => {
    let text = ''
    let isBody = false
    socket.on('error', () => {})
    socket.write('220 here\r\n')
    socket.on('data', (chunk) => {
      text += chunk
      for (;;) {
        const end = isBody ? '\r\n.\r\n' : '\r\n'
        const at = text.indexOf(end)
        if (at < 0) return
        const line = text.slice(0, at)
        text = text.slice(at + end.length)
        if (isBody) mails.push(line.replace(/=\r\n/g, ''))
        const isNowBody = !isBody && /^DATA/i.test(line)
        if (/^QUIT/i.test(line) && !isBody) socket.end('221 bye\r\n')
        else socket.write(isNowBody ? '354 go on\r\n' : '250 fine\r\n')
        isBody = isNowBody
      }
    })
  })
  server.listen(port, '127.0.0.1')
  return { mails, close: () => server.close() }
}

const codeIn = (mail) => /\b[A-Za-z2-7]{5}-[A-Za-z2-7]{5}\b/.exec(mail.split('\r\n\r\n').slice(1).join('\n'))?.[0]

function listen(host) {
  const heard = { events: [], errors: [] }
  const firehose = new Firehose({
    service: host.replace(/^http/, 'ws'),
    idResolver: resolver(),
    unauthenticatedHandles: true, // nobody resolves .test by DNS; keys and signatures are checked
    handleEvent: (event) => heard.events.push(event),
    onError: (error) => heard.errors.push(error),
  })
  firehose.start()
  return { ...heard, of: (did) => heard.events.filter((event) => event.did === did), close: () => firehose.destroy() }
}

async function agentAt(host, session) {
  const agent = new AtpAgent({ service: host })
  await agent.resumeSession({ active: true, ...session })
  agent.sessionManager.pdsUrl = new URL(host) // while somebody moves, the DID document still names the old host
  return agent
}

// Without `fetch` of one's own this client refuses a directory on loopback.
const resolver = () => new IdResolver({ plcUrl: options.plc, fetch: globalThis.fetch })
const keyOf = (did) => resolver().did.resolveAtprotoKey(did, true)
const domainOf = async (host) =>
  (await new AtpAgent({ service: host }).com.atproto.server.describeServer()).data.availableUserDomains[0]
const carOf = async (agent) => (await agent.com.atproto.sync.getRepo({ did: agent.session.did })).data

async function settleIn(host) {
  const handle = `${label}${await domainOf(host)}`
  const agent = new AtpAgent({ service: host })
  const { data } = await agent.com.atproto.server.createAccount({ handle, email: `${label}@example.com`, password })
  return agentAt(host, data)
}

async function write(agent) {
  const blobs = await Promise.all(
    Array.from({ length: blobCount }, async (_, number) => {
      const bytes = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), crypto.randomBytes(8000 + number)])
      const { data } = await agent.com.atproto.repo.uploadBlob(bytes, { encoding: 'image/png' })
      return { bytes, ref: data.blob }
    }),
  )
  const { did } = agent.session
  for (let start = 0; start < recordCount; start += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, recordCount - start) }, (_, offset) => start + offset)
    await agent.com.atproto.repo.applyWrites({
      repo: did,
      validate: false,
      writes: numbers.map((number) => ({
        $type: 'com.atproto.repo.applyWrites#create',
        collection: COLLECTION,
        rkey: `thing-${number}`,
        value: { $type: COLLECTION, number, text: 'ä'.repeat(40), ...(blobs[number] && { picture: blobs[number].ref }) },
      })),
    })
  }
  const preferences = [{ $type: 'app.bsky.actor.defs#adultContentPref', enabled: true }]
  await agent.app.bsky.actor.putPreferences({ preferences })
  return { blobs, preferences }
}

async function recordsIn(car, did, key) {
  const { creates } = await verifyRepoCar(car, did, key)
  return new Map(creates.map((record) => [`${record.collection}/${record.rkey}`, record.cid.toString()]))
}

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

async function checkAnnounced(heard, did, before) {
  await until(() => heard.of(did).some((event) => event.event === 'sync'), 'no #sync after the activation')
  const [account, identity, sync] = heard.of(did).slice(-3)
  assert.deepEqual([account.event, account.active, identity.event, sync.event], ['account', true, 'identity', 'sync'])
  assert.ok(sync.rev > before.rev, 'the rev went back')
  return sync
}

async function checkSigned(sync, did) {
  const commit = decode(sync.blocks.get(sync.cid))
  assert.deepEqual([commit.did, commit.rev], [did, sync.rev])
  assert.ok(await verifyCommitSig(commit, await keyOf(did)), 'the #sync is not signed by the new key')
}

async function move(from, host, { isOurs, hasLivedThere, mails }, kept) {
  const { did } = from.session
  const heard = listen(host)
  const heardThere = listen(from.serviceUrl.origin)
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
  if (isOurs) await checkSigned(sync, did)
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
  const records = await recordsIn(await carOf(agent), did, await keyOf(did))
  assert.deepEqual(records, kept.records)
}

const smtp = receiveMail(Number(options['smtp-port']))
try {
  let agent = await settleIn(hosts[0])
  const { did } = agent.session
  const written = await write(agent)
  const kept = { ...written, records: await recordsIn(await carOf(agent), did, await keyOf(did)) }
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
