// Serves browser_app.js on a loopback port, bundled, as an app's own website would.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export async function serveApp() {
  const entry = fileURLToPath(new URL('browser_app.js', import.meta.url))
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', target: 'chrome120', write: false, logLevel: 'error' })
  const page = '<!doctype html><html lang="en"><title>loading</title><h1>An app</h1><script type="module" src="/app.js"></script></html>'
  const server = createServer((request, response) => {
    const isScript = request.url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(isScript ? outputFiles[0].text : page)
  })
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}
