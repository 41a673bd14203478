// The pages of a sign-in with OAuth in Chromium, where browsers make trouble: without scripts and by keyboard alone, in a
// sheet of an iPhone that loses cookies, in a frame, clicked twice, and with an app whose own server leads on to another
// origin, which Chromium holds to the page's content security policy. Exit status 0 when all of it held.
//
//   node sign_ins.mjs --url http://localhost:2583
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { createServer, request as demand } from 'node:http'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { faults, look, withAxe } from './look.mjs'

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, shots: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' } },
})
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1'
const SCOPE = 'atproto repo:app.bsky.feed.post account:email'
const name = `signer${Date.now().toString(36).slice(-6)}`
const password = 'correct horse battery'

async function listen(answer) {
  const server = createServer(answer)
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return server
}

// A proxy that lets no cookie through.
async function loseCookies() {
  const proxy = await listen((request, response) => {
    const { cookie, ...headers } = request.headers
    const forward = demand(request.url, { method: request.method, headers }, (answer) => {
      const { 'set-cookie': lost, ...kept } = answer.headers
      response.writeHead(answer.statusCode, kept)
      answer.pipe(response)
    })
    request.pipe(forward)
  })
  return { server: `http://127.0.0.1:${proxy.address().port}`, close: () => proxy.close() }
}

// An app that keeps what comes back to it, and sends people on to its front page at another origin.
async function serveApp() {
  const seen = []
  const front = await listen((request, response) => { response.setHeader('content-type', 'text/html'); response.end('<title>front</title>') })
  const back = await listen(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const url = new URL(request.url, 'http://127.0.0.1')
    if (url.pathname === '/frame') {
      response.setHeader('content-type', 'text/html')
      response.end(`<title>framing</title><iframe src="${url.searchParams.get('page')}"></iframe>`)
      return
    }
    seen.push(Object.fromEntries(request.method === 'POST' ? new URLSearchParams(body) : url.searchParams))
    response.writeHead(303, { location: `http://127.0.0.1:${front.address().port}/` }).end()
  })
  const origin = `http://127.0.0.1:${back.address().port}`
  return { origin, seen, redirectUri: `${origin}/back`, close: () => { front.close(); back.close() } }
}

async function call(method, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${options.url}/xrpc/com.atproto.server.${method}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await answer.text()
  assert.ok(answer.ok, text)
  return text ? JSON.parse(text) : null
}

// The address that the app opens.
async function push(app, more = {}) {
  const redirect = new URL(app.redirectUri)
  redirect.port = ''
  const client_id = `http://localhost?${new URLSearchParams({ redirect_uri: redirect.href, scope: SCOPE })}`
  const code_challenge = createHash('sha256').update(randomBytes(32)).digest('base64url')
  const body = new URLSearchParams({ client_id, redirect_uri: app.redirectUri, response_type: 'code', scope: SCOPE, state: 's', code_challenge, code_challenge_method: 'S256', ...more })
  const answer = await fetch(`${options.url}/oauth/par`, { method: 'POST', body })
  const { request_uri, error_description } = await answer.json()
  assert.ok(request_uri, error_description)
  return `${options.url}/oauth/authorize?${new URLSearchParams({ client_id, request_uri })}`
}

async function signIn(page, who = name, { isRemembered = false } = {}) {
  await page.getByLabel('Handle or e-mail address').fill(who)
  if (isRemembered) await page.getByLabel(/^Remember this account/).check()
  await page.getByLabel('Password').fill(password)
  await page.getByLabel('Password').press('Enter')
  await page.getByRole('button', { name: /^(Allow|Reactivate the account)$/ }).waitFor()
}

async function inContext(browser, given, story) {
  const context = await withAxe(browser, { locale: 'en', ...given })
  await story(await context.newPage(), context)
  await context.close()
}

const atTheFront = (page) => page.waitForFunction(() => document.title === 'front')

