// The reference PDS under a public name, behind somebody else's TLS. Runs in a folder that has @atproto/pds:
//   node reference.mjs DATA NAME PORT PLC_URL HANDLE_DOMAIN SMTP_URL
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [data, hostname, port, didPlcUrl, domain, emailSmtpUrl] = process.argv.slice(2)
const require = createRequire(`${process.cwd()}/`)
const { PDS } = await import(pathToFileURL(require.resolve('@atproto/pds')))
mkdirSync(`${data}/blobs`, { recursive: true })
const pds = await PDS.fromEnv({
  port: Number(port), hostname, didPlcUrl, devMode: true, dataDirectory: data, blobstoreDiskLocation: `${data}/blobs`,
  serviceHandleDomains: [domain], inviteRequired: false, rateLimitsEnabled: false, disableSsrfProtection: true,
  acceptingImports: true, enableDidDocWithSession: true,
  emailSmtpUrl, emailFromAddress: 'pds@example.org',
  bskyAppViewUrl: 'http://127.0.0.1:9', bskyAppViewDid: 'did:web:appview.invalid',
  jwtSecret: randomBytes(16).toString('hex'), dpopSecret: randomBytes(32).toString('hex'), adminPassword: 'admin-pass',
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'), crawlers: [],
})
await pds.start()
console.log('ready')
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
