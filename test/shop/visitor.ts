import type { Page } from 'playwright-core'
import type { Shop } from './open-shop.js'

/** Presses a button, which is found by its accessible name, and waits for the page that it leads to. */
export async function press(page: Page, name: string | RegExp): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
}

/** Presses "Sign out" beside a device. */
export function signOutOf(page: Page, device: string): Promise<void> {
  return press(page, new RegExp(`^Sign out: ${device}, signed in`))
}

export function add(page: Page, thing: string): Promise<void> {
  return press(page, `Add ${thing} to the cart`)
}

export async function fillAddress(page: Page, values: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [label, value] of Object.entries({ ...ADDRESS, ...values })) await page.getByLabel(label).fill(value)
}

const ADDRESS = {
  Name: 'Ada Lovelace',
  'E-mail': 'ada@example.org',
  Street: '12 St James’s Square',
  Postcode: 'SW1Y 4JH',
  Town: 'London'
}

export async function signIn(page: Page, shop: Shop, { remember = false, password = 'lovelace' } = {}): Promise<void> {
  await page.goto(`${shop.url}/sign-in`)
  await page.getByLabel('Name').fill('ada')
  await page.getByLabel('Password').fill(password)
  if (remember) await page.getByLabel('Remember me').check()
  await press(page, 'Sign in')
}

export async function signInAsStaff(page: Page, shop: Shop): Promise<void> {
  await page.goto(`${shop.url}/admin/sign-in`)
  await page.getByLabel('Name').fill('joan')
  await page.getByLabel('Password').fill('enigma')
  await press(page, 'Sign in')
}

/** Returns the name of the signed-in user on the page; "Sign in" if there is none. */
export async function whoIsIn(page: Page, shop: Shop): Promise<string> {
  await page.goto(shop.url)
  return `${await page.locator('nav a').last().textContent()}`.trim()
}

export async function cartCount(page: Page): Promise<number> {
  return Number(await page.locator('#cart-count').textContent())
}

export async function messages(page: Page): Promise<string[]> {
  // The script removes the texts for a moment, so that screen readers read them.
  await page.locator('.flash p:empty').first().waitFor({ state: 'detached' })
  const texts = await page.locator('.flash p').allTextContents()
  return texts.map((text) => text.trim())
}
