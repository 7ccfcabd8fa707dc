import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import t from 'tap'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { add, fillAddress, press, signIn, signInAsStaff } from './visitor.js'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Goes through the shop, and calls `look` at each page. */
async function walk(page: Page, shop: Shop, look: (what: string) => Promise<void>): Promise<void> {
  const at = async (path: string) => {
    await page.goto(shop.url + path)
    await look(path)
  }
  await at('/')
  await add(page, 'Kitchen radio')
  await look('added')
  for (const path of ['/cart', '/preferences', '/nothing', '/sign-in']) await at(path)
  await signIn(page, shop, { password: 'wrong' })
  await look('sign-in refused')
  await signIn(page, shop)
  await look('signed in')
  await at('/account')
  await at('/behind-the-scenes')
  await press(page, 'Run all seven')
  // What was just run fades in: looked at when it has.
  await at('/behind-the-scenes')
  t.equal(await page.locator('ol.timeline').count(), 9)
  await at('/checkout')
  await fillAddress(page, { Postcode: '?!' })
  await press(page, 'Go on to delivery')
  await look('address refused')
  await fillAddress(page)
  await press(page, 'Go on to delivery')
  await look('delivery')
  await page.getByLabel('Express').check()
  await press(page, 'Go on to the review')
  await look('review')
  await press(page, 'Place the order')
  await look('done')
  await at('/admin')
  await signInAsStaff(page, shop)
  await look('orders')
}

for (const [colorScheme, width] of [
  ['light', 390],
  ['dark', 320]
] as const) {
  t.test(`every page is accessible and fits, in a ${colorScheme} theme at ${width} pixels`, async (t) => {
    const shop = await Shop.open(t)
    const { page } = await openBrowser(t, { colorScheme, viewport: { width, height: 800 } })
    const broken: string[] = []
    page.on('console', (message) => message.text().includes('Content Security Policy') && broken.push(message.text()))
    page.on('pageerror', (error) => broken.push(error.message))
    await walk(page, shop, async (what) => {
      t.equal(await page.locator('h1').count(), 1, `${what}: headings`)
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${what}: width`)
      t.same(await faults(page), [], `${what}: axe`)
    })
    t.same(broken, [], 'no script fails, and none breaks the content security policy')
  })
}

/** What axe finds to be no WCAG 2.2 AA, or bad practice. */
async function faults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const found = await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(tags)} })`)
  const { violations } = found as { violations: { id: string; nodes: { html: string }[] }[] }
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}
