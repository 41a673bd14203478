// Ozone (@atproto/ozone) in one process: API, and the daemon that hands its deeds on to the hosts and the app view.
import { Database, OzoneDaemon, OzoneService, envToCfg, envToSecrets } from '@atproto/ozone'
import { identity, publish } from './identities.mjs'
import { appviewUrl, endWith, ozoneUrl, settings } from './settings.mjs'

const own = await identity(settings.identities, 'ozone')
const appview = await identity(settings.identities, 'appview')
await publish(settings.plcUrl, own, { atproto_labeler: { type: 'AtprotoLabeler', endpoint: ozoneUrl } })

const host = settings.hosts[0] // it hands takedowns of accounts on to one host; the app view hears of all
const env = {
  devMode: true, // its hosts are on this machine, without TLS
  version: 'grove-network',
  port: settings.ozonePort,
  publicUrl: ozoneUrl,
  serverDid: own.did,
  signingKeyHex: own.key,
  adminPassword: settings.adminPassword,
  dbPostgresUrl: settings.databaseUrl,
  dbPostgresSchema: 'ozone',
  dbPoolSize: 5,
  didPlcUrl: settings.plcUrl,
  pdsUrl: host,
  pdsDid: `did:web:${new URL(host).host.replace(':', '%3A')}`,
  pdsHeaders: [],
  appviewUrl,
  appviewDid: appview.did,
  appviewPushEvents: true,
  adminDids: [own.did],
  moderatorDids: [appview.did],
  triageDids: [],
  cdnPaths: [],
  verifierIssuersToIndex: [],
}
const [config, secrets] = [envToCfg(env), envToSecrets(env)]
const migrations = new Database({ url: settings.databaseUrl, schema: 'ozone', poolSize: 2 })
await migrations.migrateToLatestOrThrow()
await migrations.close()
const service = await OzoneService.create(config, secrets)
const daemon = await OzoneDaemon.create(config, secrets)
endWith(() => daemon.destroy(), () => service.destroy())
await service.start()
await daemon.start()
