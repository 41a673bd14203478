// What the stories of people who move have in common: mail that is read, a strict reader of a firehose, an account with
// records, blobs and preferences, and what may not be missing afterwards.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import { AtpAgent } from '@atproto/api'
import { IdResolver } from '@atproto/identity'
import { decode } from '@atproto/lex-cbor'
import { verifyCommitSig, verifyRepoCar } from '@atproto/repo'
import { Firehose } from '@atproto/sync'
import './loopback_names.mjs'

export const COLLECTION = 'com.example.moving.thing'
const AT_ONCE = 200

export const pause = (ms) => new Promise((wake) => setTimeout(wake, ms))
export async function until(find, what, ms = 20000) {
  for (const end = Date.now() + ms; Date.now() < end; await pause(50)) {
    const found = await find()
    if (found) return found
  }
  assert.fail(`timed out: ${what}`)
}

// kill -9 of processes of a Grove whose process ids stand in that file, each as soon as its supervisor has it back.
export const killer = (pidsFile) => async (...names) => {
  if (!pidsFile) return
  for (const name of names) await until(() => isKilled(JSON.parse(fs.readFileSync(pidsFile))[name]), `${name} is not there`, 300_000)
}
function isKilled(pid) {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false // it died a moment ago
  }
}

// A mail server that takes everything and keeps it.
export function receiveMail(port) {
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

export const codeIn = (mail) => /\b[A-Za-z2-7]{5}-[A-Za-z2-7]{5}\b/.exec(mail.split('\r\n\r\n').slice(1).join('\n'))?.[0]

export function listen(host, plc) {
  const heard = { events: [], errors: [] }
  const firehose = new Firehose({
    service: host.replace(/^http/, 'ws'),
    getCursor: () => heard.events.at(-1)?.seq, // it goes on where it was when the host's processes die
    idResolver: resolver(plc),
    unauthenticatedHandles: true, // nobody resolves .test by DNS; keys and signatures are checked
    handleEvent: (event) => heard.events.push(event),
    onError: (error) => heard.errors.push(error),
  })
  firehose.start()
  return { ...heard, of: (did) => heard.events.filter((event) => event.did === did), close: () => firehose.destroy() }
}

export async function agentAt(host, session) {
  const agent = new AtpAgent({ service: host })
  await agent.resumeSession({ active: true, ...session })
  agent.sessionManager.pdsUrl = new URL(host) // while somebody moves, the DID document still names the old host
  return agent
}

// Without `fetch` of one's own this client refuses a directory on loopback.
const resolver = (plc) => new IdResolver({ plcUrl: plc, fetch: globalThis.fetch })
export const keyOf = (did, plc) => resolver(plc).did.resolveAtprotoKey(did, true)
export const domainOf = async (host) =>
  (await new AtpAgent({ service: host }).com.atproto.server.describeServer()).data.availableUserDomains[0]
export const carOf = async (agent) => (await agent.com.atproto.sync.getRepo({ did: agent.session.did })).data

export async function settleIn(host, label, password, more = {}) {
  const handle = `${label}${await domainOf(host)}`
  const agent = new AtpAgent({ service: host })
  const { data } = await agent.com.atproto.server.createAccount({ handle, email: `${label}@example.com`, password, ...more })
  return agentAt(host, data)
}

export async function write(agent, recordCount, blobCount) {
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

export async function recordsIn(car, did, key) {
  const { creates } = await verifyRepoCar(car, did, key)
  return new Map(creates.map((record) => [`${record.collection}/${record.rkey}`, record.cid.toString()]))
}

export async function checkAnnounced(heard, did, before) {
  await until(() => heard.of(did).some((event) => event.event === 'sync'), 'no #sync after the activation')
  const [account, identity, sync] = heard.of(did).slice(-3)
  assert.deepEqual([account.event, account.active, identity.event, sync.event], ['account', true, 'identity', 'sync'])
  assert.ok(sync.rev > before.rev, 'the rev went back')
  return sync
}

export async function checkSigned(sync, did, plc) {
  const commit = decode(sync.blocks.get(sync.cid))
  assert.deepEqual([commit.did, commit.rev], [did, sync.rev])
  assert.ok(await verifyCommitSig(commit, await keyOf(did, plc)), 'the #sync is not signed by the new key')
}
