// Signs with a recovery key in the browser: a token that proves a DID, or an operation of the PLC directory. The key's field has
// no name, so that no form ever sends it. Both curves of did:key; ECDSA by SEC 1, signatures with a low s.

import { K256_SECRET, P256_SECRET, fromBase58, toBase64url, toBytes, toNumber } from './keys.js'

const LIVES_S = 600
const CURVES = [
  {
    alg: 'ES256', prefix: P256_SECRET, a: -3n,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    g: [0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n, 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n],
  },
  {
    alg: 'ES256K', prefix: K256_SECRET, a: 0n,
    p: 2n ** 256n - 2n ** 32n - 977n,
    n: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    g: [0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n, 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n],
  },
]

const text = (value) => new TextEncoder().encode(value)
const modulo = (number, by) => ((number % by) + by) % by

const inverse = (number, by) => {
  let [r, last, x, lastX] = [modulo(number, by), by, 1n, 0n]
  while (r) {
    const times = last / r
    ;[last, r, lastX, x] = [r, last - times * r, x, lastX - times * x]
  }
  return modulo(lastX, by)
}

const add = ({ p, a }, one, other) => {
  if (!one || !other) return one ?? other
  const [[x1, y1], [x2, y2]] = [one, other]
  if (x1 === x2 && modulo(y1 + y2, p) === 0n) return null
  const slope = x1 === x2 ? (3n * x1 * x1 + a) * inverse(2n * y1, p) : (y2 - y1) * inverse(x2 - x1, p)
  const x = modulo(slope * slope - x1 - x2, p)
  return [x, modulo(slope * (x1 - x) - y1, p)]
}

const times = (curve, factor) => {
  let sum = null
  for (let point = curve.g; factor; factor >>= 1n, point = add(curve, point, point)) if (factor & 1n) sum = add(curve, sum, point)
  return sum
}

// `z…`, the multibase of a private key, or its 64 hexadecimal digits, as hosts of the k256 kind print it.
const parse = (typed) => {
  const written = typed.replaceAll(/\s/g, '')
  if (/^[0-9a-fA-F]{64}$/.test(written)) return checked(CURVES[1], BigInt(`0x${written}`))
  const { prefix, bytes } = fromBase58(written, CURVES.map((curve) => curve.prefix), 32)
  return checked(CURVES.find((curve) => curve.prefix === prefix), toNumber(bytes))
}

const checked = (curve, secret) => {
  if (secret <= 0n || secret >= curve.n) throw new Error('no key')
  return { curve, secret }
}

const sign = async ({ curve, secret }, message) => {
  const digest = toNumber(new Uint8Array(await crypto.subtle.digest('SHA-256', message)))
  for (;;) {
    const k = toNumber(crypto.getRandomValues(new Uint8Array(32)))
    if (k <= 0n || k >= curve.n) continue
    const r = modulo(times(curve, k)[0], curve.n)
    const s = modulo(inverse(k, curve.n) * (digest + r * secret), curve.n)
    if (!r || !s) continue
    const low = s > curve.n / 2n ? curve.n - s : s
    return toBase64url([...toBytes(r, 32), ...toBytes(low, 32)])
  }
}

// DAG-CBOR of what an operation is made of: maps (shorter keys first), lists, texts, null.
const head = (kind, count) => (count < 24 ? [kind | count] : count < 256 ? [kind | 24, count] : [kind | 25, count >> 8, count & 255])
const encode = (value) => {
  if (value === null) return [0xf6]
  if (typeof value === 'string') return [...head(0x60, text(value).length), ...text(value)]
  if (Array.isArray(value)) return [...head(0x80, value.length), ...value.flatMap(encode)]
  const keys = Object.keys(value).sort((one, other) => one.length - other.length || (one < other ? -1 : 1))
  return [...head(0xa0, keys.length), ...keys.flatMap((key) => [...encode(key), ...encode(value[key])])]
}

const made = {
  proof: async (form, key) => {
    const { did: iss, audience: aud, method: lxm } = form.dataset
    const jti = toBase64url(crypto.getRandomValues(new Uint8Array(16)))
    const exp = Math.floor(Date.now() / 1000) + LIVES_S
    const parts = [{ typ: 'JWT', alg: key.curve.alg }, { iss, aud, lxm, exp, jti }]
    const signed = parts.map((part) => toBase64url(text(JSON.stringify(part)))).join('.')
    return `${signed}.${await sign(key, text(signed))}`
  },
  operation: async (_form, key) => {
    const operation = JSON.parse(document.getElementById('operation').textContent)
    return JSON.stringify({ ...operation, sig: await sign(key, Uint8Array.from(encode(operation))) })
  },
}

for (const form of document.querySelectorAll('form[data-sign]')) {
  const name = form.dataset.sign
  const field = document.getElementById('key')
  const error = document.getElementById('key_error')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    try {
      const key = parse(field.value)
      form.elements[name].value = await made[name](form, key)
    } catch {
      error.textContent = error.dataset.wrong
      field.focus()
      return
    }
    form.submit()
  })
}

const shown = document.querySelector('[data-shown]')
if (shown) shown.textContent = JSON.stringify(JSON.parse(document.getElementById('operation').textContent), null, 2)
