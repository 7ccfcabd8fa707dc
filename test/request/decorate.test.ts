import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Registry } from '../../lib/definition/registry.js'
import { decorateRequests } from '../../lib/request/decorate.js'
import type { Requests } from '../../lib/request/requests.js'

/** What requests get in an app with that default, and which sessions were saved. */
async function decorated(defaultName?: string) {
  const decorators = new Map<string | symbol, unknown>()
  const app = { decorateRequest: (name: string | symbol, value: unknown) => void decorators.set(name, value) }
  const entered = {}
  const saved: unknown[] = []
  const of = (request: object) => ({
    session: ({ name }: { name: string }) => `${name} of ${request === entered ? 'the request' : 'another one'}`,
    used: ['cart', 'login'],
    saveStates: async (states: unknown) => void saved.push(states)
  })
  const registry = { find: (name: string) => ({ name }), names: ['cart', 'login'] }
  const requests = { hasEntered: (request: object) => request === entered, of }
  await decorateRequests(
    app as unknown as FastifyInstance,
    registry as unknown as Registry,
    requests as unknown as Requests,
    defaultName
  )
  return { decorators, entered, saved }
}

type SessionOf = (this: unknown, name: string) => unknown

t.test('a request gives the session of a name, once the plugin has seen it', async (t) => {
  const { decorators, entered } = await decorated()
  const session = decorators.get('session') as SessionOf
  t.equal(session.call(entered, 'cart'), 'cart of the request')
  t.throws(() => session.call({}, 'cart'), {
    code: 'FST_SESSIONS_NOT_LOADED',
    message:
      'session "cart" is asked for before the plugin has seen the request: register fastify-sessions before the hook or plugin that does'
  })
  t.throws(() => session.call(undefined, 'cart'), {
    code: 'FST_SESSIONS_NOT_LOADED',
    message:
      'session "cart" is asked for without its request: write request.session(…), not a copy of the function (in Nest take @Req(), not @Session())'
  })
})

t.test('the function that all requests share can not be changed', async (t) => {
  const { decorators } = await decorated()
  const session = decorators.get('session') as SessionOf
  t.equal(Object.isFrozen(session), true)
  t.throws(() => Reflect.get(session, 'user') ?? Reflect.get(session, 'get'), {
    code: 'FST_SESSIONS_UNKNOWN',
    message: /^request\.session\.get: .* write request\.session\("cart"\)\.get /
  })
  t.throws(() => Object.assign(session, { user: 'ada' }), { code: 'FST_SESSIONS_UNKNOWN' })
})

t.test('with a default, each request has an object of its own', async (t) => {
  const { decorators, entered } = await decorated('login')
  const { getter } = decorators.get('session') as { getter: () => SessionOf }
  const session = getter.call(entered)
  t.equal(session('cart'), 'cart of the request')
  t.equal(getter.call(entered), session)
})

t.test('saveSessions() saves what the request has used', async (t) => {
  for (const name of [undefined, 'login']) {
    const { decorators, entered, saved } = await decorated(name)
    t.equal(await (decorators.get('saveSessions') as (this: unknown) => Promise<void>).call(entered), undefined)
    t.same(saved, [['cart', 'login']])
  }
})
