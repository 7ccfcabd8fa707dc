import { fileStore } from 'fastify-sessions'
import { secureSession } from 'fastify-sessions/from/secure-session'
import { redisStore } from 'fastify-sessions/stores/redis'
import { Redis } from 'ioredis'
import { z } from 'zod'

const { OLD_KEY, REDIS_URL, SESSION_KEY, SESSIONS } = process.env

export const client = new Redis(REDIS_URL)

/** A session on a database, which those who come from another plugin have already, one in files and one in the cookie. */
export const options = {
  keys: [SESSION_KEY],
  default: 'login',
  stores: { file: fileStore({ directory: SESSIONS }), redis: redisStore({ client }) },
  sessions: {
    login: {
      store: 'redis',
      schema: z.object({ user: z.string() }),
      from: [secureSession({ key: OLD_KEY, cookie: { path: '/' } }, ({ user }) => ({ user }))]
    },
    cart: { store: 'file', schema: z.object({ items: z.array(z.string()).default([]) }) },
    prefs: { schema: z.object({ theme: z.enum(['light', 'dark']).default('light') }) }
  }
}
