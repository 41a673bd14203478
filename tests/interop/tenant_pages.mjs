// A tenant by the wizard's pages, and its owner's first steps: what tenants.mjs and provider_story.mjs have in common.
export const password = 'correct horse battery'

// Presses a button of `main` and waits for what comes.
export async function press(page, name) {
  await Promise.all([page.waitForEvent('load'), page.getByRole('main').getByRole('button', { name, exact: true }).first().click()])
}

export async function fill(page, fields, button = 'Continue') {
  for (const [field, value] of Object.entries(fields)) {
    const input = page.locator(`main [name=${field}]`).first()
    const kind = await input.evaluate((each) => each.type)
    if (kind === 'select-one') await input.selectOption(value)
    else if (kind === 'checkbox') await input.setChecked(value)
    else if (kind === 'file') await input.setInputFiles(value)
    else await input.fill(value)
  }
  await press(page, button)
}

export async function signIn(page, url, username, secret) {
  await page.goto(`${url}/console/login/`)
  await fill(page, { username, password: secret }, await page.locator('main button[type=submit]').first().innerText())
}

// Through the wizard to an open host; the link of the first invitation. `see` looks at each page.
export async function setUp(page, url, { name = 'Oak & Sons', slug, domain, plan = '' }, see) {
  await page.goto(`${url}/console/tenants/`)
  await see(page, 'tenants')
  await press(page, 'New tenant')
  await fill(page, { name, slug: 'a b', owner_email: 'olga' })
  await see(page, 'a refused step')
  await fill(page, { slug, owner_email: `olga@${domain}`, plan })
  await fill(page, { hostname: slug, domains: domain })
  await fill(page, { primary_colour: '#ffd400', operator: `${name}, Bremen`, country: 'DE' }, 'Preview')
  await page.getByText('too little to read').first().waitFor()
  await see(page, 'branding')
  await press(page, 'Continue')
  await fill(page, { admission: 'invite', invite_uses: '3' })
  await see(page, 'before the checks')
  await press(page, 'Check now')
  await page.getByText('The host answers from outside.').waitFor()
  await see(page, 'checks')
  await press(page, 'Open the host and invite the owner')
  await see(page, 'an open host')
  const link = await page.locator('main a[href*="sign-up"]').getAttribute('href')
  await press(page, 'Done')
  await page.goto(`${url}/console/tenants/?q=${slug}`)
  await page.getByRole('link', { name, exact: true }).click()
  await see(page, 'a tenant')
  return link
}

// The owner, by the link of the letter.
export async function join(page, home, username) {
  await page.goto(`${home}/dev/mail`)
  const path = (await page.content()).match(/\/console\/join\/[\w-]+\//)[0]
  await page.goto(home + path)
  await fill(page, { username, password }, 'Join the staff')
  await page.waitForURL(`${home}/console/`)
}

// Loads a job's page anew until it says so.
export async function reloadUntil(page, said) {
  for (let turn = 0; !(await page.getByText(said, { exact: true }).count()); turn += 1) {
    if (turn > 240) throw new Error(`never "${said}": ${await page.getByRole('main').innerText()}`)
    await page.waitForTimeout(500)
    await page.reload()
  }
}
