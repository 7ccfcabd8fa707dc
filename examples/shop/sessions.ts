import { join } from 'node:path'
import { cookieStore, defineSessions, fileStore } from 'fastify-sessions'
import { z } from 'zod'
import { currencies } from './catalogue.js'

const DAY = 24 * 60 * 60

export interface ShopSettings {
  /** Where sessions are kept. */
  readonly directory: string
  readonly keys: readonly string[]
  /** Seconds after which somebody who does nothing is signed out. Default half an hour. */
  readonly idle?: number
}

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString()
})

/** Three sessions: what is bought, what is preferred, who is signed in. Each where it belongs. */
export function shopSessions({ directory, keys, idle = 30 * 60 }: ShopSettings) {
  return defineSessions({
    keys,
    stores: { cookie: cookieStore(), file: fileStore({ directory: join(directory, 'sessions') }) },
    sessions: {
      cart: {
        store: 'file',
        schema: z.object({ items: z.record(z.string(), z.number().int().positive()).default({}) }),
        cookie: { maxAge: 14 * DAY }
      },
      prefs: {
        store: 'cookie',
        schema: z.object({
          theme: z.enum(['light', 'dark']).default('light'),
          currency: z.enum(currencies).default('EUR')
        }),
        flash: z.object({ notice: z.string(), error: z.string() }),
        cookie: { maxAge: 14 * DAY }
      },
      login: {
        store: 'file',
        schema: z.object({ user: z.string(), device: z.string(), since: isoDate }),
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