const proxy = await loseCookies()
const STORIES = {
  'without scripts, by keyboard alone, what was unticked is not granted': [{ javaScriptEnabled: false }, async (page, context, app) => {
    await page.goto(await push(app))
    await signIn(page)
    const boxes = page.getByRole('checkbox')
    assert.equal(await boxes.count(), 2)
    await page.getByLabel('See your e-mail address').focus()
    await page.keyboard.press('Space')
    for (let step = 0; step < 10 && !(await page.getByRole('button', { name: 'Allow' }).evaluate((e) => e === document.activeElement)); step++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.origin !== options.url)
    assert.match(app.seen.at(-1).code, /^cod-/)
    assert.equal(app.seen.at(-1).iss, options.url)
  }],
  'without scripts form_post takes one more button': [{ javaScriptEnabled: false }, async (page, context, app) => {
    await page.goto(await push(app, { response_mode: 'form_post' }))
    await signIn(page)
    await page.getByRole('button', { name: 'Allow' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL((url) => url.origin !== options.url)
    assert.match(app.seen.at(-1).code, /^cod-/)
  }],
  'with scripts form_post sends itself': [{}, async (page, context, app) => {
    await page.goto(await push(app, { response_mode: 'form_post' }))
    await signIn(page)
    await page.getByRole('button', { name: 'Allow' }).click()
    await atTheFront(page)
    assert.equal(app.seen.at(-1).state, 's')
  }],
  'an app that leads on to another origin gets its person there': [{}, async (page, context, app) => {
    await page.goto(await push(app))
    await signIn(page)
    await page.getByRole('button', { name: 'Allow' }).click()
    await atTheFront(page)
  }],
  'a double click gives one code': [{}, async (page, context, app) => {
    await page.goto(await push(app))
    await signIn(page)
    await page.getByRole('button', { name: 'Allow' }).dblclick()
    await atTheFront(page)
    assert.match(app.seen.at(-1).code, /^cod-/)
  }],
  'saying no, or going back, tells the app': [{}, async (page, context, app) => {
    await page.goto(await push(app))
    await signIn(page)
    await page.getByRole('button', { name: 'Deny' }).click()
    await atTheFront(page)
    assert.equal(app.seen.at(-1).error, 'access_denied')
    await page.goto(await push(app, { prompt: 'create' }))
    await page.getByRole('link', { name: /^Cancel/ }).click()
    await atTheFront(page)
    assert.equal(app.seen.at(-1).error, 'access_denied')
  }],
  'an iPhone that keeps cookies passes the test by itself': [{ userAgent: IPHONE, viewport: { width: 390, height: 844 } }, async (page, context, app) => {
    await page.goto(await push(app))
    await signIn(page)
    await page.getByRole('button', { name: 'Allow' }).click()
    await atTheFront(page)
  }],
  'an iPhone that loses cookies is told, and then the app': [{ userAgent: IPHONE, proxy: { server: proxy.server, bypass: '<-loopback>' } }, async (page, context, app) => {
    await page.goto(await push(app))
    await page.getByRole('heading', { name: 'Cookies are off' }).waitFor()
    await look(page, 'cookies are off', options.shots)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL((url) => url.origin !== options.url)
    assert.equal(app.seen.at(-1).error_description, 'ERR_COOKIES_UNSUPPORTED')
  }],
  'several accounts at a browser, one of them deactivated': [{}, async (page, context, app) => {
    await page.goto(await push(app))
    await signIn(page, name, { isRemembered: true })
    const other = await push(app)
    await page.goto(other.replace('/authorize?', '/authorize/sign-in?'))
    await signIn(page, resting, { isRemembered: true })
    await look(page, 'an account that is not active', options.shots)
    await page.goto(await push(app))
    await look(page, 'choose an account', options.shots)
    await page.getByRole('button', { name: `@${resting}.test`, exact: true }).click()
    await page.getByRole('button', { name: 'Reactivate the account' }).click()
    await page.getByRole('button', { name: 'Allow' }).click()
    await atTheFront(page)
    assert.match(app.seen.at(-1).code, /^cod-/)
  }],
  'a request of another browser is no longer anybody\'s': [{}, async (page, context, app) => {
    const url = await push(app)
    await page.goto(url)
    const other = await withAxe(context.browser(), { locale: 'en' })
    await (await other.newPage()).goto(url)
    await other.close()
    assert.equal(app.seen.at(-1).error, 'access_denied')
    await page.getByLabel('Password').press('Enter')
    await page.getByText('Go back to the app and start again there.').waitFor()
    await look(page, 'sign-in stopped', options.shots)
  }],
  'no page can be framed': [{}, async (page, context, app) => {
    await page.goto(`${app.origin}/frame?${new URLSearchParams({ page: await push(app) })}`)
    assert.equal(await page.frameLocator('iframe').getByLabel('Password').count(), 0)
  }],
}

const resting = `${name}z`
const { accessJwt } = await call('createAccount', { handle: `${resting}.test`, email: `${resting}@example.com`, password })
await call('deactivateAccount', {}, accessJwt)
await call('createAccount', { handle: `${name}.test`, email: `${name}@example.com`, password })
const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--disable-gpu'] })
const app = await serveApp()
try {
  for (const [what, [given, story]] of Object.entries(STORIES)) {
    console.log(what)
    await inContext(browser, given, (page, context) => story(page, context, app))
  }
  assert.deepEqual(faults, [])
  console.log('every sign-in held')
} finally {
  await browser.close()
  app.close()
  proxy.close()
}
