/** An app that registered its options: every name, key, value, flash kind and store is checked. */
import Fastify, { type FastifyRequest } from 'fastify'
import sessions, {
  cookieStore,
  type Definition,
  defineSession,
  defineSessions,
  memoryStore,
  type Session
} from 'fastify-sessions'
import * as v from 'valibot'
import { z } from 'zod'
import * as mini from 'zod/mini'

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString()
})

const options = defineSessions({
  keys: [process.env['SESSION_KEY']],
  stores: { memory: memoryStore(), sealed: cookieStore() },
  sessions: {
    cart: {
      store: 'memory',
      schema: z.object({ items: z.array(z.string()).default([]), coupon: z.string(), note: z.string().optional() }),
      merge: {
        items: (_base, theirs, mine) => {
          const both: string[] = [...(theirs ?? []), ...(mine ?? [])]
          return both
        }
      }
    },
    prefs: {
      schema: z.object({ theme: z.enum(['light', 'dark']).default('light'), since: isoDate }),
      flash: z.object({ notice: z.string(), error: z.object({ code: z.number() }) })
    },
    seat: { store: 'memory', schema: z.object({ user: z.string() }), limit: { sessions: 3, then: 'end-oldest' } },
    small: {
      store: 'sealed',
      schema: mini.object({ n: mini._default(mini.number(), 0) }),
      flash: { notice: mini.string() }
    },
    other: { schema: v.object({ lang: v.optional(v.string(), 'en') }) },
    state: {
      schema: z.discriminatedUnion('at', [
        z.object({ at: z.literal('a'), x: z.number() }),
        z.object({ at: z.literal('b') })
      ])
    }
  }
})

