import { access } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { buildShop } from '../../examples/shop/app.js'
import { type ShopSettings, shopSessions } from '../../examples/shop/sessions.js'
import { fileStore } from '../../lib/index.js'
import { directoryFor } from '../servers/process.js'
import { SlowStore } from './slow-store.js'

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

export type Options = ReturnType<typeof shopSessions>

/** A shop on a port of its own, which can be closed and opened again with other settings on the same data. */
export class Shop {
  readonly url: string
  readonly store: SlowStore
  readonly #directory: string
  #app: FastifyInstance

  private constructor(directory: string, store: SlowStore, app: FastifyInstance) {
    this.store = store
    this.url = `http://localhost:${portOf(app)}`
    this.#directory = directory
    this.#app = app
  }

  static async open(t: Test, settings: Partial<ShopSettings> = {}): Promise<Shop> {
    const directory = await directoryFor(t, 'shop')
    const store = new SlowStore(fileStore({ directory: join(directory, 'sessions') }))
    const app = await listen(shopSessions({ directory, keys: [KEY], store, ...settings }), 0)
    const shop = new Shop(directory, store, app)
    t.teardown(() => shop.#app.close())
    return shop
  }

  get app(): FastifyInstance {
    return this.#app
  }

  /** A deploy: what the shop's memory held is lost, and what it kept is there. */
  async reopen(settings: Partial<ShopSettings> = {}, change = (options: Options) => options): Promise<void> {
    const port = portOf(this.#app)
    await this.#app.close()
    const options = shopSessions({ directory: this.#directory, keys: [KEY], ...settings })
    this.#app = await listen(change(options), port)
  }
}

async function listen(options: Options, port: number): Promise<FastifyInstance> {
  const app = await buildShop(options)
  await app.listen({ port, host: 'localhost' })
  return app
}

function portOf(app: FastifyInstance): number {
  return (app.server.address() as AddressInfo).port
}

interface BrowserOptions {
  readonly javaScriptEnabled?: boolean
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly userAgent?: string
}

/** A browser with a profile on disk, as a person has it: what it keeps over a restart is Chromium's own doing. */
export class Browser {
  readonly #profile: string
  readonly #options: BrowserOptions
  #context: BrowserContext
  page: Page

  private constructor(profile: string, options: BrowserOptions, context: BrowserContext, page: Page) {
    this.#profile = profile
    this.#options = options
    this.#context = context
    this.page = page
  }

  static async open(t: Test, options: BrowserOptions = {}): Promise<Browser> {
    await access(executablePath).catch(() => {
      throw new Error(`${executablePath} is missing: run "npm run servers", or set CHROMIUM`)
    })
    const profile = await directoryFor(t, 'browser')
    const context = await launch(profile, options)
    const browser = new Browser(profile, options, context, context.pages()[0] ?? (await context.newPage()))
    t.teardown(() => browser.#context.close())
    return browser
  }

  get context(): BrowserContext {
    return this.#context
  }

  async restart(): Promise<void> {
    await this.#context.close()
    this.#context = await launch(this.#profile, this.#options)
    this.page = this.#context.pages()[0] ?? (await this.#context.newPage())
  }
}

function launch(profile: string, options: BrowserOptions): Promise<BrowserContext> {
  const viewport = { width: 1280, height: 800 }
  return chromium.launchPersistentContext(profile, { executablePath, args, viewport, ...options })
}

/** Presses a button, found by the name that is read out for it, and waits for the page that it leads to. */
export async function press(page: Page, name: string): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
}

export function add(page: Page, thing: string): Promise<void> {
  return press(page, `Add ${thing} to the cart`)
}

export async function signIn(page: Page, shop: Shop, { remember = false, password = 'lovelace' } = {}): Promise<void> {
  await page.goto(`${shop.url}/sign-in`)
  await page.getByLabel('Name').fill('ada')
  await page.getByLabel('Password').fill(password)
  if (remember) await page.getByLabel('Remember me').check()
  await press(page, 'Sign in')
}

/** Who the page says is signed in; "Sign in" if nobody is. */
export async function whoIsIn(page: Page, shop: Shop): Promise<string> {
  await page.goto(shop.url)
  return `${await page.locator('nav a').last().textContent()}`.trim()
}

export async function cartCount(page: Page): Promise<number> {
  return Number(await page.locator('#cart-count').textContent())
}

export function messages(page: Page): Promise<string[]> {
  return page.locator('.flash').allInnerTexts()
}
