// What `manage.py network` tells both services, and how they end.
const { env } = process

export const settings = {
  identities: env.NETWORK_IDENTITIES, // folder of keys
  plcUrl: env.NETWORK_PLC_URL,
  hosts: JSON.parse(env.NETWORK_HOSTS), // the tenants' hosts, the first one's URL first
  firehoses: JSON.parse(env.NETWORK_FIREHOSES), // what the app view reads
  databaseUrl: env.NETWORK_DATABASE_URL,
  appviewPort: Number(env.NETWORK_APPVIEW_PORT),
  ozonePort: Number(env.NETWORK_OZONE_PORT),
  adminPassword: env.NETWORK_ADMIN_PASSWORD, // of both services
}
export const appviewUrl = `http://localhost:${settings.appviewPort}`
export const ozoneUrl = `http://localhost:${settings.ozonePort}`

/** End in order at SIGTERM: each of the steps, whatever became of the one before. */
export function endWith(...steps) {
  const end = async () => {
    setTimeout(() => process.exit(0), 5_000).unref()
    for (const step of steps) await Promise.resolve().then(step).catch((fault) => console.error(fault))
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, end)
}
