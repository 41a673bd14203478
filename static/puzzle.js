// Solves the sign-up's puzzle while the form is filled in: a number that makes the SHA-256 of
// `challenge:number` begin with so many zero bits. Whoever is quicker than the puzzle waits for it.

const AT_ONCE = 512
const box = document.querySelector('[data-puzzle]')
const form = box.closest('form')
const answer = box.querySelector('input')
const status = box.querySelector('[role="status"]')
const bits = Number(box.dataset.bits)
const encoder = new TextEncoder()

const zeroBits = (hash) => {
  const bytes = new Uint8Array(hash)
  const full = bytes.findIndex((byte) => byte !== 0)
  return full < 0 ? bytes.length * 8 : full * 8 + Math.clz32(bytes[full]) - 24
}

const tried = async (number) => {
  const text = `${box.dataset.puzzle}:${number}`
  const hash = await crypto.subtle.digest('SHA-256', encoder.encode(text))
  return zeroBits(hash) >= bits ? text : null
}

const solve = async () => {
  for (let first = 0; ; first += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, step) => tried(first + step))
    const found = (await Promise.all(some)).find(Boolean)
    if (found) return found
  }
}

const solved = solve().then((found) => {
  answer.value = found
  if (status.textContent) status.textContent = box.dataset.solved
})

form.addEventListener('submit', (event) => {
  if (answer.value) return
  event.preventDefault()
  status.textContent = box.dataset.working
  solved.then(() => form.requestSubmit())
})
