// Private keys and signatures as text: base58 (`z...`, multibase) and base64url, and whole numbers as bytes, the greatest first.

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const DIGITS_MAX = 60

export const P256_SECRET = [0x86, 0x26] // multicodec p256-priv
export const K256_SECRET = [0x81, 0x26] // multicodec secp256k1-priv

export const toNumber = (bytes) => [...bytes].reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
export const toBytes = (number, length) => Uint8Array.from({ length }, (_, at) => Number((number >> BigInt(8 * (length - 1 - at))) & 255n))
export const toBase64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
export const fromBase64url = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0))

// None of our texts begins with a zero byte, so leading ones need no care.
export const toBase58 = (bytes) => {
  let text = ''
  for (let left = toNumber(bytes); left; left /= 58n) text = ALPHABET[Number(left % 58n)] + text
  return `z${text}`
}

// The bytes behind one of the prefixes, and which prefix it was; an error for anything else.
export const fromBase58 = (text, prefixes, length) => {
  const digits = [...text.slice(1)].map((sign) => ALPHABET.indexOf(sign))
  if (text[0] !== 'z' || digits.includes(-1) || digits.length > DIGITS_MAX) throw new Error('not base58')
  const bytes = toBytes(digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n), 2 + length)
  const prefix = prefixes.find((each) => each.every((byte, at) => bytes[at] === byte))
  if (!prefix || toBase58(bytes) !== text) throw new Error('not such a key')
  return { prefix, bytes: bytes.slice(2) }
}
