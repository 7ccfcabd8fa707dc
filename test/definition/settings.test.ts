import { fastifyCookie } from '@fastify/cookie'
import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { cookieStore, memoryStore, type SessionsOptions } from '../../lib/index.js'
import { ready } from '../../lib/seal/aead.js'
import { KeyRing } from '../../lib/seal/keys.js'
import { KEY } from '../client.js'
import { exactly } from '../exactly.js'

const schema = z.object({ n: z.number().default(0) })
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The definitions of an app with these sessions, whose serialiser works once it has been registered somewhere. */
async function definitionsOf(sessions: object, more: Partial<SessionsOptions> = {}) {
  await Fastify().register(fastifyCookie)
  await ready()
  const options = { keys: [KEY], stores: { memory: memoryStore(), other: memoryStore() }, sessions, ...more }
  const registry = new Registry(new KeyRing([KEY]), { cookie: cookieStore() }, options as never, new AppEvents())
  registry.freeze()
  return registry.definitions
}

async function settingsOf(definition: object, more?: Partial<SessionsOptions>): Promise<ResolvedDefinition> {
  const [settings] = await definitionsOf({ login: { schema, ...definition } }, more)
  return settings as ResolvedDefinition
}

const config = (message: string) => ({ code: 'FST_SESSIONS_CONFIG', message: exactly(message) })

t.test('what a definition does not say has its default, in milliseconds', async (t) => {
  const usual = {
    name: 'login',
    app: undefined,
    idle: 14 * DAY,
    absolute: 90 * DAY,
    touchAfter: HOUR,
    isRolling: false,
    grace: 10_000,
    isManual: false,
    onStoreError: 'throw',
    saveOnError: false,
    flashOnPrefetch: 'keep',
    invalidValueStatus: 500,
    version: 1,
    migrate: {},
    stepsDown: [],
    maxBytes: 1024 * 1024,
    onInvalid: 'reset',
    merge: {},
    limit: undefined,
    from: undefined
  }
  const some = (settings: object) =>
    Object.fromEntries(Object.keys(usual).map((name) => [name, (settings as Record<string, unknown>)[name]]))
  const settings = await settingsOf({})
  t.strictSame(some(settings), usual)
  t.same([...settings.flashes], [])
  t.same(settings.cookie.names, ['__Host-login'])
  const unsaid = Object.fromEntries(
    ['idle', 'absolute', 'touchAfter', 'rolling', 'grace', 'load', 'version', 'maxBytes', 'merge', 'migrate'].map(
      (name) => [name, undefined]
    )
  )
  t.strictSame(some(await settingsOf(unsaid)), usual, 'undefined says nothing')
})

t.test('what a definition says goes before what the app says, and that before the default', async (t) => {
  const { idle, absolute, touchAfter, grace } = await settingsOf({ idle: 100, grace: 2 }, { idle: 50, absolute: 200 })
  t.same([idle, absolute, touchAfter, grace], [100_000, 200_000, 10_000, 2000])
  t.equal((await settingsOf({ idle: 100, touchAfter: 3 })).touchAfter, 3000)
  t.equal((await settingsOf({ idle: 36_000 })).touchAfter, HOUR)
  t.equal((await settingsOf({ idle: 36_010 })).touchAfter, HOUR)
  const rolling = await settingsOf({ rolling: true, store: 'memory' })
  t.same([rolling.isRolling, rolling.touchAfter], [true, 0])
  t.equal((await settingsOf({ load: 'manual', store: 'memory' })).isManual, true)
  const limit = { sessions: 2, then: 'refuse' } as const
  t.equal((await settingsOf({ limit, store: 'memory' })).limit, limit)
  const merge = { n: () => 1 }
  const up = (payload: unknown) => payload
  const down = (payload: unknown) => payload
  const onInvalid = () => ({})
  const told = await settingsOf({ merge, onInvalid, version: 3, migrate: { 1: up, 2: { up, down } } }, { app: 'shop' })
  t.equal(told.merge, merge)
  t.equal(told.onInvalid, onInvalid)
  t.equal(told.version, 3)
  t.equal(told.app, 'shop')
  t.same(Object.entries(told.migrate), [
    ['1', up],
    ['2', up]
  ])
  t.same(told.stepsDown, [{ to: 2, down }])
  const named = await settingsOf({ chunks: 3, cookie: { name: 'own' } }, { cookie: { maxAge: 60 } })
  t.same([named.cookie.names, named.cookie.maxAge], [['own', 'own.1', 'own.2'], 60])
})

