import t from 'tap'
import { z } from 'zod'
import { Browser, cartCount, KEY, Shop, signIn, whoIsIn } from './browser.js'

t.test('what two tabs add to the cart at once is all there', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
  await page.goto(shop.url)
  await page.click('button >> nth=0')
  const tab = await context.newPage()
  await tab.goto(shop.url)
  await page.goto(shop.url)
  await Promise.all([page.click('button >> nth=1'), tab.click('button >> nth=2')])
  await page.goto(shop.url)
  t.equal(await cartCount(page), 3)

  const statuses = await page.evaluate(async () => {
    const posts = Array.from({ length: 30 }, (_, index) =>
      fetch(index % 2 ? '/cart/mug' : '/cart/lamp', { method: 'POST', redirect: 'manual' })
    )
    return (await Promise.all(posts)).map(({ type }) => type)
  })
  t.ok(statuses.every((type) => type === 'opaqueredirect'))
  await page.goto(`${shop.url}/cart`)
  t.equal(await cartCount(page), 33)
  t.match(await page.textContent('tbody'), /Camping mug\s*15/)
})

t.test('a message is seen once, after the redirect', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await Browser.open(t)
  await page.goto(shop.url)
  await page.click('button >> nth=0')
  t.same(await page.locator('.flash').allTextContents(), ['Stoneware teapot is in your cart.'])
  await page.reload()
  t.equal(await page.locator('.flash').count(), 0)
})

t.test('who asked to be remembered is, over a restart of the browser, and who did not is not', async (t) => {
  const shop = await Shop.open(t)
  const browser = await Browser.open(t)
  await signIn(browser.page, shop)
  t.equal(await whoIsIn(browser.page, shop), 'ada')
  await browser.restart()
  t.equal(await whoIsIn(browser.page, shop), 'Sign in')
  await signIn(browser.page, shop, { remember: true })
  await browser.restart()
  t.equal(await whoIsIn(browser.page, shop), 'ada')
})

t.test('signing out everywhere in one browser signs out the other', async (t) => {
  const shop = await Shop.open(t)
  const [here, there] = [await Browser.open(t), await Browser.open(t)]
  await signIn(here.page, shop)
  await signIn(there.page, shop, { remember: true })
  await here.page.goto(`${shop.url}/account`)
  t.equal(await here.page.locator('#sessions tbody tr').count(), 2)
  t.equal(await here.page.locator('text=this one').count(), 1)
  t.match(await here.page.textContent('#sessions tbody'), /Chrome on Linux/)
  await here.page.click('text=Sign out everywhere else')
  t.match(await here.page.textContent('.flash'), /Ended 1 other session/)
  t.equal(await whoIsIn(here.page, shop), 'ada')
  t.equal(await whoIsIn(there.page, shop), 'Sign in')
  t.match(await there.page.textContent('.flash'), /Your session has expired/)
  t.equal(await there.page.goto(shop.url).then(() => there.page.locator('.flash').count()), 0, 'said once')
  await signIn(there.page, shop)
  await there.page.goto(`${shop.url}/account`)
  await there.page.click('button:text-is("Sign out everywhere")')
  t.equal(await whoIsIn(there.page, shop), 'Sign in')
  t.equal(await whoIsIn(here.page, shop), 'Sign in')
})

t.test('signing out ends the session, and a copy of its cookie with it', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
  await signIn(page, shop)
  const stolen = await context.cookies()
  await page.goto(`${shop.url}/account`)
  await page.click('button:text-is("Sign out")')
  t.match(await page.textContent('.flash'), /You are signed out/)
  const thief = await Browser.open(t)
  await thief.context.addCookies(stolen)
  t.equal(await whoIsIn(thief.page, shop), 'Sign in')
})

