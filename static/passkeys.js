// Asks the browser for a passkey when a button with `data-passkey` is pressed, and sends its form with the answer. Such buttons
// are hidden where nothing could come of them.
//
//   data-passkey       "get" (show one) or "create" (make one)
//   data-options       what we ask for, JSON; or data-options-url, where it is to be had fresh
//   data-field         where the answer goes, if not into `passkey`
//   data-action        where the form goes, if not to its own address
//   data-conditional   offer passkeys in the name's field, too, without a press

const REFRESHED_MS = 240_000 // a challenge lives for five minutes
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0))
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

const asked = async (button) => {
  const { options, optionsUrl } = button.dataset
  const json = options ? JSON.parse(options) : await (await fetch(optionsUrl, { headers: { Accept: 'application/json' } })).json()
  const known = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }))
  return {
    ...json,
    challenge: bytes(json.challenge),
    ...(json.user && { user: { ...json.user, id: bytes(json.user.id) } }),
    ...(json.allowCredentials && { allowCredentials: known(json.allowCredentials) }),
    ...(json.excludeCredentials && { excludeCredentials: known(json.excludeCredentials) }),
  }
}

const answered = ({ id, rawId, type, response }) => ({
  id,
  rawId: base64url(rawId),
  type,
  response: {
    clientDataJSON: base64url(response.clientDataJSON),
    ...(response.attestationObject && {
      attestationObject: base64url(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    }),
    ...(response.authenticatorData && {
      authenticatorData: base64url(response.authenticatorData),
      signature: base64url(response.signature),
    }),
    ...(response.userHandle?.byteLength && { userHandle: base64url(response.userHandle) }),
  },
})

const send = (button, credential) => {
  const { form } = button
  form.elements[button.dataset.field ?? 'passkey'].value = JSON.stringify(answered(credential))
  form.action = button.dataset.action ?? form.action
  form.submit()
}

let waiting // for a choice in the name's field

const offer = async (button) => {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
  waiting = new AbortController()
  const { signal } = waiting
  const again = setTimeout(() => {
    waiting.abort()
    offer(button)
  }, REFRESHED_MS)
  try {
    const publicKey = await asked(button)
    send(button, await navigator.credentials.get({ publicKey, mediation: 'conditional', signal }))
  } catch {
    if (signal !== waiting.signal) return // asked for anew
    clearTimeout(again) // the button was pressed, or there is none
  }
}

const press = async (button) => {
  const problem = button.form.querySelector('[data-passkey-problem]')
  problem.hidden = true
  waiting?.abort()
  try {
    const publicKey = await asked(button)
    send(button, await navigator.credentials[button.dataset.passkey]({ publicKey }))
  } catch {
    problem.setAttribute('role', 'alert')
    problem.hidden = false
    button.focus()
  }
}

for (const button of window.PublicKeyCredential ? document.querySelectorAll('[data-passkey]') : []) {
  button.hidden = false
  button.addEventListener('click', () => press(button))
  if ('conditional' in button.dataset) offer(button)
}
