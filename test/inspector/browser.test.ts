import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openBrowser } from '../shop/browser.js'
import { Lab } from './lab.js'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Somebody with the inspector open, and what their browser complains of. */
async function visit(t: Test, colorScheme: 'light' | 'dark', width: number) {
  const lab = await Lab.open(t, {}, {}, { history: 1000 })
  const url = await lab.app.listen({ port: 0, host: '127.0.0.1' })
  const { page, context } = await openBrowser(t, { colorScheme, viewport: { width, height: 800 } })
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  const post = (path: string) => context.request.post(url + path)
  return { page, complaints, post, at: (path: string) => page.goto(`${url}/_sessions${path}`) }
}

/** What axe finds to be no WCAG 2.2 AA, or bad practice. */
async function faults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const found = await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(tags)} })`)
  const { violations } = found as { violations: { id: string; nodes: { html: string }[] }[] }
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 320]
] as const) {
  t.test(`its pages are accessible and fit, in a ${colorScheme} theme at ${width} pixels`, async (t) => {
    const { page, complaints, post, at } = await visit(t, colorScheme, width)
    for (const path of ['/fill', '/prefs', '/sign-in/ada', '/sign-in/ada']) await post(path)
    const look = async (what: string) => {
      t.equal(await page.locator('h1').count(), 1, `${what}: headings`)
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${what}: width`)
      t.same(await faults(page), [], `${what}: axe`)
    }
    for (const path of ['', '/requests', '/sessions', '/stores', '/cookie/cart', '/ended', '/user']) {
      await at(path)
      await look(path)
    }
    await page.getByLabel('User, or another subject').fill('ada')
    await page.getByRole('button', { name: 'List sessions' }).click()
    await page.getByRole('button', { name: 'End this one' }).first().waitFor()
    await look('sessions of a user')
    await page.getByRole('link', { name: 'Open login' }).first().click()
    await page.getByText('As its browser has it').waitFor()
    await look('one session')
    await page.getByRole('button', { name: 'Destroy' }).click()
    await page.getByText('It is destroyed.').waitFor()
    await look('sessions after one is destroyed')
    await at('/ended')
    await page.getByLabel('Id of a session').fill('ada')
    await page.getByRole('button', { name: 'Why did it end?' }).click()
    await page.locator('.reason', { hasText: 'It was signed out: destroy() ended it' }).waitFor()
    await look('why it ended')
    t.same(complaints, [], 'no script fails, and nothing breaks the content security policy')
  })
}

t.test('requests appear while they happen', async (t) => {
  const { page, post, at } = await visit(t, 'light', 1280)
  await at('/requests')
  await page.getByText('Live', { exact: true }).waitFor()
  await post('/sign-in/ada')
  const row = page.locator('#requests > li').filter({ hasText: '/sign-in/:user' })
  await row.getByText('belongs to a user now').waitFor()
  t.equal(await row.count(), 1)
  t.equal(await page.getByText('Nothing has happened yet').isVisible(), false)
})

t.test(
  'a value is edited with the keyboard, and a session ended, by forms that the browser sends itself',
  async (t) => {
    const { page, post, at } = await visit(t, 'dark', 390)
    await post('/prefs')
    await at('')
    const prefs = page.getByRole('region', { name: 'prefs', exact: true })
    await prefs.getByText('Edit').focus()
    await page.keyboard.press('Enter')
    await prefs.getByLabel('theme, as JSON').fill('"light"')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await prefs.getByText('"light"', { exact: true }).first().waitFor()
    await prefs.getByRole('button', { name: 'Destroy' }).click()
    await prefs.getByText('not begun').waitFor()
    t.equal(await prefs.getByText('live', { exact: true }).count(), 0)
  }
)

t.test('the chosen theme is kept, and the system decides without a choice', async (t) => {
  const { page, at } = await visit(t, 'light', 1280)
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  await at('')
  t.equal(await ground(), 'rgb(246, 247, 249)')
  await page.getByLabel('Dark').check()
  t.equal(await ground(), 'rgb(16, 19, 24)')
  await at('/stores')
  t.equal(await ground(), 'rgb(16, 19, 24)')
  await page.getByLabel('System').check()
  await page.emulateMedia({ colorScheme: 'light' })
  t.equal(await ground(), 'rgb(246, 247, 249)')
})

t.test('a page of requests goes on by itself when the app is started anew, and keeps what it had', async (t) => {
  const first = await Lab.open(t)
  const url = await first.app.listen({ port: 0, host: '127.0.0.1' })
  const { page, context } = await openBrowser(t)
  await page.goto(`${url}/_sessions/requests`)
  await page.getByText('Live', { exact: true }).waitFor()
  await context.request.post(`${url}/fill`)
  const row = (route: string) => page.locator('#requests > li').filter({ hasText: route })
  await row('/fill').waitFor()
  await first.app.close()
  await page.getByText('Connecting again').waitFor()
  const second = await Lab.open(t)
  await second.app.listen({ port: Number(new URL(url).port), host: '127.0.0.1' })
  await context.request.post(`${url}/prefs`)
  await row('/prefs').waitFor()
  t.equal(await row('/fill').count(), 1)
  t.equal(await page.locator('#requests > li').count(), 2)
})

t.test('who may no longer use it is told so where a page is open', async (t) => {
  let mayUse = true
  const lab = await Lab.open(t, { authorize: () => mayUse })
  const url = await lab.app.listen({ port: 0, host: '127.0.0.1' })
  const feeds: ServerResponse[] = []
  lab.app.server.on('request', ({ url = '' }, response) => url.includes('/feed') && feeds.push(response))
  const { page } = await openBrowser(t)
  await page.goto(`${url}/_sessions/requests`)
  await page.getByText('Live', { exact: true }).waitFor()
  mayUse = false
  for (const feed of feeds) feed.end()
  await page.getByText('Not connected: reload the page').waitFor()
  mayUse = true
  await page.reload()
  await page.getByText('Live', { exact: true }).waitFor()
})
