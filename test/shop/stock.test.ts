import { randomUUID } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import { clock } from '../client.js'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { press, signIn, signOutOf } from './visitor.js'

const MINUTE = 60_000
const LIVE = 'What is left is counted live.'
const ENDED = 'The live count has ended: you are signed out.'

async function order(shop: Shop, items: Record<string, number>): Promise<void> {
  const address = { name: 'Ada', email: 'ada@example.org', street: 'A street', postcode: '1234', city: 'London' }
  const at = Date.now()
  await shop.orders.place({ id: randomUUID(), at, address, delivery: 'express', items, total: 1, currency: 'EUR' })
}

async function says(page: Page, text: string): Promise<void> {
  await page.locator('#live', { hasText: text }).waitFor()
}

/** The stream as a program reads it, with what the browser would send. */
async function listen(shop: Shop, context: BrowserContext) {
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  const response = await fetch(`${shop.url}/stock`, { headers: { cookie } })
  return { response, cookie }
}

t.test('who is signed in sees the stock fall as others buy, without a reload', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await says(page, LIVE)
  const mugs = page.locator('[data-stock="mug"]')
  t.equal(await mugs.textContent(), '24')
  await order(shop, { mug: 5 })
  await mugs.filter({ hasText: /^19$/ }).waitFor()
  await order(shop, { mug: 19, teapot: 1 })
  await mugs.filter({ hasText: /^24$/ }).waitFor()
  t.equal(await page.textContent('[data-stock="teapot"]'), '11', 'and an empty shelf is filled again')
})

t.test('the live count ends when the session is ended from another device, and the page says so', async (t) => {
  const shop = await Shop.open(t)
  const [here, there] = [await openBrowser(t), await openBrowser(t)]
  await signIn(here.page, shop)
  await says(here.page, LIVE)
  await signIn(there.page, shop)
  await there.page.goto(`${shop.url}/account`)
  const again: string[] = []
  here.page.on('request', (request) => again.push(request.url()))
  await press(there.page, 'Sign out everywhere else')
  await says(here.page, ENDED)
  t.same(again, [], 'and does not ask again')
})

t.test('the live count in one tab ends with a sign-out in another', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await signIn(page, shop)
  await says(page, LIVE)
  const tab = await context.newPage()
  await tab.goto(`${shop.url}/account`)
  await signOutOf(tab, 'Chrome 156 on Linux')
  await says(page, ENDED)
})

t.test(
  'a stream is closed by the server, be the session signed out, revoked, expired or lost with the store',
  async (t) => {
    const shop = await Shop.open(t)
    const time = clock(t)
    const endings = {
      'signed out': (cookie: string) => shop.app.inject({ method: 'POST', url: '/sign-out', headers: { cookie } }),
      revoked: () => shop.app.sessions.revoke('ada'),
      expired: async () => time.pass(11 * MINUTE),
      'lost with the store': () => shop.app.sessions.clear()
    }
    for (const [how, end] of Object.entries(endings)) {
      const { page, context } = await openBrowser(t)
      await signIn(page, shop)
      // A stream is no click: what is left of the half hour is ten minutes.
      time.pass(20 * MINUTE)
      const { response, cookie } = await listen(shop, context)
      t.equal(response.headers.get('content-type'), 'text/event-stream')
      await end(cookie)
      t.match(await response.text(), /^data: {"teapot":12[\s\S]*event: end\ndata:\n\n$/, how)
      t.equal((await listen(shop, context)).response.status, 204, 'and is not given again')
    }
  }
)

t.test('who is not signed in gets no stream', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await page.goto(shop.url)
  t.equal(await page.locator('#live').count(), 0)
  t.equal((await listen(shop, context)).response.status, 204)
})

t.test('a tab that nobody sees holds no connection', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await says(page, LIVE)
  const hide = (hidden: boolean) =>
    page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))`)
  const isStock = { predicate: (request: { url(): string }) => request.url() === `${shop.url}/stock` }
  await Promise.all([page.waitForEvent('requestfailed', isStock), hide(true)])
  await Promise.all([page.waitForEvent('request', isStock), hide(false)])
  t.pass('let go, and taken up again')
})

t.test('closing the shop waits for no stream', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await signIn(page, shop)
  const { response } = await listen(shop, context)
  await shop.app.close()
  t.match(await response.text(), /^data: .*\n\n$/, 'and tells nobody that he is signed out')
})
