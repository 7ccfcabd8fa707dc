import { inspect } from 'node:util'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import type { HandlerSession } from '../../lib/request/handler-session.js'
import { decorateWithDefault } from '../../lib/request/session-proxy.js'
import { handled, storedAs } from './handled.js'

type Proxied = Record<PropertyKey, unknown> & ((name: string) => unknown)

/** What `request.session` is in an app whose default is `kept`, and what was asked for by which request. */
function proxied(name = 'kept') {
  const decorators = new Map<string | symbol, unknown>()
  const app = { decorateRequest: (name: string | symbol, value: unknown) => void decorators.set(name, value) }
  const { session, take } = handled(name, storedAs({ p: { user: 'ada' } }))
  const { session: other } = handled('sealed')
  const asked: [unknown, string][] = []
  decorateWithDefault(app as unknown as FastifyInstance, 'kept', function (this: FastifyRequest, name: string) {
    asked.push([this, name])
    return name === 'kept' ? session : other
  })
  const { getter } = decorators.get('session') as { getter: () => Proxied }
  const request = {}
  const proxy: Proxied = getter.call(request)
  return { proxy, session, other, asked, request, take, getter, decorators }
}

t.test('each request has one object, which is called by name too', async (t) => {
  const { proxy, session, other, asked, request, getter, decorators } = proxied()
  t.same(asked, [], 'nothing is asked for until it is used')
  t.equal(getter.call(request), proxy)
  t.not(getter.call({}), proxy)
  t.equal(proxy('sealed'), other)
  t.equal(proxy('kept'), session)
  t.equal(asked[0]?.[0], request)
  t.same([...decorators.keys()].map(String), ['Symbol(fastify-sessions default)', 'session'])
})

t.test('members are those of the session, also apart from it', async (t) => {
  const { proxy, session } = proxied()
  const members = ['get', 'set', 'data', 'options', 'touch', 'regenerate', 'save', 'reload', 'destroy', 'delete']
  for (const member of members) {
    t.equal(typeof proxy[member], 'function', member)
    t.equal(member in proxy, true, member)
    t.equal(Object.hasOwn(proxy, member), false, member)
  }
  const { get, set, data } = proxy as unknown as Record<string, (...args: unknown[]) => unknown>
  set?.('user', 'bob')
  t.same([get?.('user'), data?.(), session.get('user')], ['bob', { user: 'bob', items: [] }, 'bob'])
  t.same([proxy['sessionId'], proxy['changed'], proxy['deleted']], [session.id, true, false])
  t.throws(() => proxy['cookie'], { code: 'FST_SESSIONS_UNSUPPORTED' })
  t.throws(() => Object.assign(proxy, { cookie: {} }), { code: 'FST_SESSIONS_UNSUPPORTED' })
  t.throws(() => Object.assign(proxy, { sessionId: 'mine' }), TypeError)
  for (const member of ['sessionId', 'changed', 'deleted', 'cookie']) t.equal(member in proxy, true, member)
  t.equal(session.has('user'), true)
})

t.test('members that are set are not kept as values', async (t) => {
  const { proxy, session, take } = proxied()
  take()
  proxy['changed'] = true
  t.same([session.isDirty, take()], [false, ['use', 'use']])
  t.equal(Reflect.deleteProperty(proxy, 'get'), true)
  t.equal(typeof proxy['get'], 'function')
  t.same(Object.keys(proxy), ['user', 'items'])
})

t.test('a value of the session with the name of a member is none of the object', async (t) => {
  const { proxy, session } = proxied('loose')
  session.set('data', 'of the session')
  t.equal(Reflect.deleteProperty(proxy, 'data'), true)
  t.same([typeof proxy['data'], session.get('data')], ['function', 'of the session'])
})

t.test('every other name is a key', async (t) => {
  const { proxy, session } = proxied()
  for (const key of ['name', 'length', 'has', 'keys', 'remove', 'lang', 'prototype']) {
    t.same([proxy[key], key in proxy, Object.hasOwn(proxy, key)], [undefined, false, false], key)
    proxy[key] = `the ${key}`
    t.same([proxy[key], key in proxy, Object.hasOwn(proxy, key)], [`the ${key}`, true, true], key)
    t.same(Object.getOwnPropertyDescriptor(proxy, key), {
      value: `the ${key}`,
      writable: true,
      enumerable: true,
      configurable: true
    })
    t.equal(Reflect.deleteProperty(proxy, key), true)
    t.same([proxy[key], key in proxy], [undefined, false], key)
  }
  Object.defineProperty(proxy, 'user', { value: 'bob', configurable: true })
  t.same([session.get('user'), { ...proxy }], ['bob', { user: 'bob', items: [] }])
})

t.test('what all functions and objects have is what they have', async (t) => {
  const { proxy, session } = proxied()
  t.equal((proxy['bind'] as (self: unknown) => unknown)(null), proxy)
  t.equal((proxy['call'] as (...args: unknown[]) => unknown).call(proxy, null, 'kept'), session)
  t.equal((proxy['apply'] as (...args: unknown[]) => unknown).call(proxy, null, ['kept']), session)
  for (const name of ['toString', 'valueOf', 'hasOwnProperty', 'constructor']) {
    t.equal(
      proxy[name],
      Reflect.get(() => {}, name),
      name
    )
  }
  t.equal(inspect(proxy), 'request.session, of which the default is "kept"')
})

t.test('symbols are no keys', async (t) => {
  const { proxy } = proxied()
  const symbol = Symbol('user')
  t.same([proxy[symbol], symbol in proxy, Object.hasOwn(proxy, symbol)], [undefined, false, false])
  t.equal(Symbol.for('nodejs.util.inspect.custom') in proxy, true)
  t.equal(Reflect.deleteProperty(proxy, symbol), true)
  proxy['Symbol(user)'] = 'ada'
  t.same([proxy[symbol], symbol in proxy, Object.hasOwn(proxy, symbol)], [undefined, false, false])
  t.throws(() => Object.assign(proxy, { [symbol]: 1 }), { code: 'FST_SESSIONS_INVALID_VALUE' })
})

t.test('it can not be frozen', async (t) => {
  const { proxy } = proxied()
  t.equal(Reflect.preventExtensions(proxy), false)
  proxy['lang'] = 'en'
  t.equal((proxy as unknown as HandlerSession & { lang: string }).lang, 'en')
})
