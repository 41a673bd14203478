// A page looked at with axe-core, light and dark, on a phone and on a desktop: WCAG 2.2 AA and its best practices, and nothing
// wider than the window. It weighs no more than 150 KB with all that belongs to it, and the Tab key leads to whatever can be
// used, with a focus that is seen. What is found is put into `faults`.
import path from 'node:path'
import axe from 'axe-core'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const MAX_BYTES = 150_000
const SIZES = [{ width: 390, height: 844 }, { width: 1280, height: 800 }]
export const faults = []
export const heaviest = { what: '', bytes: 0 }

// A context whose pages have axe before our own policy could keep it out.
export async function withAxe(browser, given) {
  const context = await browser.newContext(given)
  context.setDefaultTimeout(120_000) // a busy machine
  await context.addInitScript(axe.source)
  return context
}

// As decoded: what a browser holds, whatever the wire makes of it.
async function weigh(page, what) {
  const bytes = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .reduce((sum, each) => sum + each.decodedBodySize, 0))
  if (bytes > MAX_BYTES) faults.push(`${what}: ${bytes} bytes`)
  if (bytes > heaviest.bytes) Object.assign(heaviest, { what, bytes })
}

// Run in the page: what the Tab key should lead to, one of each group of radio buttons.
function list() {
  const able = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]'
  const found = [...document.querySelectorAll(able)].filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility())
  const groups = new Map(found.filter((each) => each.type === 'radio').map((each) => [each.name, each]))
  for (const each of found) if (each.type === 'radio' && each.checked) groups.set(each.name, each)
  document.body.tabIndex = -1 // from the beginning: the focus must not get out of the page, which then may ask for no passkey
  document.body.focus()
  document.body.removeAttribute('tabindex')
  window.toReach = found.filter((each) => each.type !== 'radio' || groups.get(each.name) === each)
  return window.toReach.map((each) => `${each.localName} "${(each.innerText || each.name || each.id).trim().slice(0, 30)}"`)
}

// Run in the page: which of them has the focus, and whether that is seen.
function focused() {
  const here = document.activeElement
  const style = getComputedStyle(here)
  const isOutlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
  const at = window.toReach.findIndex((each) => each === here || (here.type === 'radio' && each.name === here.name))
  return [at, isOutlined || style.boxShadow !== 'none']
}

async function tabThrough(page, what) {
  const names = await page.evaluate(list)
  const left = new Set(names.keys())
  for (let turn = 0; left.size && turn < 2 * names.length + 10; turn += 1) {
    await page.keyboard.press('Tab')
    const [at, isSeen] = await page.evaluate(focused)
    if (left.delete(at) && !isSeen) faults.push(`${what}: no focus is seen at ${names[at]}`)
  }
  for (const at of left) faults.push(`${what}: the Tab key does not lead to ${names[at]}`)
}

export async function look(page, what, shots) {
  await weigh(page, what)
  for (const viewport of SIZES) {
    await page.setViewportSize(viewport)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (wide > 0) faults.push(`${what}: ${wide} px wider than ${viewport.width}`)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const found = await page.evaluate((values) => window.axe.run({ runOnly: values }), TAGS)
      for (const { id, nodes } of found.violations) {
        faults.push(`${what}, ${viewport.width} px, ${colorScheme}: ${id} at ${nodes.map((node) => node.target).join(', ')}`)
      }
      const name = `${what.replaceAll(/\W+/g, '-')}-${viewport.width}-${colorScheme}.png`
      if (shots) await page.screenshot({ path: path.join(shots, name), fullPage: true })
    }
  }
  await tabThrough(page, what)
}
