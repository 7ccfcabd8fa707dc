import type { Page } from 'playwright-core'
import t from 'tap'
import { products } from '../../examples/shop/catalogue.js'
import { openBrowser } from './browser.js'
import { Shop } from './open-shop.js'
import { add, messages, press, signIn } from './visitor.js'

const PHONE = { width: 390, height: 800 }
const DISMISS = 'Dismiss this message'

/** What the browser knows of the animation by which a message leaves. */
interface Leaving {
  readonly playState: string
  readonly delay: number
  readonly duration: number
  readonly easing: string
}

function leaving(page: Page): Promise<Leaving> {
  return page.evaluate(`(() => {
    const [animation] = document.querySelector('.flash').getAnimations()
    return { playState: animation.playState, ...animation.effect.getTiming() , easing: animation.effect.getKeyframes()[0].easing }
  })()`)
}

t.test('a message leaves by itself, after a while and without moving what is below', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(`${shop.url}/preferences`)
  await press(page, 'Save')
  const before = await page.locator('h1').boundingBox()
  const { delay, playState } = await leaving(page)
  t.equal(playState, 'running')
  t.ok(delay >= 5000, 'there is time to read it')
  await page.evaluate(`document.querySelector('.flash').getAnimations()[0].finish()`)
  t.equal(await page.locator('.flash').isVisible(), false)
  t.same(await page.locator('h1').boundingBox(), before)
})

t.test('a message waits while the pointer or the keyboard is on it', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.goto(`${shop.url}/preferences`)
  await press(page, 'Save')
  await page.locator('.flash').hover()
  t.equal((await leaving(page)).playState, 'paused')
  await page.mouse.move(0, 0)
  t.equal((await leaving(page)).playState, 'running')
  await page.getByRole('button', { name: DISMISS }).focus()
  t.equal((await leaving(page)).playState, 'paused')
})

t.test('who wants no motion sees a message go at once, not fade', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t, { reducedMotion: 'reduce' })
  await page.goto(`${shop.url}/preferences`)
  await press(page, 'Save')
  t.equal((await leaving(page)).easing, 'steps(1)')
})

t.test('what went wrong stays until it is dismissed', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop, { password: 'wrong' })
  t.equal(await page.evaluate(`document.querySelector('.flash').getAnimations().length`), 0)
  await page.getByLabel('Password').fill('typed already')
  await page.getByRole('button', { name: DISMISS }).click()
  t.same(await messages(page), [])
  t.equal(await page.getByLabel('Password').inputValue(), 'typed already', 'the page is the same')
  t.equal(await page.locator(':focus').getAttribute('id'), 'main', 'and the keyboard goes on in it')
})

t.test('a message can be dismissed without scripts too', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t, { javaScriptEnabled: false })
  await page.goto(shop.url)
  await add(page, 'Kitchen radio')
  t.same(await messages(page), ['Kitchen radio: In your cart'])
  await press(page, DISMISS)
  t.same(await messages(page), [])
  t.equal(new URL(page.url()).hash, '#radio', 'at the same place')
})

t.test('a message covers nothing that can be pressed, on a phone and on a desk, whatever was added', async (t) => {
  const shop = await Shop.open(t)
  for (const viewport of [PHONE, { width: 1280, height: 800 }]) {
    const { page } = await openBrowser(t, { viewport })
    await page.goto(shop.url)
    for (const { name } of products) {
      await add(page, name)
      const flash = page.locator('.flash')
      t.ok(await flash.isVisible(), name)
      t.same(await covered(page), [], name)
    }
  }
})

t.test('a message is put into its live region once the page is there, so that it is read out', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await page.addInitScript(`
    window.said = []
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        if (document.readyState !== 'loading' && target.role === 'status') for (const node of addedNodes) said.push(node.textContent)
      }
    }).observe(document, { childList: true, subtree: true })`)
  await page.goto(`${shop.url}/preferences`)
  await press(page, 'Save')
  await page.waitForFunction('said.length > 0')
  t.same(await page.evaluate('said'), ['Your preferences are saved.'])
})

/** What can be pressed, and has a part beneath the message; or beneath the header, while the message is beneath that. */
function covered(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const box = document.querySelector('.flash').getBoundingClientRect()
    const isCovered = (each) => {
      const other = each.getBoundingClientRect()
      return other.left < box.right && other.right > box.left && other.top < box.bottom && other.bottom > box.top
    }
    return [...document.querySelectorAll('button, a, input')]
      .filter((each) => !each.closest('.flash') && isCovered(each))
      .map((each) => each.outerHTML)
  })()`)
}
