// The moderation desk's keyboard, and no page load between two cases. Without it everything is links and forms.
//
//   data-swap      a link or a form whose answer takes the place of `main`
//   data-key       the letter that follows a link, presses a button, opens a form, or goes to a field
//   data-viewers   who else looks at the case: asked for again and again

const VIEWERS_MS = 30_000
const main = document.querySelector('main')

const swap = async (address, options) => {
  let answer
  try {
    answer = await fetch(address, options)
  } catch {
    return false // offline: the browser says so better
  }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const fresh = page.querySelector('main')
  // A refusal stands at the form's address, which takes no GET: the page itself says as much.
  if (!fresh || !fresh.querySelector('[data-desk]')) return location.assign(options && !answer.redirected ? location.href : answer.url)
  main.replaceChildren(...fresh.childNodes)
  document.title = page.title
  if (answer.url !== location.href) history.pushState(null, '', answer.url)
  main.focus()
  window.scrollTo(0, 0)
  return true
}

document.addEventListener('click', async (event) => {
  const link = event.target.closest('a[data-swap]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  event.preventDefault()
  if (await swap(link.href) === false) location.assign(link.href)
})

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form[data-swap]')
  if (!form) return
  event.preventDefault()
  if (form.dataset.sent) return // one press, one action
  form.dataset.sent = 'yes'
  if (await swap(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) }) === false) delete form.dataset.sent
})

window.addEventListener('popstate', () => swap(location.href))

const use = (element) => {
  if (element.matches('details')) {
    element.open = !element.open
    if (element.open) (element.querySelector('input:not([type=hidden]), select, textarea') ?? element.querySelector('summary')).focus()
    else element.querySelector('summary').focus()
  } else if (element.matches('a, button')) element.click()
  else element.focus()
}

const rows = () => [...document.querySelectorAll('tr[data-row]')]

// On the queue j and k go from row to row.
const step = (by) => {
  const all = rows()
  const at = all.findIndex((row) => row.contains(document.activeElement))
  const row = all[Math.min(Math.max(at + by, 0), all.length - 1)]
  row?.querySelector('a').focus()
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    const open = document.activeElement.closest('details[open]')
    if (open) use(open)
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target.closest('input:not([type=checkbox]), textarea, select')) return
  const element = main.querySelector(`[data-key="${CSS.escape(event.key)}"]`)
  if (element) use(element)
  else if (rows().length && event.key === 'j') step(1)
  else if (rows().length && event.key === 'k') step(-1)
  else return
  event.preventDefault()
})

setInterval(async () => {
  const old = document.querySelector('[data-viewers]')
  if (!old || document.hidden) return
  try {
    const answer = await fetch(old.dataset.viewers)
    if (!answer.ok || answer.redirected) return
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-viewers]')
    if (fresh && old.isConnected) old.replaceWith(fresh)
  } catch {
    // offline for a moment
  }
}, VIEWERS_MS)
