import { tracingChannel } from 'node:diagnostics_channel'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import type { Arrivals } from '../../lib/definition/arrivals.js'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import type { RouteSessions } from '../../lib/definition/route-sessions.js'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { Loader } from '../../lib/load/loader.js'
import type { ClearMarker } from '../../lib/records/clear-marker.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import type { Loaded } from '../../lib/session/origin.js'
import type { StoreTrip } from '../../types/events.js'
import { heard } from '../events/heard.js'
import { cookieOf, definitionsOn, quietLog } from './visits.js'

const HOUR = 3_600_000
const marker = { clearedAt: 0 } as ClearMarker

/** A store with a session of each secret. */
function storeWith(...secrets: string[]): RecordStore {
  const store = memoryStore()
  const text = JSON.stringify({ c: Date.now() - 1000, p: { n: 1 } })
  for (const secret of secrets) store.create(storeId(secret), text, Date.now() + HOUR)
  return store
}

/** The same store, which answers later, or fails. */
const later = (store: RecordStore) => {
  const { read } = store
  return Object.assign(store, { read: async (id: string) => read.call(store, id) })
}
const failing = (error: Error) =>
  Object.assign(memoryStore(), { read: async () => Promise.reject(error), readMany: async () => Promise.reject(error) })

/** A request with these cookies, of a route that says this of its sessions. */
function visit(cookies: readonly string[] = [], loadedFor?: false | readonly string[]) {
  const lines: unknown[] = []
  const headers: { cookie?: string } = cookies.length > 0 ? { cookie: cookies.join('; ') } : {}
  const request = { raw: { headers, url: '/', method: 'GET' }, log: quietLog(lines), routeOptions: { url: '/' } }
  const routes = { loadedFor: () => loadedFor } as unknown as RouteSessions
  return { loader: new Loader(request as unknown as FastifyRequest, marker, routes), lines, headers }
}

const isIn = (loader: Loader, definition: ResolvedDefinition) => loader.loaded(definition)?.origin !== undefined

t.test('a request does not wait for a store that answers at once', async (t) => {
  const [secret, another] = [newSecret(), newSecret()]
  const { kept, other, sealed } = definitionsOn(storeWith(secret, another))
  for (const cookies of [[], [cookieOf(kept, secret)], [cookieOf(other, another)]]) {
    const { loader } = visit(cookies)
    t.equal(loader.preload([kept, other]), undefined)
    t.equal(isIn(loader, kept), cookies[0]?.startsWith('__Host-kept') === true)
    t.equal(isIn(loader, other), cookies[0]?.startsWith('__Host-other') === true)
    t.equal(isIn(loader, sealed), false)
    t.equal(kept.breaker.isOpen, false)
  }
})

t.test('the sessions of a request are read in one trip, and a trip is told with all of them', async (t) => {
  const [secret, another] = [newSecret(), newSecret()]
  const store = storeWith(secret, another)
  const { kept, other } = definitionsOn(store)
  const trips: (readonly string[])[] = []
  const channel = tracingChannel('fastify-sessions.load')
  const listeners = { start: (trip: unknown) => void trips.push((trip as StoreTrip).names) }
  const read = async () => {
    const { loader } = visit([cookieOf(kept, secret), cookieOf(other, another)])
    await loader.preload([kept, other])
    t.equal(isIn(loader, kept) && isIn(loader, other), true)
  }
  await read()
  t.same(trips, [], 'nobody listens')
  channel.start.subscribe(listeners.start)
  t.teardown(() => channel.start.unsubscribe(listeners.start))
  await read()
  const { loader } = visit([cookieOf(other, another)])
  loader.preload([kept, other])
  t.same(trips, [['kept', 'other'], ['other']])
})

t.test('what a route does not load has to be loaded by hand, but for what the cookie carries', async (t) => {
  const { kept, sealed } = definitionsOn()
  for (const [loadedFor, isLoaded] of [
    [undefined, true],
    [false, false],
    [['other'], false],
    [['other', 'kept'], true]
  ] as const) {
    const { loader } = visit([], loadedFor)
    t.equal(loader.loaded(kept) !== undefined, isLoaded)
    t.not(loader.loaded(sealed), undefined)
  }
})

