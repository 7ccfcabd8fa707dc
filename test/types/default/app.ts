/** An app with a default session: `request.session` is callable by name, and has the keys of that session. */

import csrf from '@fastify/csrf-protection'
import oauth2 from '@fastify/oauth2'
import Fastify from 'fastify'
import sessions, { defineSessions, memoryStore } from 'fastify-sessions'
import { z } from 'zod'

const options = defineSessions({
  keys: [process.env['SESSION_KEY']],
  stores: { memory: memoryStore() },
  default: 'login',
  sessions: {
    login: {
      store: 'memory',
      schema: z.object({
        user: z.string(),
        role: z.enum(['guest', 'admin']).default('guest'),
        note: z.string().optional(),
        data: z.number().optional()
      })
    },
    prefs: { schema: z.object({ theme: z.string().default('light') }), rolling: true }
  }
})

declare module 'fastify-sessions' {
  interface Register {
    options: typeof options
  }
  interface PluginValues {
    returnTo: string
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(..._: Equal<A, B> extends true ? [] : [never]): void {}

const app = Fastify()
await app.register(sessions, options)
await app.register(csrf, { sessionPlugin: '@fastify/session' })
await app.register(oauth2, {
  name: 'shop',
  credentials: { client: { id: 'shop', secret: 'secret' } },
  callbackUri: 'https://shop.example/callback'
})

app.get('/', async ({ session }) => {
  same<typeof session.user, string | undefined>()
  same<typeof session.role, 'guest' | 'admin'>()
  same<typeof session.note, string | undefined>()
  same<typeof session.returnTo, string | undefined>()
  session.user = 'ada'
  session.returnTo = '/'
  // @ts-expect-error not a value of the schema
  session.user = 1
  // @ts-expect-error not a value of the schema
  session.role = 'king'
  // @ts-expect-error there is no such key
  session.usr = 'ada'

  const user: string | undefined = session.get('user')
  const role: 'guest' | 'admin' = session.get('role')
  const passport: { id: number } = session.get('passport')
  session.set('user', undefined)
  session.set('passport', { id: 1 })
  session.set('data', 1)
  // @ts-expect-error not a value of the schema
  session.set('user', 1)
  // @ts-expect-error not a value of what the app says of other plugins' keys
  session.set('returnTo', 1)

  await session.regenerate(['user'])
  session.regenerate(['user'], (error) => void error)
  session.destroy((error) => void error)
  await session.save()
  await session.reload()
  session.options({ maxAge: 3600, path: '/' })
  const id: string | undefined = session.sessionId

  const typed = session('login').get('role')
  same<typeof typed, 'guest' | 'admin'>()
  const theme: string = session('prefs').get('theme')
  // @ts-expect-error there is no such session
  session('cart')
  return [user, role, passport, id, theme]
})

export const wrong = defineSessions({
  keys: ['k'],
  // @ts-expect-error there is no such session
  default: 'logn',
  sessions: { login: { schema: z.object({ user: z.string() }) } }
})
