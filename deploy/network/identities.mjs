// The services' identities: a key of each, kept in a folder, and its DID at the sandbox's PLC directory.
//   node identities.mjs FOLDER   makes what is missing and says the DIDs as JSON; asks no directory
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, didForCreateOp, signOperation } from '@did-plc/lib'
import { Secp256k1Keypair } from '@atproto/crypto'

const SERVICES = ['appview', 'ozone']

/** { keypair, did, genesis } of a service, made when the folder has none. A DID is made of its first operation, so it
 *  is known before any directory is: that one names keys alone, addresses come with `publish`. */
export async function identity(folder, name) {
  const file = join(folder, `${name}.json`)
  let kept
  try {
    kept = JSON.parse(readFileSync(file))
  } catch (fault) {
    if (fault.code !== 'ENOENT') throw fault
    kept = await made()
    writeFileSync(`${file}.unfinished`, JSON.stringify(kept), { mode: 0o600 })
    renameSync(`${file}.unfinished`, file)
  }
  const keypair = await Secp256k1Keypair.import(kept.key)
  return { keypair, key: kept.key, did: await didForCreateOp(kept.genesis), genesis: kept.genesis }
}

async function made() {
  const keypair = await Secp256k1Keypair.create({ exportable: true })
  const genesis = await signOperation({
    type: 'plc_operation',
    verificationMethods: { atproto: keypair.did(), atproto_label: keypair.did() },
    rotationKeys: [keypair.did()],
    alsoKnownAs: [],
    services: {},
    prev: null,
  }, keypair)
  return { key: Buffer.from(await keypair.export()).toString('hex'), genesis }
}

/** Have the directory know an identity with these services: { id: { type, endpoint } }. */
export async function publish(directoryUrl, { did, genesis, keypair }, services) {
  const directory = new Client(directoryUrl)
  const known = await directory.getDocumentData(did).catch((fault) => {
    if (fault.status !== 404) throw fault
  })
  if (!known) await directory.sendOperation(did, genesis)
  if (JSON.stringify(known?.services) === JSON.stringify(services)) return
  await directory.updateData(did, keypair, (data) => ({ ...data, services }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2]
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const dids = {}
  for (const name of SERVICES) dids[name] = (await identity(folder, name)).did
  console.log(JSON.stringify(dids))
}