t.test('a cookie that comes once sessions were read has to be loaded by hand', async (t) => {
  const secret = newSecret()
  const { kept } = definitionsOn(storeWith(secret))
  const { loader, headers } = visit(['theme=dark'])
  loader.preload([kept])
  t.same(loader.loaded(kept), {})
  headers.cookie = cookieOf(kept, secret)
  t.equal(loader.loaded(kept), undefined)
  t.not((await loader.load(kept)).origin, undefined)
})

t.test('a store that fails is logged, and an error of each session whose record it has', async (t) => {
  const cause = new Error('out of order')
  const { kept, other } = definitionsOn(failing(cause))
  const { loader, lines } = visit([cookieOf(kept, newSecret()), cookieOf(other, newSecret())])
  const { events } = heard(t, { sessions: kept.events.app.sessions } as never)
  await loader.preload([kept, other])
  t.same(
    events.map((event) => [event.event, (event as { duration?: number }).duration !== 0]),
    [
      ['failed', true],
      ['failed', true]
    ]
  )
  t.same(lines, [
    ['error', { session: 'kept', err: cause }, 'a session store failed'],
    ['error', { session: 'other', err: cause }, 'a session store failed']
  ])
  for (const definition of [kept, other]) {
    t.throws(() => loader.loaded(definition), {
      code: 'FST_SESSIONS_STORE',
      message: `session "${definition.name}": its store failed: it could not be read`,
      cause
    })
  }
  t.equal(kept.breaker.isOpen, true)
})

t.test('a trip of several sessions that fails says so', async (t) => {
  const { kept, other } = definitionsOn(failing(Object.assign(new Error('secret words'), { code: 'ECONNREFUSED' })))
  const errors: unknown[] = []
  const channel = tracingChannel('fastify-sessions.load')
  const listen = (trip: unknown) => void errors.push((trip as { error: { code: string } }).error.code)
  channel.error.subscribe(listen)
  t.teardown(() => channel.error.unsubscribe(listen))
  const { loader } = visit([cookieOf(kept, newSecret()), cookieOf(other, newSecret())])
  await loader.preload([kept, other])
  t.same(errors, ['ECONNREFUSED'])
})

/** The same session, which takes over what `load` gives for the cookie `old`. */
function taking(definition: ResolvedDefinition, load: () => Promise<Loaded | undefined>): ResolvedDefinition {
  const from = { isIn: (header: string) => header.includes('old='), load }
  return { ...definition, from: from as unknown as Arrivals }
}

t.test('a session of another plugin arrives only where there is none of this one', async (t) => {
  const secret = newSecret()
  const { kept, other } = definitionsOn(later(storeWith(secret)))
  const { sealed } = definitionsOn()
  const record = { c: Date.now() - 1000, e: Date.now() + HOUR, p: { n: 1 } }
  const own = `${sealed.cookie.name}=${sealed.sealedRecords.seal(JSON.stringify(record), undefined)}`
  const old = 'old=1'
  const cases: readonly (readonly [string, ResolvedDefinition, readonly string[], number])[] = [
    ['a live one in the store', kept, [cookieOf(kept, secret), old], 0],
    ['an ended one', kept, [cookieOf(kept, newSecret()), old], 0],
    ['none in the store', kept, [old], 1],
    ['no cookie of the other plugin', kept, ['theme=dark'], 0],
    ['one that nobody sealed', kept, [`${kept.cookie.name}=x`, old], 1],
    ['a live one in the cookie', sealed, [own, old], 0],
    ['none in the cookie', sealed, [old], 1]
  ]
  for (const [name, definition, cookies, expected] of cases) {
    let asked = 0
    const arriving = taking(definition, async () => {
      asked++
      return undefined
    })
    const { loader } = visit(cookies)
    await loader.preload([other, arriving])
    t.equal(asked, expected, name)
    t.equal(isIn(loader, arriving), cookies.includes(own) || (asked === 0 && name.startsWith('a live')), name)
  }
})

t.test('where the store of this plugin fails, nothing of another one is asked for', async (t) => {
  const { kept } = definitionsOn(failing(new Error('out of order')))
  const arriving = taking(kept, async () => t.fail('it is asked') as never)
  const { loader } = visit([cookieOf(kept, newSecret()), 'old=1'])
  await loader.preload([arriving])
  t.throws(() => loader.loaded(arriving), { code: 'FST_SESSIONS_STORE' })
})
