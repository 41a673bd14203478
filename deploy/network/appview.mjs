// The app view (@atproto/bsky) in one process: API, data plane, index, images, and bsync, which keeps what people
// mute. It reads the firehoses of NETWORK_FIREHOSES, and labels of Ozone and of the tenants' own labelers.
import { get } from 'node:http'
import { BskyAppView, BsyncSubscription, DataPlaneServer, Database, RepoSubscription, ServerConfig } from '@atproto/bsky'
import { BsyncService, envToCfg } from '@atproto/bsync'
import { identity, publish } from './identities.mjs'
import { readLabels } from './labels.mjs'
import { appviewUrl, endWith, ozoneUrl, settings } from './settings.mjs'

const { databaseUrl, plcUrl, hosts, firehoses, adminPassword } = settings
const own = await identity(settings.identities, 'appview')
const ozone = await identity(settings.identities, 'ozone')
await publish(plcUrl, own, {
  bsky_notif: { type: 'BskyNotificationService', endpoint: appviewUrl },
  bsky_appview: { type: 'BskyAppView', endpoint: appviewUrl },
})

const migrations = new Database({ url: databaseUrl, schema: 'appview', poolSize: 2 })
await migrations.migrateToLatestOrThrow()
await migrations.close()
const database = new Database({ url: databaseUrl, schema: 'appview', poolSize: 10 })
const dataPlane = await DataPlaneServer.create(database, 0, plcUrl, globalThis.fetch)

const bsync = await BsyncService.create(envToCfg({
  port: 0, apiKeys: [adminPassword], dbUrl: databaseUrl, dbSchema: 'bsync', dbPoolSize: 4,
}))
await bsync.ctx.db.migrateToLatestOrThrow()
await bsync.start()

const inside = (server) => `http://127.0.0.1:${server.address().port}`
const config = new ServerConfig({
  version: 'grove-network',
  port: settings.appviewPort,
  publicUrl: appviewUrl,
  serverDid: own.did,
  alternateAudienceDids: [],
  didPlcUrl: plcUrl,
  dataplaneUrls: [inside(dataPlane.server)],
  dataplaneHttpVersion: '1.1',
  bsyncUrl: inside(bsync.server),
  bsyncHttpVersion: '1.1',
  bsyncApiKey: adminPassword,
  modServiceDid: ozone.did,
  labelsFromIssuerDids: [ozone.did],
  adminPasswords: [adminPassword],
  blobCacheLocation: process.env.NETWORK_IMAGES,
  disableSsrfProtection: true, // its hosts are on this machine, without TLS
  etcdHosts: [],
  bigThreadUris: new Set(),
  maxThreadParents: 50,
  searchTagsHide: new Set(),
  searchTagsHideAll: new Set(),
  threadTagsBumpDown: new Set(),
  threadTagsHide: new Set(),
  visibilityTagHide: '',
  visibilityTagRankPrefix: '',
  debugFieldAllowedDids: new Set(),
  draftsLimit: 500,
  feedGenSkeletonTimeout: 5_000,
})
const server = BskyAppView.create({ config, signingKey: own.keypair })

// Handles such as alice.test lead nowhere in the DNS: the host that gives them out knows.
const resolve = (handle) => new Promise((done) => {
  const asked = get(new URL('/.well-known/atproto-did', hosts[0]), { headers: { host: handle }, timeout: 3_000 }, (answer) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', (part) => { text += part })
    answer.on('end', () => done(answer.statusCode === 200 ? text.trim() : undefined))
  })
  asked.on('timeout', () => asked.destroy())
  asked.on('error', () => done(undefined))
})
for (const resolver of [dataPlane.idResolver, server.ctx.idResolver]) resolver.handle.resolve = resolve

const mutes = new BsyncSubscription({ config, db: database })
const readers = firehoses.map((service) => new RepoSubscription({ service, db: database, idResolver: dataPlane.idResolver }))
const labels = new AbortController()
endWith(
  () => labels.abort(),
  () => Promise.all(readers.map((reader) => reader.destroy())),
  () => server.destroy(), () => mutes.destroy(), () => dataPlane.destroy(), () => bsync.destroy(), () => database.close(),
)
await server.start()
mutes.start()
for (const reader of readers) void reader.start()
for (const labeler of [ozoneUrl, ...hosts]) void readLabels(labeler, database.db, labels.signal)
