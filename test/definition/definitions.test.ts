import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger, type FastifyRequest } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { arrivalsOf } from '../../lib/definition/arrivals.js'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import { olderForms, stepsDown } from '../../lib/definition/forms.js'
import { keepRegistry, registryOf } from '../../lib/definition/registries.js'
import { Registry } from '../../lib/definition/registry.js'
import { RouteSessions } from '../../lib/definition/route-sessions.js'
import { Superseded } from '../../lib/definition/superseded.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { cookieStore, memoryStore } from '../../lib/index.js'
import { storeId } from '../../lib/records/ticket.js'
import { ready } from '../../lib/seal/aead.js'
import { KeyRing } from '../../lib/seal/keys.js'
import { KEY } from '../client.js'
import { exactly } from '../exactly.js'

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)
await ready()

function registryWith(sessions: object): Registry {
  const options = { keys: [KEY], stores: { memory: memoryStore() }, sessions }
  return new Registry(new KeyRing([KEY]), { cookie: cookieStore() }, options as never, new AppEvents())
}

const plain = z.object({ n: z.number().default(0) })
/** Its values are given as they are stored. */
const loose = z.object({ n: z.number().default(0) }).catchall(z.unknown())

t.test('sessions are found by their names or definitions, once the app is ready and no later one comes', async (t) => {
  const login = { schema: plain, store: 'memory' }
  const registry = registryWith({ login, prefs: { schema: plain } })
  registry.freeze()
  t.equal(registry.find('login'), registry.definitions[0])
  t.equal(registry.find(login), registry.definitions[0])
  t.same(
    registry.definitions.map(({ events }) => events.store),
    ['memory', 'cookie']
  )
  const unknown = (message: string) => ({ code: 'FST_SESSIONS_UNKNOWN', message: exactly(message) })
  t.throws(() => registry.find('lgoin'), unknown('no session "lgoin": the app defines login, prefs'))
  t.throws(
    () => registry.find({ schema: plain }),
    unknown('no session "(a definition that was never added)": the app defines login, prefs')
  )
  t.throws(() => registryWith({}).find('login'), unknown('no session "login": the app defines none'))
  const late = (what: string) => ({
    code: 'FST_SESSIONS_CONFIG',
    message: exactly(`${what} comes too late: the app is ready; add it before, in a plugin`)
  })
  t.throws(() => registry.addStore('redis', memoryStore()), late('store "redis"'))
  t.throws(() => registry.define('cart', { schema: plain }), late('session "cart"'))
})

t.test('an app knows its sessions by app.sessions', async (t) => {
  const [owner, registry] = [{}, registryWith({})]
  t.equal(registryOf(owner), undefined)
  keepRegistry(owner, registry)
  t.equal(registryOf(owner), registry)
})

t.test('what the app opened and the keys are erased when it closes', async (t) => {
  const registry = registryWith({ login: { schema: plain, store: 'memory' }, prefs: { schema: plain } })
  registry.freeze()
  const { successors } = registry.find('login')
  t.ok(successors.seal('text'))
  const closed: string[] = []
  const closing = (what: string) => ({ close: () => void closed.push(what) })
  for (const { name, ...each } of registry.definitions) {
    Object.assign(each.sealedRecords, closing(`${name} records`))
    Object.assign(each.sealedTickets, closing(`${name} tickets`))
    Object.assign(each.successors, closing(`${name} successors`))
  }
  registry.close()
  t.same(
    closed,
    ['login', 'prefs'].flatMap((name) => [`${name} records`, `${name} tickets`, `${name} successors`])
  )
  t.throws(() => successors.seal('text'), { message: exactly('nothing can be sealed any more: the app is closed') })
})

t.test('requests share what was read only where none of them can change it for the others', async (t) => {
  const sharing = (schema: unknown, text: string) => {
    const registry = registryWith({ login: { schema, store: 'memory' }, prefs: { schema } })
    registry.freeze()
    const [{ recordCache, sealedTickets }, { sealedRecords }] = registry.definitions as [
      ResolvedDefinition,
      ResolvedDefinition
    ]
    const isShared = (read: () => unknown) => {
      const [, second, third] = [read(), read(), read()]
      return second === third
    }
    const value = sealedRecords.seal(text, undefined)
    const ticket = sealedTickets.seal('a-secret-of-the-cookie.1.1', undefined)
    return [
      isShared(() => recordCache.parse(storeId('it'), text)),
      isShared(() => sealedRecords.open(value)),
      isShared(() => sealedTickets.open(ticket))
    ]
  }
  t.same(sharing(plain, '{"c":1,"p":{"n":1}}'), [true, true, true])
  t.same(sharing(plain, '{"c":1,"f":{"notice":[0,"hello"]}}'), [false, false, true])
  t.same(sharing(loose, '{"c":1,"p":{"n":1}}'), [false, false, true])
})

