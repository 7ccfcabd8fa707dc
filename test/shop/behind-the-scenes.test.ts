import type { Page } from 'playwright-core'
import t from 'tap'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { add, cartCount, press, signIn, whoIsIn } from './visitor.js'

const PATH = '/behind-the-scenes'

/** What each scene says of its end. */
const OUTCOMES: Readonly<Record<string, readonly RegExp[]>> = {
  'Two requests add to one cart': [/^Lost: Camping mug\./, /^Nothing is lost\. .*Camping mug/],
  'A slow request meets a sign-out': [/^Signed in again/, /^Signed out\./],
  'The key is changed': [/^Signed in all the while\./],
  'A deploy changes what sessions hold, and is rolled back': [/^Both releases read/],
  'A record is tampered with, and a cookie': [/^Neither was believed\./],
  'A session is ended from another device': [/^The laptop is out, the phone is in\./],
  'Two tabs read the same messages': [/^Both messages were seen/]
}

function scene(page: Page, title: string) {
  return page.locator('section.scene').filter({ has: page.getByRole('heading', { name: title }) })
}

async function outcomes(page: Page, title: string): Promise<readonly string[]> {
  return (await scene(page, title).locator('.outcome').allInnerTexts()).map((text) => text.trim())
}

t.test('the footer leads behind the scenes, and each scene is a button there', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(shop.url)
  await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name: 'Behind the scenes' }).click()])
  t.equal(new URL(page.url()).pathname, PATH)
  t.equal(await page.locator('ol.timeline').count(), 0, 'nothing is shown that was not run')
  for (const [title, expected] of Object.entries(OUTCOMES)) {
    await press(page, `Run it: ${title}`)
    const shown = await outcomes(page, title)
    t.equal(shown.length, expected.length, title)
    for (const [index, pattern] of expected.entries()) t.match(shown[index], pattern, title)
    t.ok((await scene(page, title).locator('.step').count()) > 5, 'with its steps')
    t.ok(await page.getByRole('button', { name: `Run it again: ${title}` }).isVisible())
    t.equal(await page.locator('.fresh').count(), 1, 'which play, as no others do')
  }
  await page.reload()
  t.equal(await page.locator('.outcome').count(), 9, 'all of them stay')
  t.equal(await page.locator('.fresh').count(), 0, 'and have played')
})

t.test('all scenes run at one press, without scripts too', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t, { javaScriptEnabled: false })
  await page.goto(shop.url + PATH)
  await press(page, 'Run all seven')
  t.equal(await page.locator('.outcome').count(), 9)
  t.equal(await page.locator('.outcome.bad').count(), 2)
})

t.test('who is signed in and has a cart is so after all scenes, and nobody else is', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await add(page, 'Camping mug')
  await page.goto(shop.url + PATH)
  await press(page, 'Run all seven')
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace')
  t.equal(await cartCount(page), 1)
  t.same(await shop.app.sessions.of('demo'), [])
  t.equal((await shop.app.sessions.of('ada')).length, 1)
})

t.test('nobody sees what another visitor ran or did', async (t) => {
  const shop = await Shop.open(t)
  const [ada, grace] = [await openBrowser(t), await openBrowser(t)]
  for (const { page } of [ada, grace]) await page.goto(shop.url + PATH)
  await press(ada.page, 'Run it: The key is changed')
  await add2(ada.page, shop, 'Potted plant')
  for (const { page } of [ada, grace]) await page.goto(shop.url + PATH)
  t.equal(await ada.page.locator('.outcome').count(), 1)
  t.match(await ada.page.locator('#panel').textContent(), '/cart/:id')
  t.equal(await grace.page.locator('.outcome').count(), 0)
  t.match(await grace.page.locator('#panel').textContent(), 'Nothing yet.')
})

async function add2(page: Page, shop: Shop, thing: string): Promise<void> {
  await page.goto(shop.url)
  await add(page, thing)
}

t.test('the page shows what this browser’s requests do in another tab, while they do it', async (t) => {
  const shop = await Shop.open(t)
  const { page, context } = await openBrowser(t)
  await page.goto(shop.url + PATH)
  await page.getByText('Live: it changes').waitFor()
  const panel = page.locator('#panel')
  t.match(await panel.textContent(), 'Nothing yet.')
  const tab = await context.newPage()
  await add2(tab, shop, 'Stoneware teapot')
  await panel.locator('.look', { hasText: /^\s*cart/ }).waitFor()
  const row = panel.locator('.log > li', { hasText: '/cart/:id' })
  await row.getByText('1 change saved').waitFor()
  await add(tab, 'Stoneware teapot')
  await panel.locator('.log > li', { hasText: '/cart/:id' }).nth(1).waitFor()
  const cookie = (await context.cookies()).find(({ name }) => name === '__Host-cart')
  const bytes = `__Host-cart${cookie?.value}`.length
  t.match(await panel.locator('.look', { hasText: /^\s*cart/ }).textContent(), `__Host-cart ${bytes} of 4096 bytes`)
  t.notOk(`${await panel.textContent()}`.includes('behind-the-scenes'), 'the page itself is no news')
})

t.test('a session that another device ends is seen to end, on the page of the one whose it was', async (t) => {
  const shop = await Shop.open(t)
  const [here, there] = [await openBrowser(t), await openBrowser(t)]
  await signIn(here.page, shop)
  await here.page.goto(shop.url + PATH)
  await here.page.getByText('Live: it changes').waitFor()
  await signIn(there.page, shop)
  await there.page.goto(`${shop.url}/account`)
  await press(there.page, 'Sign out everywhere else')
  await here.page.locator('#panel .log').getByText('revoked').waitFor()
  await here.page.locator('#panel .look', { hasText: 'login' }).getByText('gone').waitFor()
})

t.test('what it says of this browser holds no values, and is for this browser alone', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await page.goto(shop.url + PATH)
  const panel = (await page.locator('#panel').innerHTML()).toLowerCase()
  for (const secret of ['lovelace', 'chrome 156']) t.notOk(panel.includes(secret), secret)
  for (const path of [`${PATH}/live`, `${PATH}/feed`]) {
    t.equal((await shop.app.inject(path)).statusCode, 204, 'who has not been on the page has nothing to see')
  }
})

t.test('another site can’t press the buttons', async (t) => {
  const shop = await Shop.open(t)
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  for (const url of [PATH, `${PATH}/lost-update`]) {
    t.equal((await shop.app.inject({ method: 'POST', url, headers })).statusCode, 403)
  }
  t.equal((await shop.app.inject({ method: 'POST', url: `${PATH}/nothing` })).statusCode, 404)
})

t.test('a hundred who press at once cost no more than some, and the rest are told to try again', async (t) => {
  const shop = await Shop.open(t)
  const press = () => shop.app.inject({ method: 'POST', url: `${PATH}/tampering` })
  const codes = (await Promise.all(Array.from({ length: 100 }, press))).map(({ statusCode }) => statusCode)
  t.same([...new Set(codes)].sort(), [303, 429])
  t.ok(codes.filter((code) => code === 303).length < 60)
  t.equal((await press()).statusCode, 303)
})

t.test('closing the shop waits for no page that is watched', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(shop.url + PATH)
  await page.getByText('Live: it changes').waitFor()
  await shop.app.close()
  t.pass('closed')
})
