/**
 * An app beside @fastify/passport, whose types take what `request.session` is from @fastify/secure-session where that is
 * installed. One property has one type, so who asks for ours says so. Declarations are not checked: those two are at odds
 * with each other and with @fastify/session's as well.
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
