/**
 * An app beside @fastify/passport, which gives `request.session` the type of @fastify/secure-session if that is
 * installed. A property has one type, so code that wants this plugin's says so. Declarations are not checked, because
 * those of the two packages conflict with each other, and with @fastify/session's.
 */
import { Authenticator } from '@fastify/passport'
import Fastify, { type FastifyRequest } from 'fastify'
import sessions, { defineSessions, type SessionsRequest } from 'fastify-sessions'
import { z } from 'zod'

const options = defineSessions({
  keys: [process.env['SESSION_KEY']],
  default: 'login',
  sessions: { login: { schema: z.object({ user: z.string() }) } }
})

declare module 'fastify-sessions' {
  interface Register {
    options: typeof options
  }
}

const app = Fastify()
await app.register(sessions, options)
const passport = new Authenticator()
await app.register(passport.initialize())
await app.register(passport.secureSession())

app.get('/', async (request) => {
  const { session } = request as FastifyRequest & SessionsRequest
  const user: string | undefined = session('login').get('user')
  session.user = 'ada'
  session.set('passport', user)
  // @ts-expect-error there is no such session
  session('cart')
  return user
})
