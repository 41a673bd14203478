// Two libraries read a relay from its beginning and say, a line each, what they were given of the records:
//   node consumers.mjs wss://relay http://plc FOLDER_WITH_NODE_MODULES  ->  {"sync": ["did rev action path", ...], "skyware": [...]}
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const [relay, plcUrl, folder] = process.argv.slice(2)
const require = createRequire(`${folder}/`)
const load = (name) => import(pathToFileURL(require.resolve(name)))
const { Firehose: Sync, MemoryRunner } = await load('@atproto/sync')
const { IdResolver } = await load('@atproto/identity')
const { Firehose: Skyware } = await load('@skyware/firehose')
const WebSocket = require('ws')

const QUIET_MS = 5_000
let lastAt = Date.now()
const given = { sync: [], skyware: [], faults: [] }
const note = (name, words) => {
  lastAt = Date.now()
  given[name].push(words.join(' '))
}

const runner = new MemoryRunner({ startCursor: 0 })
const sync = new Sync({
  service: relay,
  runner,
  idResolver: new IdResolver({ plcUrl, fetch: globalThis.fetch, timeout: 20_000 }), // on a busy machine
  unauthenticatedHandles: true, // those of the sandbox are in no DNS
  onError: (fault) => note('faults', [fault.name, fault.message, fault.cause?.message ?? '']),
  handleEvent: async (event) => {
    if (['create', 'update', 'delete'].includes(event.event)) note('sync', [event.did, event.rev, event.event, `${event.collection}/${event.rkey}`])
    else note('sync', [event.did, event.event])
  },
})
void sync.start()

const skyware = new Skyware({ relay, cursor: '0', ws: WebSocket })
skyware.on('commit', ({ repo, rev, ops }) => {
  for (const op of ops) note('skyware', [repo, rev, op.action, op.path])
})
for (const kind of ['identity', 'account', 'sync']) skyware.on(kind, ({ did }) => note('skyware', [did, kind]))
skyware.on('error', (fault) => note('faults', ['skyware', String(fault.error ?? fault)]))
skyware.start()

while (Date.now() - lastAt < QUIET_MS) await pause(200)
console.log(JSON.stringify(given))
process.exit(0)