t.test('from is an array of what the functions of fastify-sessions/from return', async (t) => {
  for (const from of [[null], [undefined], [{}], 'secure-session', {}]) {
    t.throws(() => arrivalsOf('login', from as never), {
      code: 'FST_SESSIONS_CONFIG',
      message: exactly(
        `session "login": from: expected an array such as [secureSession({ key }, (old) => ({ user: old.user }))], of 'fastify-sessions/from/secure-session'`
      )
    })
  }
  t.equal(arrivalsOf('login', undefined), undefined)
  t.equal(arrivalsOf('login', []), undefined)
})

t.test('there are steps down as far as each version says one', async (t) => {
  const schema = plain
  const up = (payload: unknown) => payload
  const both = { up, down: up }
  const steps = (version: number, migrate: object) =>
    stepsDown({ schema, version, migrate } as never).map(({ to }) => to)
  t.same(steps(1, {}), [])
  t.same(steps(3, { 1: both, 2: both }), [2, 1])
  t.same(steps(3, { 1: both, 2: up }), [])
  t.same(steps(3, { 1: both, 2: { up } }), [])
  t.same(steps(3, { 1: both }), [])
  t.same(steps(3, { 2: both }), [2])
  t.same(stepsDown({ schema } as never), [])
})

t.test('a step down that fails is told, and ends the forms for older processes', async (t) => {
  const log: unknown[] = []
  const logger = { warn: (...line: unknown[]) => void log.push(line) } as unknown as FastifyBaseLogger
  const formsOf = (...downs: ((payload: unknown) => unknown)[]) => {
    const steps = downs.map((down, at) => ({ to: downs.length - at, down }))
    return olderForms({ name: 'login', stepsDown: steps } as unknown as ResolvedDefinition, { n: 1 }, logger)
  }
  const add = (payload: unknown) => ({ ...(payload as object), added: true })
  const fail = () => {
    throw new RangeError('a secret')
  }
  t.same(formsOf(), undefined)
  t.same(formsOf(add), { 1: { n: 1, added: true } })
  t.same(
    formsOf(add, () => undefined, add),
    { 3: { n: 1, added: true } }
  )
  t.same(
    formsOf(() => [], add),
    undefined
  )
  t.same(log, [])
  t.same(formsOf(add, fail, add), { 3: { n: 1, added: true } })
  t.strictSame(log, [
    [{ session: 'login', version: 2 }, "a step down threw RangeError: older processes can't read what is stored"]
  ])
})

t.test('a request counts as use unless it is HEAD, or its route says that it does not', async (t) => {
  const isUse = (sessions: unknown, method = 'GET') => {
    const routes = new RouteSessions(true)
    routes.check(['login'])
    const routeOptions = { config: { sessions }, url: '/' }
    return routes.isUse({ method, routeOptions } as unknown as FastifyRequest)
  }
  for (const sessions of [undefined, false, ['login'], {}, { load: ['login'] }, { load: false, touch: true }]) {
    t.equal(isUse(sessions), true, JSON.stringify(sessions))
    t.equal(isUse(sessions, 'HEAD'), false)
  }
  t.equal(isUse({ touch: false }), false)
  t.equal(isUse({ load: ['login'], touch: false }), false)
})

t.test('a value counts as replaced to requests that came at most a minute later', async (t) => {
  const superseded = new Superseded()
  t.equal(superseded.has('value', 0), false)
  superseded.note('value', 1000)
  t.equal(superseded.has('value', 0), true)
  t.equal(superseded.has('value', 61_000), true)
  t.equal(superseded.has('value', 61_001), false)
  t.equal(superseded.has('other', 1000), false)
  superseded.note('value', 5000)
  t.equal(superseded.has('value', 65_000), true)
  t.equal(superseded.has('value', 65_001), false)
})

t.test('a route reads the sessions that its settings name, none, or all where they name none', async (t) => {
  const loadedFor = (sessions: unknown) => {
    const routes = new RouteSessions(true)
    routes.check(['login', 'cart'])
    const routeOptions = { config: { sessions }, url: '/' }
    return routes.loadedFor({ method: 'GET', routeOptions } as unknown as FastifyRequest)
  }
  for (const [sessions, load] of [
    [undefined, undefined],
    [false, false],
    [[], []],
    [['cart'], ['cart']],
    [{}, undefined],
    [{ touch: false }, undefined],
    [{ load: false }, false],
    [{ load: ['cart'] }, ['cart']]
  ] as const) {
    t.strictSame(loadedFor(sessions), load, JSON.stringify(sessions))
  }
  for (const [sessions, reason] of [
    ['login', 'expected false, an array of names, or { load, touch }'],
    [true, 'expected false, an array of names, or { load, touch }'],
    [['crat'], 'no session "crat"; there are login, cart'],
    [{ load: 'login' }, 'load: expected false or an array of names'],
    [{ load: ['crat'] }, 'load: no session "crat"; there are login, cart'],
    [{ touch: 1 }, 'touch: expected true or false, got number'],
    [{ names: [] }, 'there is no option "names"; there are load, touch']
  ] as const) {
    t.throws(() => loadedFor(sessions), {
      code: 'FST_SESSIONS_CONFIG',
      message: exactly(`route "GET /": config.sessions: ${reason}`)
    })
  }
})
