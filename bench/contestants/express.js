import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cart } from '../cart.js'
import { redisClient } from '../redis-client.js'

async function withMiddleware(middleware) {
  const { default: express } = await import('express')
  const app = express()
  app.use(middleware)
  app.get('/start', (request, response) => {
    Object.assign(request.session, cart)
    response.send('ok')
  })
  app.get('/none', (_request, response) => response.send('ok'))
  app.get('/read', (request, response) => response.send(request.session.user))
  app.get('/write', (request, response) => {
    request.session.count++
    response.send(String(request.session.count))
  })
  return { server: createServer(app), listen: undefined }
}

async function expressSession(store) {
  const { default: session } = await import('express-session')
  return withMiddleware(
    session({ secret: 'secret', resave: false, saveUninitialized: false, ...(store && { store: store(session) }) })
  )
}

export const expressSessionMemory = () => expressSession((session) => new session.MemoryStore())

export async function expressSessionFile() {
  const { default: fileStore } = await import('session-file-store')
  const path = mkdtempSync(join(tmpdir(), 'bench-express-'))
  return expressSession((session) => new (fileStore(session))({ path, logFn: () => {} }))
}

export async function expressSessionRedis() {
  const { RedisStore } = await import('connect-redis')
  const client = await redisClient()
  return expressSession(() => new RedisStore({ client, prefix: 'express:' }))
}

export async function cookieSession() {
  const { default: session } = await import('cookie-session')
  return withMiddleware(session({ keys: ['secret'] }))
}
