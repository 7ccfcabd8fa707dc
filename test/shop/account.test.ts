import t from 'tap'
import { clock } from '../client.js'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { messages, press, signIn, signOutOf, whoIsIn } from './visitor.js'

const CHROME = 'Chrome 156 on Linux'
const EXPIRED = 'Your session has expired, or was ended from another device. Please sign in again.'

t.test('the account lists the devices, and ends one of them', async (t) => {
  const shop = await Shop.open(t)
  const here = await openBrowser(t)
  const userAgent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1'
  const there = await openBrowser(t, { userAgent })
  await signIn(here.page, shop)
  await signIn(there.page, shop, { remember: true })
  await here.page.goto(`${shop.url}/account`)
  t.same(await here.page.locator('#sessions h2').allInnerTexts(), [
    `${CHROME} this one`,
    'Safari 18 on iPhone remembered'
  ])
  await signOutOf(here.page, 'Safari 18 on iPhone')
  t.same(await messages(here.page), ['Signed out over there.'])
  t.same(await here.page.locator('#sessions h2').allInnerTexts(), [`${CHROME} this one`])
  t.equal(await whoIsIn(here.page, shop), 'Ada Lovelace')
  t.equal(await whoIsIn(there.page, shop), 'Sign in')
  t.same(await messages(there.page), [EXPIRED])
  await there.page.reload()
  t.same(await messages(there.page), [], 'said once')
})

t.test('two browsers of one kind are told apart by when they signed in, and "this one" stands first', async (t) => {
  const shop = await Shop.open(t)
  const time = clock(t)
  const browsers = [await openBrowser(t), await openBrowser(t), await openBrowser(t)] as const
  for (const { page } of browsers) {
    await signIn(page, shop)
    time.pass(60_000)
  }
  const { page } = browsers[1]
  await page.goto(`${shop.url}/account`)
  t.same(await page.locator('#sessions h2').allInnerTexts(), [`${CHROME} this one`, CHROME, CHROME])
  t.same(
    (await page.locator('#sessions p').allInnerTexts()).map((text) => text.slice(0, text.indexOf(','))),
    ['Signed in 2 minutes ago', 'Signed in 1 minute ago', 'Signed in 3 minutes ago']
  )
  const names = await page.getByRole('button', { name: 'Sign out:' }).all()
  t.equal(new Set(await Promise.all(names.map((each) => each.getAttribute('aria-label')))).size, 3)
})

t.test(
  'nothing in the account is louder than the rest: to sign out is to be found, not to be pressed by mistake',
  async (t) => {
    const shop = await Shop.open(t)
    const [here, there] = [await openBrowser(t), await openBrowser(t)]
    await signIn(there.page, shop)
    await signIn(here.page, shop)
    await here.page.goto(`${shop.url}/account`)
    const backgrounds = await here.page.evaluate(
      `[...document.querySelectorAll('main li button, main > .row button')].map((each) => getComputedStyle(each).backgroundColor)`
    )
    t.same(backgrounds, Array(4).fill('rgba(0, 0, 0, 0)'))
  }
)

t.test('signing out everywhere else, and everywhere', async (t) => {
  const shop = await Shop.open(t)
  const [here, there] = [await openBrowser(t), await openBrowser(t)]
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
