import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { gate } from '../client.js'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { add, cartCount, fillAddress, messages, press, signIn, signOutOf } from './visitor.js'

const REVIEW = 'Go on to the review'
const PLACE = 'Place the order'

async function begin(t: Test) {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await page.goto(shop.url)
  await add(page, 'Camping mug')
  await page.goto(`${shop.url}/checkout`)
  return { shop, page, context }
}

async function goToReview(page: Page): Promise<void> {
  await fillAddress(page)
  await press(page, 'Go on to delivery')
  await page.getByLabel('Express').check()
  await press(page, REVIEW)
}

function path(page: Page): string {
  return new URL(page.url()).pathname
}

t.test('a checkout goes in three steps, back and forth, and ends with an order and an empty cart', async (t) => {
  const { shop, page } = await begin(t)
  t.equal(path(page), '/checkout/address')
  await goToReview(page)
  t.equal(path(page), '/checkout/review')
  t.equal(await page.textContent('#total'), '€23.90')

  await page.goBack()
  t.equal(path(page), '/checkout/delivery')
  t.ok(await page.getByLabel('Express').isChecked(), 'back, it is as it was left')
  await page.goBack()
  t.equal(await page.getByLabel('Town').inputValue(), 'London')
  await page.goForward()
  // What a browser fills in again by itself proves nothing: so once more by a link, and by a reload.
  await page.getByRole('link', { name: 'Address' }).click()
  t.equal(await page.locator('[name=city]').getAttribute('value'), 'London')
  await page.goto(`${shop.url}/checkout/delivery`)
  await page.reload()
  t.equal(await page.locator('[checked]').getAttribute('value'), 'express')
  await page.getByLabel('Collect').check()
  await press(page, REVIEW)
  t.equal(await page.textContent('#total'), '€14.00')
  t.match(await page.textContent('address'), /12 St James’s SquareSW1Y 4JH London/)

  await press(page, PLACE)
  t.equal(await page.textContent('h1'), 'Thank you, Ada Lovelace')
  t.equal(await cartCount(page), 0)
  const orders = await shop.orders.all()
  t.hasStrict(orders, [{ items: { mug: 1 }, delivery: 'collect', total: 1400, address: { city: 'London' } }])
  t.equal(await page.textContent('#order'), orders[0]?.id.slice(0, 8).toUpperCase())
})

t.test('what is refused is told at its field, keeps what was typed, and survives a reload', async (t) => {
  const { page } = await begin(t)
  const wrong = { 'E-mail': 'ada@home', Postcode: '?!' }
  await fillAddress(page, wrong)
  await press(page, 'Go on to delivery')
  for (const when of ['refused', 'reloaded']) {
    for (const [label, value] of Object.entries({ ...wrong, Town: 'London' })) {
      const field = page.getByLabel(label)
      t.equal(await field.inputValue(), value, when)
      t.equal(await field.getAttribute('aria-invalid'), label in wrong ? 'true' : null, label)
    }
    await page.reload()
  }
  t.equal(await page.locator(':focus').getAttribute('name'), 'email', 'the typing goes on at the first')
  const described = await page.getByLabel('Postcode').getAttribute('aria-describedby')
  t.match(await page.textContent(`#${described}`), 'A postcode has 3 to 10 letters')

  await fillAddress(page)
  await press(page, 'Go on to delivery')
  await page.goBack()
  t.equal(await page.locator('[aria-invalid]').count(), 0, 'and is over once it is mended')
  t.equal(await page.getByLabel('E-mail').inputValue(), 'ada@example.org')
})

t.test('no step can be left out, and none begins with an empty cart', async (t) => {
  const { shop, page } = await begin(t)
  for (const step of ['delivery', 'review']) {
    await page.goto(`${shop.url}/checkout/${step}`)
    t.equal(path(page), '/checkout/address', step)
  }
  const { page: other } = await openBrowser(t)
  for (const step of ['address', 'delivery', 'review', 'done']) {
    await other.goto(`${shop.url}/checkout/${step}`)
    t.equal(path(other), '/cart', step)
  }
})

t.test('a button that is pressed twice places one order', async (t) => {
  const { shop, page } = await begin(t)
  await goToReview(page)
  await page.getByRole('button', { name: PLACE }).dblclick()
  await page.waitForURL('**/checkout/done')
  t.equal((await shop.orders.all()).length, 1)
  await page.goBack()
  t.equal(path(page), '/checkout/done', 'and there is no way back to it')
})

