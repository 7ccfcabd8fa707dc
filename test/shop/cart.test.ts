import t from 'tap'
import { add, Browser, cartCount, messages, press, Shop } from './browser.js'

const TABS = 5

t.test('what five tabs add to the cart at once is all there', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
  await page.goto(shop.url)
  await add(page, 'Camping mug')
  const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()))
  for (const tab of tabs) await tab.goto(shop.url)

  shop.store.meet(TABS)
  await Promise.all(tabs.map((tab) => add(tab, 'Camping mug')))
  await page.goto(`${shop.url}/cart`)
  t.equal(await cartCount(page), 1 + TABS)
})

t.test('what a new visitor adds first, several times at once, is all there: the page has begun the cart', async (t) => {
  const shop = await Shop.open(t)
  const jar = new Map<string, string>()
  const send = async (path: string, method = 'GET') => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(shop.url + path, { method, redirect: 'manual', headers: { cookie, origin: shop.url } })
    for (const text of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text) as unknown as [string, string, string]
      jar.set(name, value)
    }
    return answer.text()
  }
  await send('/')
  await Promise.all(Array.from({ length: TABS }, () => send('/cart/teapot', 'POST')))
  t.match(await send('/cart'), `<span class="quantity">${TABS}</span>`)
})

t.test('of one thing, one tab takes more and another fewer: both count', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
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
  const { page } = await Browser.open(t)
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

t.test('ordering and emptying leave an empty cart', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await Browser.open(t)
  for (const button of ['Order', 'Empty the cart']) {
    await page.goto(shop.url)
    await add(page, 'Kitchen radio')
    await page.goto(`${shop.url}/cart`)
    await press(page, button)
    t.equal((await messages(page)).length, 1)
    t.equal(await cartCount(page), 0, button)
  }
})
