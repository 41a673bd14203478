// A person in a browser without scripts: keeps cookies, follows links, fills in forms, agrees. What leaves the host is
// not followed but given back: that is the way to the app.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'

const unescape = (text) =>
  text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? "'")

function attributes(tag) {
  const found = tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g)
  return Object.fromEntries([...found].slice(1).map(([, name, value]) => [name, unescape(value ?? '')]))
}

function forms(page) {
  return [...page.matchAll(/<form[^>]*>[^]*?<\/form>/g)].map(([text]) => {
    const fields = new URLSearchParams()
    for (const [tag] of text.matchAll(/<input[^>]*>/g)) {
      const { name, value = '', type = 'text', ...more } = attributes(tag)
      if (name && (type !== 'checkbox' || 'checked' in more)) fields.append(name, value || (type === 'checkbox' ? 'on' : ''))
    }
    return { ...attributes(text.slice(0, text.indexOf('>') + 1)), fields }
  })
}

export class Person {
  #cookies = new Map()

  constructor({ origin, handle, password }) {
    Object.assign(this, { origin, handle, password })
  }

  // Not fetch: that says Sec-Fetch-Mode cors, and pages where people sign in open in windows alone.
  async #ask(url, body) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const form = body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
    const headers = { cookie, origin: this.origin, referer: `${this.origin}/`, ...form }
    const request = http.request(url, { method: body ? 'POST' : 'GET', headers })
    request.end(body?.toString())
    const [response] = await once(request, 'response')
    const page = (await response.setEncoding('utf8').toArray()).join('')
    for (const set of response.headers['set-cookie'] ?? []) {
      const [, name, value] = set.match(/^([^=]+)=([^;]*)/)
      this.#cookies.set(name, value)
    }
    return { status: response.statusCode, location: response.headers.location, page }
  }

  /** Goes where the app sends them, signs in if asked, agrees to what is ticked. Gives the URL at the app. */
  async decide(start) {
    let url = String(start)
    let body
    for (let step = 0; step < 12; step++) {
      const { status, location, page } = await this.#ask(url, body)
      if (location) {
        const next = new URL(location, url)
        if (next.origin !== this.origin) return next
        ;[url, body] = [next.href, undefined]
        continue
      }
      const form = forms(page).find(({ fields }) => fields.has('password') || fields.has('scope'))
      assert.ok(form, `${url} is a dead end (${status}): ${page.replace(/<[^>]*>|\s+/g, ' ').slice(0, 400)}`)
      body = form.fields
      if (body.has('password')) {
        assert.ok(!page.includes('role="alert"'), 'signing in was refused')
        body.set('identifier', this.handle)
        body.set('password', this.password)
      } else {
        body.set('decision', 'allow')
      }
      url = new URL(form.action || '', url).href
    }
    throw new Error(`${url} leads nowhere`)
  }
}
