import t from 'tap'
import { clock } from '../client.js'
import { openBrowser, Profile } from './browser.js'
import { Shop } from './open-shop.js'
import { add, cartCount, messages, press, signIn, signOutOf, whoIsIn } from './visitor.js'

const CHROME = 'Chrome 156 on Linux'
const EXPIRED = 'Your session has expired, or was ended from another device. Please sign in again.'

t.test('who asked to be remembered is, over a restart of the browser, and who did not is not', async (t) => {
  const shop = await Shop.open(t)
  const browser = await Profile.open(t)
  await signIn(browser.page, shop)
  t.same(await messages(browser.page), ['Welcome, Ada Lovelace.'])
  t.equal(await whoIsIn(browser.page, shop), 'Ada Lovelace')
  await browser.restart()
  t.equal(await whoIsIn(browser.page, shop), 'Sign in')
  await signIn(browser.page, shop, { remember: true })
  await browser.restart()
  t.equal(await whoIsIn(browser.page, shop), 'Ada Lovelace')
})

t.test('a wrong password is told by a message, keeps the name, and signs nobody in', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop, { password: 'hopper' })
  t.same(await messages(page), ['Name and password do not match.'])
  t.equal(await page.getByLabel('Name').inputValue(), 'ada', 'the name need not be typed again')
  t.equal(await page.locator(':focus').getAttribute('name'), 'password')
  await page.reload()
  t.equal(await page.getByLabel('Name').inputValue(), '', 'nor does it stay for the next one')
  await page.goto(`${shop.url}/account`)
  t.equal(page.url(), `${shop.url}/sign-in`, 'the account is for who is signed in')
})

t.test('who has signed out in one tab is out in the other, and keeps the cart', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await signIn(page, shop)
  await add(page, 'Potted plant')
  const tab = await context.newPage()
  for (const each of [page, tab]) await each.goto(`${shop.url}/account`)
  await signOutOf(page, CHROME)
  t.same(await messages(page), ['You are signed out.'])

  await press(tab, 'Sign out everywhere')
  t.equal(tab.url(), `${shop.url}/sign-in`, 'what was still to be pressed there does nothing')
  t.equal(await whoIsIn(tab, shop), 'Sign in')
  t.equal(await cartCount(tab), 1)
})

t.test('signing out ends the session, and a copy of its cookie with it', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await signIn(page, shop)
  const stolen = await context.cookies()
  await page.goto(`${shop.url}/account`)
  await signOutOf(page, CHROME)
  const thief = await openBrowser(t)
  await thief.context.addCookies(stolen)
  t.equal(await whoIsIn(thief.page, shop), 'Sign in')
})

t.test('who does nothing for too long is told that the session has expired', async (t) => {
  const shop = await Shop.open(t)
  const time = clock(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  time.pass(31 * 60_000)
  await page.goto(`${shop.url}/account`)
  t.equal(page.url(), `${shop.url}/sign-in`)
  t.same(await messages(page), [EXPIRED])
})