t.test(
  'an order that is sent five times at the same moment is placed once, and taken out of the cart once',
  async (t) => {
    const { shop, page, context } = await begin(t)
    await page.goto(shop.url)
    await add(page, 'Camping mug')
    await page.goto(`${shop.url}/checkout`)
    await goToReview(page)
    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
    const body = new URLSearchParams(await hiddenFields(page))
    // Each of them has read the cart and the checkout before the first has changed anything.
    shop.store.meet(10)
    const send = () =>
      fetch(`${shop.url}/checkout/review`, { method: 'POST', redirect: 'manual', headers: { cookie }, body })
    const answers = await Promise.all(Array.from({ length: 5 }, send))
    const late = await send()
    t.same(
      [...answers, late].map(({ headers }) => headers.get('location')),
      Array(6).fill('/checkout/done')
    )
    t.hasStrict(await shop.orders.all(), [{ items: { mug: 2 } }])
    t.equal((await shop.orders.all()).length, 1)
    await page.goto(`${shop.url}/checkout/done`)
    t.equal(await cartCount(page), 0)
    t.same(await messages(page), [], 'nothing is said to have gone wrong')
  }
)

t.test('what is added while an order is being placed stays in the cart, however often it was sent', async (t) => {
  const { shop, page, context } = await begin(t)
  await goToReview(page)
  const headers = { cookie: await cookiesOf(context) }
  const body = new URLSearchParams(await hiddenFields(page))
  const [arrived, released] = [gate(), gate()]
  const place = shop.orders.place.bind(shop.orders)
  let sent = 0
  shop.orders.place = async (order) => {
    sent += 1
    if (sent === 2) arrived.open()
    await released.opened
    return place(order)
  }
  const answers = [1, 2].map(() => fetch(`${shop.url}/checkout/review`, { method: 'POST', headers, body }))
  await arrived.opened
  await fetch(`${shop.url}/cart/mug`, { method: 'POST', headers })
  released.open()
  await Promise.all(answers)
  await page.goto(shop.url)
  t.equal(await cartCount(page), 1)
})

t.test('what another tab changes in the cart is shown before it is ordered', async (t) => {
  const { shop, page, context } = await begin(t)
  await goToReview(page)
  const tab = await context.newPage()
  await tab.goto(shop.url)
  await add(tab, 'Kitchen radio')
  await press(page, PLACE)
  t.equal(path(page), '/checkout/review')
  t.match(await messages(page), [/has changed meanwhile/])
  t.equal((await shop.orders.all()).length, 0)
  t.match(await page.textContent('main'), /1 × Kitchen radio/)
  await press(page, PLACE)
  t.hasStrict(await shop.orders.all(), [{ items: { mug: 1, radio: 1 } }])
})

t.test('a page of a checkout that is long over places nothing of a later one, be it for the same things', async (t) => {
  const { shop, page, context } = await begin(t)
  const orderOnceMore = async () => {
    await page.goto(shop.url)
    await add(page, 'Camping mug')
    await page.goto(`${shop.url}/checkout`)
    await goToReview(page)
  }
  await goToReview(page)
  const stale = await context.newPage()
  await stale.goto(`${shop.url}/checkout/review`)
  await press(page, PLACE)
  await orderOnceMore()
  await press(page, PLACE)
  await orderOnceMore()

  await press(stale, PLACE)
  t.equal(path(stale), '/checkout/review')
  t.match(await messages(stale), [/has changed meanwhile/])
  t.equal((await shop.orders.all()).length, 2)
  await press(page, PLACE)
  t.equal((await shop.orders.all()).length, 3)
})

t.test('a restart of the server in the middle of a checkout changes nothing', async (t) => {
  const { shop, page } = await begin(t)
  await fillAddress(page)
  await press(page, 'Go on to delivery')
  await shop.reopen()
  await page.getByLabel('By post').check()
  await press(page, REVIEW)
  await press(page, PLACE)
  t.equal((await shop.orders.all()).length, 1)
})

t.test('who signs out leaves no address behind for the next one at this screen', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await add(page, 'Camping mug')
  await page.goto(`${shop.url}/checkout`)
  t.equal(await page.getByLabel('Name').inputValue(), 'Ada Lovelace', 'what is known need not be typed')
  await goToReview(page)
  await page.goto(`${shop.url}/account`)
  await signOutOf(page, 'Chrome 156 on Linux')
  await page.goto(`${shop.url}/checkout`)
  t.equal(await page.getByLabel('Name').inputValue(), '')
  t.equal(await page.getByLabel('Street').inputValue(), '')
})

function hiddenFields(page: Page): Promise<Record<string, string>> {
  return page.evaluate(
    `Object.fromEntries([...document.querySelectorAll('[type=hidden]')].map(({ name, value }) => [name, value]))`
  )
}

async function cookiesOf(context: BrowserContext): Promise<string> {
  return (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
}
