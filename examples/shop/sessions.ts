import { join } from 'node:path'
import { cookieStore, defineSessions, fileStore, type RecordStore } from 'fastify-sessions'
import { z } from 'zod'
import { currencies } from './money.js'

const DAY = 24 * 60 * 60

/** How long "remember me" remembers, in seconds. */
export const REMEMBERED = 30 * DAY

/** As many of one thing as a cart takes. */
export const MOST = 99

export const themes = ['light', 'dark'] as const

export interface ShopSettings {
  /** Where sessions are kept. */
  readonly directory: string
  readonly keys: readonly string[]
  /** Another store than files in the directory. */
  readonly store?: RecordStore
  /** Seconds after which somebody who does nothing is signed out. Default half an hour. */
  readonly idle?: number
  /** `'auto'`: cookies are secure on HTTPS only. Default `true`. */
  readonly secure?: boolean | 'auto'
}

/** Three sessions: what is bought, what is preferred, who is signed in. Each where it belongs. */
export function shopSessions({ directory, keys, store, idle = 30 * 60, secure = true }: ShopSettings) {
  return defineSessions({
    keys,
    stores: { cookie: cookieStore(), file: store ?? fileStore({ directory: join(directory, 'sessions') }) },
    cookie: { secure },
    sessions: {
      cart: {
        store: 'file',
        schema: z.object({ items: z.record(z.string(), z.int().min(1).max(MOST)).default({}) }),
        cookie: { maxAge: 14 * DAY }
      },
      prefs: {
        store: 'cookie',
        schema: z.object({
          theme: z.enum(themes).default('light'),
          currency: z.enum(currencies).default('EUR')
        }),
        flash: z.object({ notice: z.string(), error: z.string() }),
        cookie: { maxAge: 365 * DAY },
        idle: 365 * DAY,
        absolute: 365 * DAY
      },
      login: {
        store: 'file',
        schema: z.object({ user: z.string(), device: z.string() }),
        idle
      }
    }
  })
}

declare module 'fastify-sessions' {
  interface Register {
    options: ReturnType<typeof shopSessions>
  }
}
