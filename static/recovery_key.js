// Makes a recovery key in the browser, shows it once, and has it prove itself. The private half is sent nowhere: the form gets
// the public half (did:key) and a signature of the server's challenge. P-256, because that is what browsers have.

import { P256_SECRET as SECRET, fromBase58, fromBase64url, toBase58, toBase64url, toBytes, toNumber } from './keys.js'

const PUBLIC = [0x80, 0x24] // multicodec p256-pub
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
// y² = x³ - 3x + b over the integers modulo p: FIPS 186-4, D.1.2.3
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

const power = (base, exponent) => {
  let result = 1n
  for (let square = base; exponent; exponent >>= 1n, square = (square * square) % P) if (exponent & 1n) result = (result * square) % P
  return result
}

// The second coordinate of a compressed point: p is 3 modulo 4.
const whole = (point) => {
  const x = toNumber(point.slice(1))
  const root = power((x ** 3n - 3n * x + B) % P + P, (P + 1n) / 4n)
  return { x, y: Number(root & 1n) === (point[0] & 1) ? root : P - root }
}

const make = async () => {
  const { privateKey } = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
  const { d, x, y } = await crypto.subtle.exportKey('jwk', privateKey)
  const sign = 2 + (fromBase64url(y).at(-1) & 1)
  const didKey = `did:key:${toBase58([...PUBLIC, sign, ...fromBase64url(x)])}`
  return { secret: toBase58([...SECRET, ...fromBase64url(d)]), didKey }
}

const signed = async (text, didKey, challenge) => {
  const d = fromBase58(text.replaceAll(/\s/g, ''), [SECRET], 32).bytes
  const { x, y } = whole(fromBase58(didKey.replace('did:key:', ''), [PUBLIC], 33).bytes)
  const [jx, jy] = [x, y].map((number) => toBase64url(toBytes(number, 32)))
  const jwk = { kty: 'EC', crv: 'P-256', d: toBase64url(d), x: jx, y: jy }
  const bytes = new TextEncoder().encode(challenge)
  const key = await crypto.subtle.importKey('jwk', jwk, ECDSA, false, ['sign'])
  const signature = new Uint8Array(await crypto.subtle.sign(ECDSA, key, bytes))
  const check = await crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x: jx, y: jy }, ECDSA, false, ['verify'])
  if (!(await crypto.subtle.verify(ECDSA, check, signature, bytes))) throw new Error('another key')
  return toBase64url(signature)
}

const box = document.querySelector('[data-recovery-key]')
const form = document.querySelector('[data-key-form]')
const elsewhere = document.querySelector('[data-elsewhere]')
const typed = document.getElementById('secret')
const error = document.getElementById('secret_error')
const { challenge, did, handle, host, file } = box.dataset
let made = { didKey: box.dataset.key }

const field = (name) => form.querySelector(`[name="${name}"]`)
const step = (name) => box.querySelector(`[data-step="${name}"]`)
const go = (from, to) => {
  step(from).hidden = true
  step(to).hidden = false
  step(to).querySelector('h2').focus()
}

const acts = {
  make: async () => {
    made = await make()
    box.querySelector('[data-show="secret"]').textContent = made.secret
    box.querySelector('[data-show="did_key"]').textContent = made.didKey
    elsewhere.hidden = true
    go('make', 'keep')
  },
  print: () => window.print(),
  download: () => {
    const lines = [`@${handle}`, did, host, '', made.didKey, made.secret, '']
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([lines.join('\n')], { type: 'text/plain' }))
    link.download = `${file}-${handle || 'account'}.txt`
    link.click()
    URL.revokeObjectURL(link.href)
  },
  kept: () => {
    box.querySelector('[data-show="secret"]').textContent = ''
    made = { didKey: made.didKey }
    go('keep', 'prove')
  },
  prove: async () => {
    try {
      field('signature').value = await signed(typed.value, made.didKey, challenge)
    } catch {
      error.textContent = error.dataset.wrong
      typed.setAttribute('aria-invalid', 'true')
      return typed.focus()
    }
    field('challenge').value = challenge
    if (field('did_key')) {
      field('did_key').value = made.didKey
      field('name').value = document.getElementById('kept_at').value
    }
    typed.value = ''
    form.submit()
  },
}

for (const button of box.querySelectorAll('[data-do]')) button.addEventListener('click', acts[button.dataset.do])
typed.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') acts.prove()
})
if (window.crypto?.subtle) {
  box.hidden = false
  if (elsewhere && !elsewhere.querySelector('.error, .notice')) elsewhere.open = false
}
