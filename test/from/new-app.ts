import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { z } from 'zod'
import { type Definition, memoryStore, type SessionsOptions } from '../../lib/index.js'
import { buildApp } from '../client.js'
import { byInject, type Server } from './browser.js'

export const schema = z.object({ user: z.string(), visits: z.number().default(0) })

export interface NewApp extends Server {
  readonly app: FastifyInstance
  readonly log: Record<string, unknown>[]
}

/** Makes the app after the move: one session, and the same routes as the old apps. */
export async function newApp(
  t: Test,
  definition: Partial<Definition<typeof schema>>,
  options: Partial<SessionsOptions> = {},
  addRoutes: (app: FastifyInstance) => void = () => {}
): Promise<NewApp> {
  const log: Record<string, unknown>[] = []
  const login = { store: 'memory', schema, cookie: { name: 'new', secure: false }, ...definition }
  const app = await buildApp(t, { stores: { memory: memoryStore() }, sessions: { login }, ...options }, log)
  app.get('/me', async (request) => JSON.stringify(request.session('login').get('user') ?? null))
  app.get('/problem', async (request) => JSON.stringify(request.session('login').problem ?? null))
  app.get('/visits', async (request) => request.session('login').get('visits'))
  app.get('/visit', async (request) => {
    request.session('login').update('visits', (visits) => Number(visits) + 1)
    return 'counted'
  })
  app.get('/sign-in/:user', async (request) => {
    request.session('login').regenerate()
    request.session('login').set('user', (request.params as { user: string }).user)
    return 'in'
  })
  app.get('/sign-out', async (request) => {
    request.session('login').destroy()
    return 'out'
  })
  app.get('/none', async () => 'none')
  addRoutes(app)
  return { app, log, ...byInject(app) }
}
