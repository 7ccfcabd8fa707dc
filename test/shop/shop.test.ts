import Fastify from 'fastify'
import t from 'tap'
import { openBrowser, Profile } from './browser.js'
import { Shop } from './open-shop.js'
import { add, cartCount, fillAddress, messages, press, signIn, whoIsIn } from './visitor.js'

const LIGHT = 'rgb(250, 247, 242)'
const DARK = 'rgb(24, 22, 20)'

t.test('a message is seen once, after the redirect', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(shop.url)
  await add(page, 'Stoneware teapot')
  t.same(await messages(page), ['Stoneware teapot: In your cart'])
  await page.reload()
  t.same(await messages(page), [])
})

t.test('the theme is that of the device, as it changes, until the visitor chooses one', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t, { colorScheme: 'dark' })
  const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  await page.goto(`${shop.url}/preferences`)
  t.equal(await background(), DARK)
  await page.emulateMedia({ colorScheme: 'light' })
  t.equal(await background(), LIGHT)

  const choose = async (theme: string) => {
    await page.getByLabel(theme).check()
    await press(page, 'Save')
  }
  await choose('Dark')
  t.equal(await background(), DARK, 'on a light device')
  await choose('Light')
  await page.emulateMedia({ colorScheme: 'dark' })
  t.equal(await background(), LIGHT, 'on a dark device')
  await choose('As the device has it')
  t.equal(await background(), DARK)
})

t.test('theme and currency are kept, over a restart of the browser and without a record in the store', async (t) => {
  const shop = await Shop.open(t)
  const browser = await Profile.open(t)
  await browser.page.goto(`${shop.url}/preferences`)
  await browser.page.getByLabel('Dark').check()
  await browser.page.getByLabel('Pound').check()
  await press(browser.page, 'Save')
  t.same(await messages(browser.page), ['Your preferences are saved.'])
  t.equal(shop.store.writes, 0)
  await browser.restart()
  await browser.page.goto(shop.url)
  t.equal(await browser.page.evaluate('getComputedStyle(document.body).backgroundColor'), DARK)
  t.match(await browser.page.locator('.price').first().textContent(), /£/)
})

t.test('without scripts everything works the same', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t, { javaScriptEnabled: false })
  await page.goto(shop.url)
  await add(page, 'Wool blanket')
  t.same(await messages(page), ['Wool blanket: In your cart'])
  await page.goto(`${shop.url}/cart`)
  await press(page, 'One Wool blanket more')
  t.equal(await cartCount(page), 2)
  await page.goto(`${shop.url}/preferences`)
  await page.getByLabel('US dollar').check()
  await press(page, 'Save')
  await page.goto(`${shop.url}/cart`)
  t.equal(await page.textContent('#total'), '$192.24')
  await page.getByRole('link', { name: 'Check out' }).click()
  await fillAddress(page)
  await press(page, 'Go on to delivery')
  await page.getByLabel('By post').check()
  await press(page, 'Go on to the review')
  await press(page, 'Place the order')
  t.match(await page.textContent('h1'), 'Thank you')
  t.equal(await cartCount(page), 0)
  await signIn(page, shop, { remember: true })
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace')
  await page.goto(`${shop.url}/account`)
  await press(page, 'Sign out everywhere')
  t.equal(await whoIsIn(page, shop), 'Sign in')
})

t.test('a form of another site, or of another port, changes nothing', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(shop.url)
  await add(page, 'Camping mug')
  const other = Fastify({ forceCloseConnections: true })
  t.teardown(() => other.close())
  other.get('/', (_request, reply) =>
    reply
      .type('text/html')
      .send(`<form method="post" action="${shop.url}/cart/mug"><button>Win a prize</button></form>`)
  )
  await other.listen({ port: 0, host: '127.0.0.1' })
  const { port } = other.addresses()[0] as { port: number }
  for (const host of ['127.0.0.1', 'localhost']) {
    await page.goto(`http://${host}:${port}/`)
    const [response] = await Promise.all([page.waitForResponse(`${shop.url}/cart/mug`), press(page, 'Win a prize')])
    t.equal(response.status(), 403, host)
  }
  await page.goto(shop.url)
  t.equal(await cartCount(page), 1)
})

t.test('cookies are locked to the host, and out of reach of scripts', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await signIn(page, shop)
  await add(page, 'Stoneware teapot')
  const cookies = await context.cookies()
  t.same(cookies.map(({ name }) => name).sort(), ['__Host-cart', '__Host-login', '__Host-prefs'])
  t.ok(cookies.every(({ httpOnly, secure, sameSite }) => httpOnly && secure && sameSite === 'Lax'))
  t.equal(await page.evaluate('document.cookie'), '')
})

t.test('a tampered cookie gives an empty session and no error page', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await signIn(page, shop)
  await add(page, 'Stoneware teapot')
  const cookies = await context.cookies()
  await context.addCookies(cookies.map((cookie) => ({ ...cookie, value: tampered(cookie.value) })))
  t.equal(await whoIsIn(page, shop), 'Sign in')
  t.same(await messages(page), ['Your session could not be opened. Please sign in again.'])
  t.equal(await cartCount(page), 0)
  await add(page, 'Stoneware teapot')
  t.equal(await cartCount(page), 1, 'and a new one begins')
})

t.test('the keyboard reaches what the pointer does, and begins at the content', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(shop.url)
  for (const key of ['Tab', 'Enter', 'Tab']) await page.keyboard.press(key)
  t.equal(await page.locator(':focus').getAttribute('aria-label'), 'Add Stoneware teapot to the cart')
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
  t.equal(await cartCount(page), 1)
  for (const key of ['Tab', 'Tab']) await page.keyboard.press(key)
  t.equal(
    await page.locator(':focus').getAttribute('aria-label'),
    'Add Stoneware teapot to the cart',
    'and goes on there, behind the message'
  )
})

t.test('what does not exist is said to be missing', async (t) => {
  const shop = await Shop.open(t)
  t.equal((await shop.app.inject('/nothing')).statusCode, 404)
  t.equal((await shop.app.inject({ method: 'POST', url: '/cart/nothing' })).statusCode, 404)
})

function tampered(value: string): string {
  return `${value.slice(0, -3)}${value.endsWith('AAA') ? 'BBB' : 'AAA'}`
}
