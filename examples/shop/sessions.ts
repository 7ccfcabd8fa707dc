import { join } from 'node:path'
import { cookieStore, defineSessions, fileStore, type RecordStore } from 'fastify-sessions'
import { z } from 'zod'
import { currencies } from './money.js'
import { Address, deliveries } from './orders.js'
import { Run } from './scenes/step.js'

const HOUR = 60 * 60
const DAY = 24 * HOUR

/** How long "remember me" lasts, in seconds. */
export const REMEMBERED = 30 * DAY

/** After how many seconds staff are signed out: without activity, and at the latest. */
export const STAFF_IDLE = 10 * 60
export const STAFF_ABSOLUTE = 8 * HOUR

/** The most of one product in a cart. */
export const MOST = 99

export const themes = ['auto', 'light', 'dark'] as const

/** The input of a refused form, and what is wrong with it, by field name. */
const Refused = z.object({
  values: z.record(z.string(), z.string()),
  faults: z.record(z.string(), z.string())
})
export type Refused = z.infer<typeof Refused>

export interface ShopSettings {
  /** The directory in which sessions are kept. */
  readonly directory: string
  readonly keys: readonly string[]
  /** A store to use instead of files in the directory. */
  readonly store?: RecordStore
  /** After how many seconds without activity customers are signed out. Default: half an hour. */
  readonly idle?: number
  /**
   * The same for staff, and the seconds after which they are signed out at the latest. Default: 10 minutes and 8 hours.
   */
  readonly staffIdle?: number
  readonly staffAbsolute?: number
  /** Whether cookies are secure; `'auto'`: on HTTPS only. Default: `true`. */
  readonly secure?: boolean | 'auto'
}

/** The shop's sessions, each kept where it belongs and for as long as it should live. */
export function shopSessions(settings: ShopSettings) {
  const { directory, keys, idle = 30 * 60, staffIdle = STAFF_IDLE, staffAbsolute = STAFF_ABSOLUTE } = settings
  const { store = fileStore({ directory: join(directory, 'sessions') }), secure = true } = settings
  return defineSessions({
    keys,
    stores: { cookie: cookieStore(), file: store },
    cookie: { secure },
    // A visitor who is signed out elsewhere stops receiving the live stock within about a second.
    watchInterval: 1,
    sessions: {
      cart: {
        store: 'file',
        schema: z.object({ items: z.record(z.string(), z.int().min(1).max(MOST)).default({}) }),
        cookie: { maxAge: 14 * DAY }
      },
      /** Each step has a key, and is done when its key is set. */
      checkout: {
        store: 'file',
        schema: z.object({
          address: Address.optional(),
          delivery: z.enum(deliveries).optional(),
          refused: Refused.optional(),
          /** The id that the order will have, however often the form is sent. */
          order: z.uuid().optional(),
          /** The id of the last order that was placed. */
          placed: z.uuid().optional()
        }),
        idle: HOUR,
        absolute: DAY
      },
      prefs: {
        store: 'cookie',
        schema: z.object({
          theme: z.enum(themes).default('auto'),
          currency: z.enum(currencies).default('EUR')
        }),
        flash: z.object({
          notice: z.string(),
          error: z.string(),
          /** The id of a product that was added to the cart. The message is shown beside that product. */
          added: z.string(),
          /** The name of a refused sign-in, so that it need not be typed again. */
          name: z.string()
        }),
        cookie: { maxAge: 365 * DAY },
        idle: 365 * DAY,
        absolute: 365 * DAY
      },
      login: {
        store: 'file',
        schema: z.object({ user: z.string(), device: z.string() }),
        idle
      },
      /**
       * Staff have a session of their own: a signed-in customer has no rights here, and signing out as a customer does
       * not end it.
       */
      admin: {
        store: 'file',
        schema: z.object({ name: z.string() }),
        cookie: { path: '/admin', sameSite: 'strict' },
        idle: staffIdle,
        absolute: staffAbsolute
      },
      /** By its id the page "Behind the scenes" knows a browser again, and shows nobody else what it does. */
      scenes: {
        store: 'file',
        schema: z.object({ since: z.number().optional() }),
        /** The name of a scene that was run just now, or `all`. */
        flash: z.object({ played: z.string() }),
        idle: HOUR,
        absolute: DAY
      },
      /** What came of the scenes that were run, by their names. Some 20 KB, so that only their own page reads it. */
      runs: {
        store: 'file',
        schema: z.object({ runs: z.record(z.string(), Run).default({}) }),
        load: 'manual',
        maxBytes: 256 * 1024,
        idle: HOUR,
        absolute: DAY
      }
    }
  })
}

declare module 'fastify-sessions' {
  interface Register {
    options: ReturnType<typeof shopSessions>
  }
}
