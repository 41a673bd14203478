// One host as a script asks it: XRPC without a library, and what a person reads in the sandbox's mail.
import assert from 'node:assert/strict'

export class Client {
  constructor(url, token = '') {
    this.url = url
    this.token = token
  }

  async ask(method, body) {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(this.token && { authorization: `Bearer ${this.token}` }) }
    return fetch(`${this.url}/xrpc/${method}`, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) })
  }

  async call(method, body) {
    const answer = await this.ask(method, body)
    assert.ok(answer.ok, `${method}: ${answer.status}`)
    return answer.json()
  }

  // A new account, signed in: `did`, `handle` and `email` are its own.
  async signUp(handle, password) {
    const email = `${handle}@example.com`
    const { did, accessJwt } = await this.call('com.atproto.server.createAccount', { handle, email, password })
    return Object.assign(new Client(this.url, accessJwt), { did, handle, email, password })
  }
}
