// Looks again every few seconds while something is under way, until a form is sent: a reload then would take the place of its
// answer. Without it people follow the link "Look again".
//
//   data-progress   the part of the page that is replaced; another value: another step, which has other forms
//   data-from       where to look, if not at the page's own address; each answer says where to look next
//   data-pause      how long to wait, if not three seconds

const PAUSE_MS = 3000
let isLeaving = false
addEventListener('submit', () => { isLeaving = true })

const look = async () => {
  const old = document.querySelector('[data-progress]')
  try {
    const answer = await fetch(old.dataset.from || location.href, { headers: { Accept: 'text/html' } })
    if (answer.status >= 500) return wait() // restarting
    if (!answer.ok || answer.redirected) return
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    if (isLeaving) return
    const fresh = page.querySelector('[data-progress]')
    if (!fresh) return location.reload()
    if (fresh.dataset.progress !== old.dataset.progress) return old.dataset.from ? location.replace(old.dataset.from) : location.reload()
    Object.assign(old.dataset, fresh.dataset)
    if (fresh.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) old.replaceWith(fresh)
    if (!page.querySelector('script[src*="progress"]')) return
  } catch {
    // offline for a moment
  }
  wait()
}

const wait = () => setTimeout(look, Number(document.querySelector('[data-progress]')?.dataset.pause ?? PAUSE_MS))

wait()