declare module 'fastify-sessions' {
  interface Register {
    options: typeof options
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(..._: Equal<A, B> extends true ? [] : [never]): void {}

// A definition that is a value keeps its store's name, and one mistake is one error.
const wizard = defineSession({ store: 'memory', schema: z.object({ step: z.number().default(1) }) })
const stray = defineSession({ store: 'memroy', schema: z.object({ step: z.number().default(1) }) })
export const ofValues = defineSessions({
  keys: ['k'],
  stores: { memory: memoryStore() },
  sessions: {
    wizard,
    // @ts-expect-error there is no such store
    stray,
    plain: defineSession({ schema: z.object({ n: z.number() }) })
  }
})
export const noSchema = defineSessions({
  keys: ['k'],
  sessions: {
    // @ts-expect-error a definition needs a schema
    cart: { idle: 3 },
    other: { schema: z.object({ n: z.number() }) }
  }
})

export async function app(request: FastifyRequest): Promise<void> {
  const server = Fastify()
  await server.register(sessions, options)

  const cart = request.session('cart')
  const items = cart.get('items')
  same<typeof items, string[]>()
  const coupon = cart.get('coupon')
  same<typeof coupon, string | undefined>()
  const note = cart.get('note')
  same<typeof note, string | undefined>()
  cart.set('items', ['a']).set('coupon', 'X')
  const updated = cart.update('items', (current) => {
    same<typeof current, string[]>()
    return [...current, 'b']
  })
  same<typeof updated, string[]>()
  const { data } = cart
  same<typeof data.items, string[]>()
  same<typeof data.coupon, string | undefined>()

  const prefs = request.session('prefs')
  const theme = prefs.get('theme')
  same<typeof theme, 'light' | 'dark'>()
  const since = prefs.get('since')
  same<typeof since, Date | undefined>()
  prefs.flash('notice', 'hello').flash('error', { code: 1 })
  const notices = prefs.flashes('notice')
  same<typeof notices, string[]>()
  const all = prefs.peek()
  same<typeof all, { notice?: string[]; error?: { code: number }[] }>()

  const n = request.session('small').get('n')
  same<typeof n, number>()
  request.session('small').flash('notice', 'x')
  const lang = request.session('other').get('lang')
  same<typeof lang, string>()
  request.session('state').set('at', 'a').set('x', 1)

  const wizard = defineSession({ schema: z.object({ step: z.number().default(1) }), flash: { done: z.boolean() } })
  server.sessions.define('wizard', wizard)
  const step = request.session(wizard).get('step')
  same<typeof step, number>()
  request.session(wizard).flash('done', true)

  const taken: Session<typeof options.sessions.cart.schema> = cart
  server.get('/', { config: { sessions: ['cart'] } }, async () => taken.id)
  server.get('/poll', { config: { sessions: { load: ['cart'], touch: false } } }, async () => cart.touch(false).id)
  server.get('/none', { config: { sessions: false } }, async () => '')
  await server.sessions.revoke('u', { except: cart })
  cart.identify(null).identify('u').identify('u', 'org:7', 'sid:5')
  const subjects: readonly string[] | undefined = (await server.sessions.of('org:7'))[0]?.subjects
  same<typeof subjects, typeof cart.subjects | undefined>()

  const { sessions: listed, next } = await server.sessions.list({ store: 'memory', limit: 10, after: undefined })
  const names: readonly (string | undefined)[] = listed.map(({ name, subjects: [first] }) => name ?? first)
  await server.sessions.list({ after: next })
  same<typeof names, readonly (string | undefined)[]>()
  same<Awaited<ReturnType<typeof cart.reload>>, typeof cart>()

  // @ts-expect-error there is no session of that name
  request.session('crat')
  // @ts-expect-error the schema has no such key
  cart.get('item')
  // @ts-expect-error the value has another type
  cart.set('items', [1])
  // @ts-expect-error the value is missing
  cart.set('items')
  // @ts-expect-error the function gives another type
  cart.update('items', () => 1)
  // @ts-expect-error the function gives nothing
  cart.update('note', () => undefined)
  // @ts-expect-error the function forgets to return what it made
  cart.update('items', (current) => {
    current.push('b')
  })
  // @ts-expect-error a required key can be absent in an empty session
  cart.get('coupon').length
  // @ts-expect-error not one of the enum's values
  prefs.set('theme', 'blue')
  // @ts-expect-error a codec's typed side is what handlers see
  prefs.set('since', '2020-01-01')
  // @ts-expect-error no such flash kind
  prefs.flash('notic', 'x')
  // @ts-expect-error the message has another type
  prefs.flash('notice', 1)
  // @ts-expect-error this session defines no flash kinds
  cart.flash('notice', 'x')
  // @ts-expect-error what is read can't be assigned to
  cart.data.items = []
  // @ts-expect-error a limit says what becomes of one more
  defineSession({ schema: z.object({}), store: 'memory', limit: { sessions: 3 } })
  // @ts-expect-error the oldest is ended, or the new one refused
  defineSession({ schema: z.object({}), store: 'memory', limit: { sessions: 3, then: 'end' } })
  // @ts-expect-error nobody has no further subjects
  cart.identify(null, 'org:7')
  // @ts-expect-error subjects are given one by one
  cart.identify(['u', 'org:7'])
  // @ts-expect-error seconds or false
  cart.persist('long')
  // @ts-expect-error this definition has no such key
  request.session(wizard).get('steps')
  // @ts-expect-error a route can only load sessions that exist
  server.get('/wrong', { config: { sessions: { load: ['crat'] } } }, async () => '')
  // @ts-expect-error a route can only name sessions that exist
  server.get('/wrong', { config: { sessions: ['crat'] } }, async () => '')

  defineSessions({
    keys: ['k'],
    stores: { memory: memoryStore() },
    // @ts-expect-error there is no store of that name
    sessions: { a: { store: 'redis', schema: z.object({}) } }
  })
  // @ts-expect-error there is no store but the cookie
  defineSessions({ keys: ['k'], sessions: { a: { store: 'memory', schema: z.object({}) } } })
  defineSessions({ keys: ['k'], sessions: { a: { store: 'cookie', schema: z.object({}) } } })
  // @ts-expect-error a definition has no such option
  defineSessions({ keys: ['k'], sessions: { a: { schema: z.object({}), iddle: 3 } } })
  defineSessions({
    keys: ['k'],
    // @ts-expect-error merge gives another type
    sessions: { a: { schema: z.object({ n: z.number() }), merge: { n: () => 'x' } } }
  })
  // @ts-expect-error a session needs a schema
  defineSessions({ keys: ['k'], sessions: { a: {} } })

  const anyDefinition: Definition = wizard
  void anyDefinition
}
