// Looks again every few seconds while something is under way. Without it people follow the link "Look again".

const PAUSE_MS = 3000

const look = async () => {
  const old = document.querySelector('[data-progress]')
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } })
    if (!answer.ok || answer.redirected) return
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const fresh = page.querySelector('[data-progress]')
    if (!fresh) return location.reload()
    if (fresh.dataset.progress !== old.dataset.progress) return location.reload() // another step: other forms
    if (fresh.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) old.replaceWith(fresh)
    if (!page.querySelector('script[src*="progress"]')) return
  } catch {
    // offline for a moment
  }
  setTimeout(look, PAUSE_MS)
}

setTimeout(look, PAUSE_MS)