t.test('messages have kinds with schemas, of zod or each by itself', async (t) => {
  const notice = z.string()
  for (const flash of [{ notice }, z.object({ notice })]) {
    const { flashes } = await settingsOf({ flash })
    t.same([...flashes.keys()], ['notice'])
    t.ok(flashes.get('notice'))
  }
  const kinds = 'flash: expected z.object({ kind: schema }) or { kind: schema }'
  for (const [flash, reason] of [
    [z.string(), kinds],
    ['notice', kinds],
    [[notice], kinds],
    [null, kinds],
    [{ '': notice }, 'flash: a kind needs a name'],
    [{ '@': notice }, 'flash: "@" is no name of a kind: records keep subjects there']
  ] as const) {
    await t.rejects(settingsOf({ flash }), config(`session "login": ${reason}`))
  }
  await t.rejects(
    settingsOf({ flash: { notice: 'text' } }),
    config('session "login" flash "notice": expected the schema of one message')
  )
})

t.test('what is no definition is refused by its name', async (t) => {
  for (const [sessions, reason] of [
    [undefined, 'sessions: expected an object of definitions by name'],
    [[], 'sessions: expected an object of definitions by name'],
    [{ 'log in': { schema } }, 'session "log in": the name is not an RFC 6265 token'],
    [{ login: null }, 'session "login": expected a definition, { schema: z.object({…}) } at the least'],
    [{ login: 'schema' }, 'session "login": expected a definition, { schema: z.object({…}) } at the least'],
    [{ login: schema }, 'session "login": expected { schema }, got the schema itself'],
    [{ login: { schema, store: 7 } }, 'session "login": store: expected the name of one of the stores, got number'],
    [
      { login: { schema, limit: { sessions: 1, then: 'refuse' } } },
      'session "login": limit needs a record store: nobody knows how many cookies there are'
    ]
  ] as const) {
    await t.rejects(definitionsOf(sessions as never), config(reason))
  }
  await t.rejects(definitionsOf({}, { stores: [] as never }), config('stores: expected an object of stores by name'))
  await t.rejects(
    definitionsOf({}, { startWithout: ['cookie' as never] }),
    config('startWithout: store: "cookie" is not a record store; there are memory, other')
  )
  const options = { keys: [KEY], sessions: { login: { schema } } }
  const registry = new Registry(new KeyRing([KEY]), { cookie: cookieStore() }, options as never, new AppEvents())
  t.throws(() => registry.define('login', { schema }), config('session "login" is defined already'))
  t.same(registry.names, ['login'])
  t.same(registry.definitions, [], 'there are none until the app is ready')
  t.equal(registry.schemaOf('login'), schema)
  t.equal(registry.schemaOf('cart'), undefined)
  t.match(registry.keyIds, [/^[\da-f]{10}$/])
  t.equal(registry.keyIds.length, 1)
})

t.test('records tell their session where several have one store', async (t) => {
  const named = (await definitionsOf({
    prefs: { schema },
    theme: { schema },
    login: { schema, store: 'memory' },
    cart: { schema, store: 'memory' },
    notes: { schema, store: 'other' }
  })) as readonly ResolvedDefinition[]
  t.same(
    named.map(({ name, isNamed }) => [name, isNamed]),
    [
      ['prefs', false],
      ['theme', false],
      ['login', true],
      ['cart', true],
      ['notes', false]
    ]
  )
  const [prefs, theme, login, cart, notes] = named.map(({ breaker }) => breaker)
  t.equal(login, cart, 'a store fails for all of its sessions')
  t.equal(new Set([prefs, theme, login, notes]).size, 4)
})

