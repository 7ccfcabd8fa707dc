import { createRequire } from 'node:module'
import { fastifyCookie } from '@fastify/cookie'
import secureSessionPlugin from '@fastify/secure-session'
import sessionPlugin from '@fastify/session'
import express, { type RequestHandler } from 'express'
import expressSessionPlugin from 'express-session'
import Fastify, { type FastifyInstance } from 'fastify'
import { getIronSession } from 'iron-session'
import type { Test } from 'tap'
import { cookieSession } from '../../lib/from/cookie-session.js'
import { expressSession } from '../../lib/from/express-session.js'
import { ironSession } from '../../lib/from/iron-session.js'
import { secureSession } from '../../lib/from/secure-session.js'
import { fastifySession } from '../../lib/from/session.js'
import type { From, FromOptions } from '../../lib/index.js'
import { byHttp, byInject, type Server } from './browser.js'

const cookieSessionPlugin = createRequire(import.meta.url)('cookie-session') as (options: object) => RequestHandler

/** The session data of the old apps. */
export interface Old {
  readonly user?: string
  readonly visits?: number
}

type Map<Data> = (old: Old) => Data | undefined

/** A plugin to move away from, and an app that uses it. */
export interface OldPlugin {
  readonly name: string
  /** The name of the cookie that is checked for authenticity. */
  readonly cookie: string
  /** The lifetime of its cookies in ms, if it is known. */
  readonly lifetime: number | undefined
  /** Whether two browsers never have the same cookie. */
  readonly isUnique: boolean
  /** @param secrets The first one signs. */
  open(t: Test, secrets?: readonly string[]): Promise<OldApp>
}

export interface OldApp extends Server {
  from<Data>(map: Map<Data>, how?: FromOptions<Old>): From<Data>
  /** How many sessions its store has; 0 if it has no store. */
  kept(): number
}

export const SECRETS = ['the newer secret, of at least 32 characters', 'the older secret, of at least 32 characters']
const HOUR = 60 * 60 * 1000
const KEYS = SECRETS.map((secret) => Buffer.from(secret).subarray(0, 32).toString('base64'))
const keyOf = (secret: string) => KEYS[SECRETS.indexOf(secret)] as string

interface OldRequest {
  readonly session: { user?: string; visits?: number } & Record<string, unknown>
}

/** Adds the routes of the old apps. Each plugin has another way to sign out. */
function routes(app: FastifyInstance, signOut: (request: never) => unknown): void {
  const sessionOf = (request: unknown) => (request as OldRequest).session
  app.get('/sign-in/:user', async (request) => {
    sessionOf(request).user = (request.params as { user: string }).user
    sessionOf(request).visits = 1
    return 'in'
  })
  app.get('/me', async (request) => JSON.stringify(sessionOf(request)['user'] ?? null))
  app.get('/sign-out', async (request) => {
    await signOut(request as never)
    return 'out'
  })
}

function expressRoutes(plugin: RequestHandler, signOut: (request: express.Request) => void): express.Express {
  const app = express()
  app.use(plugin)
  const sessionOf = (request: express.Request) => request.session as unknown as OldRequest['session']
  app.get('/sign-in/:user', (request, response) => {
    Object.assign(sessionOf(request), { user: request.params['user'], visits: 1 })
    response.send('in')
  })
  app.get('/me', (request, response) => void response.json(sessionOf(request).user ?? null))
  app.get('/sign-out', (request, response) => {
    signOut(request)
    response.send('out')
  })
  return app
}

export const plugins: readonly OldPlugin[] = [
  {
    name: '@fastify/secure-session',
    cookie: 'old',
    lifetime: HOUR,
    isUnique: true,
    open: async (t, secrets = SECRETS) => {
      const options = { key: secrets.map(keyOf), cookieName: 'old', expiry: HOUR / 1000, cookie: { path: '/' } }
      const app = fastify(t)
      await app.register(secureSessionPlugin, { ...options, key: options.key.map((key) => Buffer.from(key, 'base64')) })
      routes(app, (request: { session: { delete(): void } }) => request.session.delete())
      return { ...byInject(app), from: (map, how) => secureSession(options, map, how), kept: () => 0 }
    }
  },
  {
    name: '@fastify/session',
    cookie: 'sessionId',
    lifetime: HOUR,
    isUnique: true,
    open: async (t, secrets = SECRETS) => {
      const kept = new Map()
      const store = new sessionPlugin.MemoryStore(kept)
      const options = { secret: [...secrets], store, cookie: { secure: false, maxAge: HOUR } }
      const app = fastify(t)
      await app.register(fastifyCookie)
      await app.register(sessionPlugin, { ...options, saveUninitialized: false })
      routes(app, (request: { session: { destroy(): Promise<void> } }) => request.session.destroy())
      return { ...byInject(app), from: (map, how) => fastifySession(options, map, how), kept: () => kept.size }
    }
  },
  {
    name: 'express-session',
    cookie: 'connect.sid',
    lifetime: HOUR,
    isUnique: true,
    open: async (t, secrets = SECRETS) => {
      const store = new expressSessionPlugin.MemoryStore() as expressSessionPlugin.MemoryStore & { sessions: object }
      const options = { secret: [...secrets], store, resave: false, saveUninitialized: false, cookie: { maxAge: HOUR } }
      const app = expressRoutes(expressSessionPlugin(options), (request) => request.session.destroy(() => {}))
      const kept = () => Object.keys(store.sessions).length
      return { ...(await byHttp(t, app)), from: (map, how) => expressSession(options, map, how), kept }
    }
  },
  {
    name: 'cookie-session',
    cookie: 'session',
    lifetime: undefined,
    isUnique: false,
    open: async (t, secrets = SECRETS) => {
      const options = { keys: secrets }
      const app = expressRoutes(cookieSessionPlugin({ ...options }), (request) => {
        Object.assign(request, { session: null })
      })
      return { ...(await byHttp(t, app)), from: (map, how) => cookieSession(options, map, how), kept: () => 0 }
    }
  },
  {
    name: 'iron-session',
    cookie: 'old',
    lifetime: HOUR,
    isUnique: true,
    open: async (t, secrets = SECRETS) => {
      const password = Object.fromEntries(secrets.map((secret) => [SECRETS.length - SECRETS.indexOf(secret), secret]))
      const options = { cookieName: 'old', password, ttl: HOUR / 1000, cookieOptions: { secure: false } }
      const app = Fastify()
      t.teardown(() => app.close())
      const sessionOf = (request: { raw: object }, reply: { raw: object }) =>
        getIronSession<OldRequest['session']>(request.raw as never, reply.raw as never, options)
      app.get('/sign-in/:user', async (request, reply) => {
        const session = await sessionOf(request, reply)
        Object.assign(session, { user: (request.params as { user: string }).user, visits: 1 })
        await session.save()
        return 'in'
      })
      app.get('/me', async (request, reply) => JSON.stringify((await sessionOf(request, reply)).user ?? null))
      app.get('/sign-out', async (request, reply) => {
        ;(await sessionOf(request, reply)).destroy()
        return 'out'
      })
      return { ...byInject(app), from: (map, how) => ironSession(options, map, how), kept: () => 0 }
    }
  }
]

function fastify(t: Test): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}
