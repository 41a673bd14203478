// Says, while one types, whether the handle is free. The form works without it: the server decides.

const PAUSE_MS = 300
const picker = document.querySelector('[data-handle-picker]')
const label = picker.querySelector('[data-handle]')
const domain = picker.querySelector('[name="domain"]')
const status = document.getElementById('handle-status')
const others = document.getElementById('handle-suggestions')
let timer
let asking

label.setAttribute('aria-describedby', `${label.getAttribute('aria-describedby') ?? ''} ${status.id}`.trim())

const wanted = () => {
  const typed = label.value.trim().toLowerCase().replace(/^@/, '')
  const bare = typed.endsWith(domain.value) ? typed.slice(0, -domain.value.length) : typed
  return bare && bare + domain.value
}

const show = (text, kind) => {
  status.textContent = text
  status.className = `status ${kind}`
}

const take = (handle) => {
  const ending = [...(domain.options ?? [domain])].map((one) => one.value).find((one) => handle.endsWith(one))
  label.value = handle.slice(0, -ending.length)
  domain.value = ending
  askSoon()
  label.focus()
}

const suggest = (handles) => {
  const buttons = handles.map((handle) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'suggestion'
    button.textContent = `@${handle}`
    button.addEventListener('click', () => take(handle))
    return button
  })
  others.replaceChildren(...(buttons.length ? [others.dataset.label, ...buttons] : []))
}

const ask = async () => {
  const handle = wanted()
  if (!handle) {
    suggest([])
    return show('', '')
  }
  asking = new AbortController()
  const url = `${picker.dataset.handlePicker}?handle=${encodeURIComponent(handle)}`
  try {
    const answer = await (await fetch(url, { signal: asking.signal })).json()
    show(answer.message, answer.available ? 'free' : 'taken')
    suggest(answer.suggestions)
  } catch (error) {
    if (error.name !== 'AbortError') show('', '')
  }
}

const askSoon = () => {
  clearTimeout(timer)
  asking?.abort()
  timer = setTimeout(ask, PAUSE_MS)
}

label.addEventListener('input', askSoon)
domain.addEventListener('change', askSoon)