t.test('an app that may start without its stores needs none of its record stores, and has its cookies', async (t) => {
  const [prefs, login] = (await definitionsOf(
    { prefs: { schema }, login: { schema, store: 'memory' } },
    { startWithout: true }
  )) as [ResolvedDefinition, ResolvedDefinition]
  t.equal(prefs.store, undefined)
  const late = new Error('the store is not set up yet: the app was started without it')
  await t.rejects(async () => login.store?.read('id'), { message: exactly(late.message) })
  const [, ready] = (await definitionsOf({ prefs: { schema }, login: { schema, store: 'memory' } })) as [
    ResolvedDefinition,
    ResolvedDefinition
  ]
  t.equal(await ready.store?.read('id'), undefined)
})

t.test('what is sealed for one session and purpose opens for no other', async (t) => {
  const both = (await definitionsOf({ one: { schema }, two: { schema } })) as [ResolvedDefinition, ResolvedDefinition]
  const record = '{"c":1}'
  const ticket = 'a-secret-of-the-cookie.1.1'
  for (const [at, { sealedRecords, sealedTickets, successors }] of both.entries()) {
    const other = both[1 - at] as ResolvedDefinition
    const [asRecord, asTicket] = [sealedRecords.seal(record, undefined), sealedTickets.seal(ticket, undefined)]
    const asSuccessor = successors.seal('a secret')
    t.equal(sealedRecords.open(asRecord).problem, undefined)
    t.equal(sealedTickets.open(asTicket).problem, undefined)
    t.same(successors.open(asSuccessor), { text: 'a secret', stale: false })
    for (const opened of [
      other.sealedRecords.open(asRecord),
      other.sealedTickets.open(asTicket),
      other.successors.open(asSuccessor),
      sealedTickets.open(asRecord),
      sealedRecords.open(asTicket),
      sealedRecords.open(asSuccessor),
      sealedTickets.open(asSuccessor)
    ]) {
      t.equal('problem' in opened && opened.problem, 'bad-seal')
    }
  }
})

t.test('a cookie is encrypted, or only signed where that is wanted; the secret of a successor always is', async (t) => {
  for (const [seal, isSigned] of [
    [undefined, false],
    ['encrypt', false],
    ['sign', true]
  ] as const) {
    const { sealedRecords, sealedTickets, successors } = await settingsOf({ seal })
    for (const value of [sealedRecords.seal('{"c":1}', undefined), sealedTickets.seal('a.1.1', undefined)]) {
      t.equal(value.includes('.'), isSigned)
    }
    t.notOk(successors.seal('a secret').includes('.'))
  }
})

t.test('another seal seals the records of the cookie store, or the cookies of a record store', async (t) => {
  const asked: string[] = []
  const sealing = (what: string) => {
    asked.push(what)
    return { what }
  }
  const seal = { kind: 'seal', records: () => sealing('records'), tickets: () => sealing('tickets') }
  const inCookie = await settingsOf({ seal })
  t.same(inCookie.sealedRecords, { what: 'records' })
  t.equal(typeof inCookie.sealedTickets.open, 'function')
  t.same(asked.splice(0), ['records'])
  const inStore = await settingsOf({ seal, store: 'memory' })
  t.same(inStore.sealedTickets, { what: 'tickets' })
  t.equal(typeof inStore.sealedRecords.open, 'function')
  t.same(asked, ['tickets'])
})

t.test('what an earlier release sealed opens', async (t) => {
  const { sealedRecords, sealedTickets, successors } = await settingsOf({ store: 'memory' })
  const record = 'ATbU8qAz1Vm5ZXEWq7nEoCsOKdXup84XJduzwir5nO-jNizvURi74InB4j0jmnyV_X7wGh3ByT43q_QLmctMjro'
  const ticket = 'ATbU8qAzs882F2M1zoh8-HfSSzwbIfQeD73NnHjuqHbqSuYDoQ0J8U1fV2gEQ6pHERwIplhZS621NBnlNYn2l53I1bc6KUNH'
  const successor = 'ATbU8qAzww9PmfRjN-o6IvY7Ec4t0r65QBuFothpHOVxxmsuY7vpmnr4tH50iXiYPcwPBWZx'
  t.match(sealedRecords.open(record), { text: '{"c":1,"p":{"n":1}}', isStale: false })
  t.match(sealedTickets.open(ticket), { text: 'a-secret-of-the-cookie.1.1', isStale: false })
  t.same(successors.open(successor), { text: 'a secret', stale: false })
})
