import t from 'tap'
import { z } from 'zod'
import { add, Browser, cartCount, KEY, messages, type Options, press, Shop, signIn, whoIsIn } from './browser.js'

const EXPIRED = 'Your session has expired, or was ended from another device. Please sign in again.'

t.test('who asked to be remembered is, over a restart of the browser, and who did not is not', async (t) => {
  const shop = await Shop.open(t)
  const browser = await Browser.open(t)
  await signIn(browser.page, shop)
  t.same(await messages(browser.page), ['Welcome, Ada Lovelace.'])
  t.equal(await whoIsIn(browser.page, shop), 'Ada Lovelace')
  await browser.restart()
  t.equal(await whoIsIn(browser.page, shop), 'Sign in')
  await signIn(browser.page, shop, { remember: true })
  await browser.restart()
  t.equal(await whoIsIn(browser.page, shop), 'Ada Lovelace')
})

t.test('a wrong password is told by a message, and signs nobody in', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await Browser.open(t)
  await signIn(page, shop, { password: 'hopper' })
  t.same(await messages(page), ['Name and password do not match.'])
  await page.goto(`${shop.url}/account`)
  t.equal(page.url(), `${shop.url}/sign-in`, 'the account is for who is signed in')
})

t.test('the account lists the devices, and ends one of them', async (t) => {
  const shop = await Shop.open(t)
  const here = await Browser.open(t)
  const userAgent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1'
  const there = await Browser.open(t, { userAgent })
  await signIn(here.page, shop)
  await signIn(there.page, shop, { remember: true })
  await here.page.goto(`${shop.url}/account`)
  t.same((await here.page.locator('#sessions h2').allInnerTexts()).sort(), ['Chrome on Linux', 'Safari on iPhone'])
  t.match(await here.page.locator('#sessions li', { hasText: 'Linux' }).textContent(), /this one/)
  t.match(await here.page.locator('#sessions li', { hasText: 'iPhone' }).textContent(), /remembered/)

  await press(here.page, 'End this one: Safari on iPhone')
  t.same(await messages(here.page), ['Signed out over there.'])
  t.same(await here.page.locator('#sessions h2').allInnerTexts(), ['Chrome on Linux'])
  t.equal(await whoIsIn(here.page, shop), 'Ada Lovelace')
  t.equal(await whoIsIn(there.page, shop), 'Sign in')
  t.same(await messages(there.page), [EXPIRED])
  await there.page.reload()
  t.same(await messages(there.page), [], 'said once')
})

t.test('signing out everywhere else, and everywhere', async (t) => {
  const shop = await Shop.open(t)
  const [here, there] = [await Browser.open(t), await Browser.open(t)]
  await signIn(here.page, shop)
  await signIn(there.page, shop, { remember: true })
  await here.page.goto(`${shop.url}/account`)
  await press(here.page, 'Sign out everywhere else')
  t.same(await messages(here.page), ['Signed out on one device.'])
  t.equal(await whoIsIn(here.page, shop), 'Ada Lovelace')
  t.equal(await whoIsIn(there.page, shop), 'Sign in')

  await signIn(there.page, shop)
  await there.page.goto(`${shop.url}/account`)
  await press(there.page, 'Sign out everywhere')
  t.equal(await whoIsIn(there.page, shop), 'Sign in')
  t.equal(await whoIsIn(here.page, shop), 'Sign in')
})

t.test('who has signed out in one tab is out in the other, and keeps the cart', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
  await signIn(page, shop)
  await add(page, 'Potted plant')
  const tab = await context.newPage()
  for (const each of [page, tab]) await each.goto(`${shop.url}/account`)
  await press(page, 'Sign out: Chrome on Linux')
  t.same(await messages(page), ['You are signed out.'])

  await press(tab, 'Sign out everywhere')
  t.equal(tab.url(), `${shop.url}/sign-in`, 'what was still to be pressed there does nothing')
  t.equal(await whoIsIn(tab, shop), 'Sign in')
  t.equal(await cartCount(tab), 1)
})

t.test('signing out ends the session, and a copy of its cookie with it', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
  await signIn(page, shop)
  const stolen = await context.cookies()
  await page.goto(`${shop.url}/account`)
  await press(page, 'Sign out: Chrome on Linux')
  const thief = await Browser.open(t)
  await thief.context.addCookies(stolen)
  t.equal(await whoIsIn(thief.page, shop), 'Sign in')
})

t.test('who does nothing for too long is told that the session has expired', async (t) => {
  const shop = await Shop.open(t, { idle: 1 })
  const { page } = await Browser.open(t)
  await signIn(page, shop)
  await page.waitForTimeout(1500)
  await page.goto(`${shop.url}/account`)
  t.equal(page.url(), `${shop.url}/sign-in`)
  t.same(await messages(page), [EXPIRED])
})

t.test('a restart of the server, a key rotation and a change of the schema sign nobody out', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await Browser.open(t)
  await signIn(page, shop)
  await add(page, 'Beeswax candle')

  await shop.reopen()
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'restarted')
  t.equal(await cartCount(page), 1)

  const next = 'the next key of a shop that is open for tests only'
  await shop.reopen({ keys: [next, KEY] })
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'with a new key before the old one')
  await shop.reopen({ keys: [next] })
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'without the old key')
  t.equal(await cartCount(page), 1)

  await shop.reopen({ keys: [next] }, withNewSchema)
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'with another schema')
  const [session] = await shop.app.sessions.of('ada')
  t.match(session?.data, { device: { label: 'Chrome on Linux' } })
})

function withNewSchema(options: Options): Options {
  const schema = z.object({ user: z.string(), device: z.object({ label: z.string() }) })
  const migrate = {
    1: (payload: unknown) => ({ ...(payload as object), device: { label: (payload as { device: string }).device } })
  }
  const login = { ...options.sessions.login, schema, version: 2, migrate }
  // The shop's own types are those of the schema before.
  return { ...options, sessions: { ...options.sessions, login } } as unknown as Options
}
