import type { Page } from 'playwright-core'
import t from 'tap'
import { gate } from '../client.js'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { add, cartCount, messages, press } from './visitor.js'

const TABS = 5

t.test('what five tabs add to the cart at once is all there', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await page.goto(shop.url)
  await add(page, 'Camping mug')
  const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()))
  for (const tab of tabs) await tab.goto(shop.url)

  shop.store.meet(TABS)
  await Promise.all(tabs.map((tab) => add(tab, 'Camping mug')))
  await page.goto(`${shop.url}/cart`)
  t.equal(await cartCount(page), 1 + TABS)
})

t.test('what a new visitor adds first, in two tabs at the same moment, is all there', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  const tabs = [page, await context.newPage()] as const
  for (const tab of tabs) await tab.goto(shop.url)
  t.equal(shop.store.writes, 0, 'who only looks around leaves nothing behind')

  const begun = gate()
  shop.store.holdCreating(begun.opened)
  const added = [add(tabs[0], 'Camping mug'), add(tabs[1], 'Wool blanket')]
  // Without a lock both would ask for a cart now, and nobody would ever wait for a turn.
  while ((await waitingForTurn(page)) !== 1);
  begun.open()
  await Promise.all(added)
  await page.goto(`${shop.url}/cart`)
  t.same((await page.locator('main h2').allInnerTexts()).sort(), ['Camping mug', 'Wool blanket'])
})

t.test('without scripts the page begins the cart, and what is then added at once is all there', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t, { javaScriptEnabled: false })
  await page.goto(shop.url)
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  t.match(cookie, /^__Host-cart=/)
  shop.store.meet(TABS)
  const post = () => fetch(`${shop.url}/cart/teapot`, { method: 'POST', redirect: 'manual', headers: { cookie } })
  await Promise.all(Array.from({ length: TABS }, post))
  await page.goto(`${shop.url}/cart`)
  t.equal(await page.textContent('.quantity'), String(TABS))
})

t.test('of one thing, one tab takes more and another fewer: both count', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await page.goto(shop.url)
  for (const thing of ['Reading lamp', 'Reading lamp', 'Reading lamp', 'Wool blanket']) await add(page, thing)
  const tabs = [page, await context.newPage(), await context.newPage()]
  for (const tab of tabs) await tab.goto(`${shop.url}/cart`)

  shop.store.meet(tabs.length)
  const buttons = ['One Reading lamp fewer', 'One Reading lamp fewer', 'One Wool blanket more']
  await Promise.all(tabs.map((tab, index) => press(tab, buttons[index] as string)))
  await page.goto(`${shop.url}/cart`)
  t.same(await page.locator('.quantity').allInnerTexts(), ['1', '2'])
})

t.test('in the cart, quantities change, things are taken out, and the sum is right', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(`${shop.url}/cart`)
  t.match(await page.textContent('main'), /It is empty/)
  await page.goto(shop.url)
  for (const thing of ['Stoneware teapot', 'Linen notebook']) await add(page, thing)
  await page.goto(`${shop.url}/cart`)
  t.equal(await page.textContent('#total'), '€65.00')
  await press(page, 'One Linen notebook more')
  t.equal(await page.textContent('#total'), '€81.00')
  await press(page, 'One Stoneware teapot fewer')
  t.equal(await page.textContent('#total'), '€32.00', 'the last one is gone')
  await press(page, 'Remove Linen notebook')
  t.match(await page.textContent('main'), /It is empty/)
})

t.test('emptying leaves an empty cart', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(shop.url)
  await add(page, 'Kitchen radio')
  await page.goto(`${shop.url}/cart`)
  await press(page, 'Empty the cart')
  t.same(await messages(page), ['Your cart is empty.'])
  t.equal(await cartCount(page), 0)
})

t.test('how much is in the cart stays in sight, however far down the page', async (t) => {
  const shop = await Shop.open(t)
  for (const viewport of [
    { width: 390, height: 800 },
    { width: 1280, height: 400 }
  ]) {
    const { page } = await openBrowser(t, { viewport })
    await page.goto(shop.url)
    await add(page, 'Kitchen radio')
    await page.evaluate('scrollTo(0, document.body.scrollHeight)')
    const box = await page.locator('#cart-count').boundingBox()
    t.ok(box !== null && box.y >= 0 && box.y + box.height <= viewport.height, JSON.stringify(box))
    const top = `document.elementFromPoint(${(box?.x ?? 0) + 5}, ${(box?.y ?? 0) + 5}).id`
    t.equal(await page.evaluate(top), 'cart-count', 'and nothing is over it')
  }
})

/** How many tabs wait for their turn to begin a cart. */
function waitingForTurn(page: Page): Promise<number> {
  return page.evaluate('navigator.locks.query().then(({ pending }) => pending.length)')
}
