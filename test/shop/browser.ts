import { access, mkdtemp } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { buildShop } from '../../examples/shop/app.js'
import { type ShopSettings, shopSessions } from '../../examples/shop/sessions.js'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** No sandbox: it needs rights that a container's root does not have. And no calls home. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

export const KEY = 'the key of a shop that is open for tests only'

/** A shop on a port of its own, which can be closed and opened again with other settings on the same data. */
export class Shop {
  readonly directory: string
  readonly url: string
  readonly #port: number
  #app: FastifyInstance

  private constructor(directory: string, port: number, app: FastifyInstance) {
    this.directory = directory
    this.#port = port
    this.#app = app
    this.url = `http://localhost:${port}`
  }

  static async open(t: Test, settings: Partial<ShopSettings> = {}): Promise<Shop> {
    const directory = await mkdtemp(join(tmpdir(), 'shop-'))
    const app = await buildShop(shopSessions({ directory, keys: [KEY], ...settings }))
    await app.listen({ port: 0, host: 'localhost' })
    const shop = new Shop(directory, (app.server.address() as AddressInfo).port, app)
    t.teardown(() => shop.#app.close())
    return shop
  }

  get app(): FastifyInstance {
    return this.#app
  }

  async reopen(
    settings: Partial<ShopSettings> = {},
    change = (options: ReturnType<typeof shopSessions>) => options
  ): Promise<void> {
    await this.#app.close()
    this.#app = await buildShop(change(shopSessions({ directory: this.directory, keys: [KEY], ...settings })))
    await this.#app.listen({ port: this.#port, host: 'localhost' })
  }
}

/** A browser with a profile on disk, as a person has it: what it keeps over a restart is Chromium's own doing. */
export class Browser {
  readonly #profile: string
  #context: BrowserContext
  page: Page

  private constructor(profile: string, context: BrowserContext, page: Page) {
    this.#profile = profile
    this.#context = context
    this.page = page
  }

  static async open(t: Test): Promise<Browser> {
    await access(executablePath).catch(() => {
      throw new Error(`${executablePath} is missing: run "npm run servers", or set CHROMIUM`)
    })
    const profile = await mkdtemp(join(tmpdir(), 'browser-'))
    const context = await launch(profile)
    const browser = new Browser(profile, context, context.pages()[0] ?? (await context.newPage()))
    t.teardown(() => browser.#context.close())
    return browser
  }

  get context(): BrowserContext {
    return this.#context
  }

  async restart(): Promise<void> {
    await this.#context.close()
    this.#context = await launch(this.#profile)
    this.page = this.#context.pages()[0] ?? (await this.#context.newPage())
  }
}

function launch(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, { executablePath, args, viewport: { width: 1200, height: 900 } })
}

export async function signIn(page: Page, shop: Shop, { remember = false } = {}): Promise<void> {
  await page.goto(`${shop.url}/sign-in`)
  await page.fill('[name=name]', 'ada')
  await page.fill('[name=password]', 'lovelace')
  if (remember) await page.check('[name=remember]')
  await page.click('main button')
}

/** Who the page says is signed in. */
export async function whoIsIn(page: Page, shop: Shop): Promise<string> {
  await page.goto(shop.url)
  return (await page.textContent('nav a:last-child')) as string
}

export async function cartCount(page: Page): Promise<number> {
  return Number(await page.textContent('#cart-count'))
}
