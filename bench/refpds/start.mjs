// Starts the reference PDS and a PLC directory for bench.compare, each a process of its own, so that
// the CPU of each can be told apart. Settings as in the reference's own image, except for what a
// measurement needs: no invites, no rate limits, nothing of the network outside.
//
//   node start.mjs MODULES DATA PORT PLC_PORT     prints: ready {"pds": pid, "plc": pid}
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const [modules, data, port, plcPort, role] = process.argv.slice(2)
const resolver = createRequire(join(resolve(modules), 'package.json'))
const load = (name) => import(pathToFileURL(resolver.resolve(name)).href)

const roles = {
  async plc() {
    const loaded = await load('@did-plc/server')
    const { Database, PlcServer } = loaded.default ?? loaded
    await PlcServer.create({ db: Database.mock(), port: Number(plcPort) }).start()
  },
  async pds() {
    const { PDS } = await load('@atproto/pds')
    const server = await PDS.fromEnv()
    await server.start()
  },
}

function settings() {
  const secret = () => randomBytes(32).toString('hex')
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: 'production',
    UV_USE_IO_URING: '0',
    LOG_ENABLED: 'true',
    PDS_PORT: port,
    PDS_HOSTNAME: 'pds.bench.test',
    PDS_DATA_DIRECTORY: data,
    PDS_BLOBSTORE_DISK_LOCATION: join(data, 'blobs'),
    PDS_BLOB_UPLOAD_LIMIT: String(100 * 1024 * 1024),
    PDS_DID_PLC_URL: `http://localhost:${plcPort}`,
    PDS_SERVICE_HANDLE_DOMAINS: '.test',
    PDS_JWT_SECRET: secret(),
    PDS_DPOP_SECRET: secret(),
    PDS_ADMIN_PASSWORD: process.env.PDS_ADMIN_PASSWORD ?? secret(),
    PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(),
    PDS_INVITE_REQUIRED: 'false',
    PDS_RATE_LIMITS_ENABLED: 'false',
    PDS_DISABLE_SSRF_PROTECTION: 'true',
  }
}

function start(name) {
  const child = fork(fileURLToPath(import.meta.url), [modules, data, port, plcPort, name], {
    env: settings(),
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return new Promise((started, failed) => {
    child.once('message', () => started(child))
    child.once('exit', (code) => failed(new Error(`${name} ended with ${code}`)))
  })
}

if (role) {
  await roles[role]()
  process.on('disconnect', () => process.exit(0)) // whoever started us is gone
  process.send('up')
} else {
  const plc = await start('plc')
  const pds = await start('pds')
  console.log(`ready ${JSON.stringify({ pds: pds.pid, plc: plc.pid })}`)
  const stop = () => {
    pds.kill('SIGKILL')
    plc.kill('SIGKILL')
    process.exit(0)
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
}
