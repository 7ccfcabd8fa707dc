import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { productOf } from './catalogue.js'
import { currencies } from './money.js'

export const deliveries = ['standard', 'express', 'collect'] as const
export type Delivery = (typeof deliveries)[number]

const text = (label: string) => z.string().trim().min(1, `${label} is missing.`).max(100, `${label} is too long.`)

export const Address = z.object({
  name: text('The name'),
  email: z
    .string()
    .trim()
    .max(200, 'The address is too long.')
    .regex(z.regexes.email, 'An e-mail address looks like name@example.org.'),
  street: text('The street'),
  postcode: z
    .string()
    .trim()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} -]{2,9}$/u, 'A postcode has 3 to 10 letters, digits, spaces and hyphens.'),
  city: text('The town')
})
export type Address = z.infer<typeof Address>

const Order = z.object({
  id: z.uuid(),
  /** When it was placed, in ms since the epoch. */
  at: z.number(),
  address: Address,
  delivery: z.enum(deliveries),
  items: z.record(z.string(), z.int()),
  /** The total in euro cents, including delivery. */
  total: z.int(),
  currency: z.enum(currencies)
})
export type Order = z.infer<typeof Order>

/** The orders, each in a file of its own; a real shop has a database. Several processes may share the directory. */
export class Orders {
  readonly #directory: string
  /** A cache: orders never change, so each file is read once. */
  readonly #read = new Map<string, Order>()

  constructor(directory: string) {
    this.#directory = directory
  }

  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
  }

  /**
   * Places an order at most once, however often it is tried. `false`: there is an order with its id. The file appears
   * under its name completely or not at all, and `link` does not replace an existing file. In a database, the id would
   * be the primary key.
   */
  async place(order: Order): Promise<boolean> {
    const draft = join(this.#directory, `${randomUUID()}.draft`)
    await writeFile(draft, JSON.stringify(order), { mode: 0o600 })
    try {
      await link(draft, this.#fileOf(order.id))
      return true
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      return false
    } finally {
      await unlink(draft)
    }
  }

  async find(id: string): Promise<Order | undefined> {
    try {
      const order = this.#read.get(id) ?? Order.parse(JSON.parse(await readFile(this.#fileOf(id), 'utf8')))
      this.#read.set(id, order)
      return order
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      return undefined
    }
  }

  /** Returns all orders, newest first. */
  async all(): Promise<readonly Order[]> {
    const files = (await readdir(this.#directory)).filter((file) => file.endsWith('.json'))
    const orders = await Promise.all(files.map((file) => this.find(file.slice(0, -'.json'.length))))
    return orders.filter((order) => order !== undefined).sort((a, b) => b.at - a.at)
  }

  #fileOf(id: string): string {
    return join(this.#directory, `${id}.json`)
  }
}

/** Returns the order number that customers and staff use. */
export function numberOf({ id }: Pick<Order, 'id'>): string {
  return id.slice(0, 8).toUpperCase()
}

/** Returns the items as text: "2 × Camping mug, 1 × Reading lamp". */
export function contentsOf(items: Order['items']): string {
  return Object.entries(items)
    .map(([id, quantity]) => `${quantity} × ${productOf(id)?.name ?? id}`)
    .join(', ')
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
