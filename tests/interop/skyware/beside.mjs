// @skyware/labeler says what it is told on standard input, and both it and a Grove are asked the same: prints what each
// answers. {did, key, said: [{uri, val, neg?, exp?}], asked: [query strings], cursors: [numbers]} -> {name: {...}}.
//
//   node beside.mjs --grove http://localhost:2583 --folder /tmp/x --port 14000
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { LabelerServer } from '@skyware/labeler'
import { decodeFirst } from '@atcute/cbor'
import WebSocket from 'ws'

const { values: options } = parseArgs({
  options: { grove: { type: 'string' }, folder: { type: 'string' }, port: { type: 'string' } },
})
const { did, key, said, asked, cursors } = JSON.parse(await text(process.stdin))
const server = new LabelerServer({ did, signingKey: key, dbPath: path.join(options.folder, 'skyware.db') })
await new Promise((resolve, reject) => server.start(Number(options.port), (error) => (error ? reject(error) : resolve())))
for (const label of said) await server.createLabel(label)

const query = async (url, asking) => {
  const answer = await fetch(`${url}/xrpc/com.atproto.label.queryLabels?${asking}`)
  const { labels, cursor } = await answer.json()
  return { status: answer.status, labels, cursor }
}

// What comes of a subscription within a second.
const frames = async (url, cursor) => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/xrpc/com.atproto.label.subscribeLabels?cursor=${cursor}`)
  const found = []
  socket.on('message', (data) => {
    const [header, rest] = decodeFirst(new Uint8Array(data))
    const [body] = decodeFirst(rest)
    found.push(header.op === 1 ? { seq: body.seq, labels: body.labels.map(({ sig, ...rest }) => rest) } : body)
  })
  socket.on('error', () => {})
  await setTimeout(1000)
  socket.terminate()
  return found
}

const all = {}
for (const [name, url] of [['grove', options.grove], ['skyware', `http://127.0.0.1:${options.port}`]]) {
  all[name] = { queries: [], streams: [] }
  for (const asking of asked) all[name].queries.push(await query(url, asking))
  for (const cursor of cursors) all[name].streams.push(await frames(url, cursor))
}
console.log(JSON.stringify(all, (_, value) => (typeof value === 'bigint' ? Number(value) : value)))
process.exit(0)
