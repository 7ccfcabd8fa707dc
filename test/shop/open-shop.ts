import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { buildShop } from '../../examples/shop/app.js'
import { Orders } from '../../examples/shop/orders.js'
import { type ShopSettings, shopSessions } from '../../examples/shop/sessions.js'
import { fileStore } from '../../lib/index.js'
import { directoryFor } from '../servers/process.js'
import { SlowStore } from './slow-store.js'

export const KEY = 'the key of a shop that is open for tests only'

export type Options = ReturnType<typeof shopSessions>

/** How often streams check for news, in ms. */
const INTERVAL = 20

/** A shop on a port of its own. It can be closed, and opened again with other settings on the same data. */
export class Shop {
  readonly url: string
  readonly store: SlowStore
  readonly orders: Orders
  readonly #directory: string
  #app: FastifyInstance

  private constructor(directory: string, store: SlowStore, orders: Orders, app: FastifyInstance) {
    this.store = store
    this.orders = orders
    this.url = `http://localhost:${portOf(app)}`
    this.#directory = directory
    this.#app = app
  }

  static async open(t: Test, settings: Partial<ShopSettings> = {}): Promise<Shop> {
    const directory = await directoryFor(t, 'shop')
    const store = new SlowStore(fileStore({ directory: join(directory, 'sessions') }))
    const orders = new Orders(join(directory, 'orders'))
    const app = await listen(shopSessions({ directory, keys: [KEY], store, ...settings }), orders, 0)
    const shop = new Shop(directory, store, orders, app)
    t.teardown(() => shop.#app.close())
    return shop
  }

  get app(): FastifyInstance {
    return this.#app
  }

  /** Restarts the shop, like a deploy: its memory is lost, and its stored data remains. */
  async reopen(settings: Partial<ShopSettings> = {}, change = (options: Options) => options): Promise<void> {
    const port = portOf(this.#app)
    await this.#app.close()
    const options = shopSessions({ directory: this.#directory, keys: [KEY], ...settings })
    this.#app = await listen(change(options), this.orders, port)
  }
}

async function listen(sessions: Options, orders: Orders, port: number): Promise<FastifyInstance> {
  const app = await buildShop({ sessions, orders, interval: INTERVAL })
  await app.listen({ port, host: 'localhost' })
  return app
}

function portOf(app: FastifyInstance): number {
  return (app.server.address() as AddressInfo).port
}
