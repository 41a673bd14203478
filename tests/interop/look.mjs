// A page looked at with axe-core, light and dark, on a phone and on a desktop: WCAG 2.2 AA and its best practices, and nothing
// wider than the window. What is found is put into `faults`.
import path from 'node:path'
import axe from 'axe-core'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const SIZES = [{ width: 390, height: 844 }, { width: 1280, height: 800 }]
export const faults = []

// A context whose pages have axe before our own policy could keep it out.
export async function withAxe(browser, given) {
  const context = await browser.newContext(given)
  context.setDefaultTimeout(120_000) // a busy machine
  await context.addInitScript(axe.source)
  return context
}

export async function look(page, what, shots) {
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
}