t.test('theme and currency are kept', async (t) => {
  const shop = await Shop.open(t)
  const browser = await Browser.open(t)
  await browser.page.goto(`${shop.url}/preferences`)
  await browser.page.selectOption('[name=theme]', 'dark')
  await browser.page.selectOption('[name=currency]', 'GBP')
  await browser.page.click('main button')
  await browser.restart()
  await browser.page.goto(shop.url)
  t.equal(await browser.page.getAttribute('html', 'data-theme'), 'dark')
  t.match(await browser.page.textContent('.price'), /£/)
})

t.test('cookies are locked to the host, and out of reach of scripts', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
  await signIn(page, shop)
  await page.click('button >> nth=0')
  const cookies = await context.cookies()
  t.same(cookies.map(({ name }) => name).sort(), ['__Host-cart', '__Host-login', '__Host-prefs'])
  t.ok(cookies.every(({ httpOnly, secure, sameSite }) => httpOnly && secure && sameSite === 'Lax'))
  t.equal(await page.evaluate('document.cookie'), '')
})

t.test('a tampered cookie gives an empty session and no error page', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await Browser.open(t)
  await signIn(page, shop)
  await page.click('button >> nth=0')
  const cookies = await context.cookies()
  await context.addCookies(
    cookies.map((cookie) => ({
      ...cookie,
      value: `${cookie.value.slice(0, -3)}${cookie.value.endsWith('AAA') ? 'BBB' : 'AAA'}`
    }))
  )
  t.equal(await whoIsIn(page, shop), 'Sign in')
  t.equal(await cartCount(page), 0)
  await page.click('button >> nth=0')
  t.equal(await cartCount(page), 1, 'and a new one begins')
})

t.test('a restart of the server, a key rotation and a change of the schema sign nobody out', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await Browser.open(t)
  await signIn(page, shop)
  await page.click('button >> nth=0')

  await shop.reopen()
  t.equal(await whoIsIn(page, shop), 'ada', 'restarted')
  t.equal(await cartCount(page), 1)

  const next = 'the next key of a shop that is open for tests only'
  await shop.reopen({ keys: [next, KEY] })
  t.equal(await whoIsIn(page, shop), 'ada', 'with a new key before the old one')
  await page.click('button >> nth=0')
  await page.goto(`${shop.url}/account`)
  await shop.reopen({ keys: [next] })
  t.equal(await whoIsIn(page, shop), 'ada', 'without the old key')
  t.equal(await cartCount(page), 2)

  await shop.reopen({ keys: [next] }, (options) => {
    const schema = z.object({ user: z.string(), device: z.object({ label: z.string() }), since: z.string() })
    const migrate = {
      1: (payload: unknown) => ({ ...(payload as object), device: { label: (payload as { device: string }).device } })
    }
    const login = { ...options.sessions.login, schema, version: 2, migrate }
    return { ...options, sessions: { ...options.sessions, login } } as unknown as typeof options
  })
  t.equal(await whoIsIn(page, shop), 'ada', 'with another schema')
  const [session] = await shop.app.sessions.of('ada')
  t.match(session?.data, { device: { label: 'Chrome on Linux' } })
})

t.test('who does nothing for too long is told that the session has expired', async (t) => {
  const shop = await Shop.open(t, { idle: 1 })
  const { page } = await Browser.open(t)
  await signIn(page, shop)
  await page.waitForTimeout(1500)
  t.equal(await whoIsIn(page, shop), 'Sign in')
  t.match(await page.textContent('.flash'), /Your session has expired/)
})

t.test('a wrong password is told by a message, and a form of another site is refused', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await Browser.open(t)
  await page.goto(`${shop.url}/sign-in`)
  await page.fill('[name=name]', 'ada')
  await page.fill('[name=password]', 'wrong')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.flash.error')
  t.match(await page.textContent('.flash'), /do not match/)
  const response = await shop.app.inject({
    method: 'POST',
    url: '/cart/mug',
    headers: { 'sec-fetch-site': 'cross-site' }
  })
  t.equal(response.statusCode, 403)
  t.equal((await shop.app.inject('/nothing')).statusCode, 404)
})
