import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Order } from '../../examples/shop/orders.js'
import { clock } from '../client.js'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { messages, press, signIn, signInAsStaff, whoIsIn } from './visitor.js'

const MINUTE = 60_000
const EXPIRED = 'Your session has expired, or was ended from another device. Please sign in again.'

function order(at: number, items: Order['items']): Order {
  const address = { name: 'Ada', email: 'ada@example.org', street: 'A street', postcode: '1234', city: 'London' }
  return { id: randomUUID(), at, address, delivery: 'express', items, total: 4200, currency: 'EUR' }
}

t.test('the back office lists the orders, the newest first', async (t) => {
  const shop = await Shop.open(t)
  const now = Date.now()
  for (const [ago, items] of [
    [2, { mug: 1 }],
    [1, { lamp: 3, radio: 1 }]
  ] as const) {
    await shop.orders.place(order(now - ago * MINUTE, items))
  }
  const { page } = await openBrowser(t)
  await signInAsStaff(page, shop)
  t.equal(page.url(), `${shop.url}/admin`)
  const rows = await page.locator('#orders li').allInnerTexts()
  t.match(rows, [/3 × Reading lamp, 1 × Kitchen radio[\s\S]*Ada, London, 1 minute ago[\s\S]*€42.00/, /1 × Camping mug/])
})

t.test('a customer is no staff, and staff are no customers', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(`${shop.url}/admin`)
  t.equal(page.url(), `${shop.url}/admin/sign-in`)
  await signIn(page, shop)
  await page.goto(`${shop.url}/admin`)
  t.equal(page.url(), `${shop.url}/admin/sign-in`)
  await page.getByLabel('Name').fill('ada')
  await page.getByLabel('Password').fill('lovelace')
  await press(page, 'Sign in')
  t.same(await messages(page), ['Name and password do not match.'])
  t.equal(await page.getByLabel('Name').inputValue(), 'ada')

  const { page: other } = await openBrowser(t)
  await signInAsStaff(other, shop)
  await other.goto(`${shop.url}/account`)
  t.equal(other.url(), `${shop.url}/sign-in`)
})

t.test('signing out of the back office and of the shop are apart', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await signInAsStaff(page, shop)
  await press(page, 'Sign out')
  t.same(await messages(page), ['You are signed out of the back office.'])
  await page.goto(`${shop.url}/admin`)
  t.equal(page.url(), `${shop.url}/admin/sign-in`)
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace')

  await signInAsStaff(page, shop)
  await page.goto(`${shop.url}/account`)
  t.equal(await page.locator('#sessions li').count(), 1, 'the account does not list it')
  await press(page, 'Sign out everywhere')
  t.equal(await whoIsIn(page, shop), 'Sign in')
  await page.goto(`${shop.url}/admin`)
  t.equal(page.url(), `${shop.url}/admin`)
})

t.test('staff are signed out after ten minutes without a click, while the shop knows them for longer', async (t) => {
  const shop = await Shop.open(t)
  const time = clock(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await signInAsStaff(page, shop)
  time.pass(9 * MINUTE)
  await page.goto(`${shop.url}/admin`)
  t.equal(page.url(), `${shop.url}/admin`, 'each click counts')
  time.pass(9 * MINUTE)
  await page.goto(`${shop.url}/admin`)
  t.equal(page.url(), `${shop.url}/admin`)
  time.pass(11 * MINUTE)
  await page.goto(`${shop.url}/admin`)
  t.equal(page.url(), `${shop.url}/admin/sign-in`)
  t.same(await messages(page), [EXPIRED])
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace')
})

t.test('staff are signed out after eight hours in any case, however busy they are', async (t) => {
  const shop = await Shop.open(t)
  const time = clock(t)
  const { page, context } = await openBrowser(t)
  await signInAsStaff(page, shop)
  const cookie = (await context.cookies(`${shop.url}/admin`)).map(({ name, value }) => `${name}=${value}`).join('; ')
  const status = async () => (await shop.app.inject({ url: '/admin', headers: { cookie } })).statusCode
  for (let minutes = 8; minutes < 8 * 60; minutes += 8) {
    time.pass(8 * MINUTE)
    t.equal(await status(), 200, `${minutes} minutes`)
  }
  time.pass(8 * MINUTE)
  t.equal(await status(), 303)
  await page.goto(`${shop.url}/admin`)
  t.same(await messages(page), [EXPIRED])
})

t.test('the cookie of the back office stays in the back office', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await signInAsStaff(page, shop)
  const admin = (await context.cookies(`${shop.url}/admin`)).find(({ name }) => name === 'admin')
  t.hasStrict(admin, { path: '/admin', httpOnly: true, secure: true, sameSite: 'Strict', expires: -1 })
  t.equal((await context.cookies(shop.url)).filter(({ name }) => name === 'admin').length, 0)
})
