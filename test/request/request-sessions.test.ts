import { EventEmitter } from 'node:events'
import type { FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import type { RouteSessions } from '../../lib/definition/route-sessions.js'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import type { Watches } from '../../lib/load/watches.js'
import type { ClearMarker } from '../../lib/records/clear-marker.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { HandlerSession } from '../../lib/request/handler-session.js'
import { RequestSessions } from '../../lib/request/request-sessions.js'
import type { Unsaved } from '../../lib/request/unsaved.js'
import type { SessionState } from '../../lib/session/state.js'
import { cookieOf, definitionsOn, quietLog } from '../load/visits.js'
import { headersOf } from '../response/replying.js'

const secret = newSecret()

/** A store with one session. */
function storeWithOne(): RecordStore {
  const store = memoryStore()
  store.create(storeId(secret), JSON.stringify({ c: Date.now() - 1000, p: { n: 1 } }), Date.now() + 3_600_000)
  return store
}

/** The sessions of one request, without a server; `calls` are those that leave the request. */
function visit(given: { readonly store?: RecordStore; readonly isDue?: boolean; readonly clearedAt?: number } = {}) {
  const { store = storeWithOne(), isDue = false, clearedAt = 0 } = given
  const definitions = definitionsOn(store)
  const calls: unknown[][] = []
  const call =
    (name: string) =>
    (...args: unknown[]) =>
      void calls.push([name, ...args])
  const headers: Record<string, string> = { cookie: cookieOf(definitions.kept, secret) }
  const socket = Object.assign(new EventEmitter(), { destroyed: false })
  const raw = Object.assign(new EventEmitter(), { destroyed: false, headersSent: false, setHeader: () => {} })
  const request = {
    raw: { headers, socket },
    method: 'GET',
    headers: {},
    hostname: 'localhost',
    protocol: 'https',
    server: { server: {} },
    log: quietLog(),
    routeOptions: { url: '/cart' }
  }
  const reply = { ...headersOf(), raw, sent: false }
  const ended = { times: 0 }
  const { signal } = new AbortController()
  const add = (...args: unknown[]) => {
    calls.push(['watch', ...args])
    return [signal, () => void ended.times++]
  }
  const marker = { clearedAt, isDue: () => isDue, ask: async () => call('ask')(), see: call('see') }
  const routes = { loadedFor: () => undefined, isUse: ({ method }: { method: string }) => method === 'GET' }
  const sessions = new RequestSessions(
    request as unknown as FastifyRequest,
    reply as unknown as FastifyReply,
    marker as unknown as ClearMarker,
    { touch: call('touch'), follow: call('follow') } as unknown as Unsaved,
    { add } as unknown as Watches,
    routes as unknown as RouteSessions
  )
  const take = (name: string) => calls.splice(0).filter(([each]) => each === name)
  return { ...definitions, sessions, request, reply, raw, socket, headers, calls, take, signal, ended }
}

const namesOf = (states: readonly SessionState[]) => states.map(({ definition }) => definition.name)

t.test('each session of a request is one object, and those that are asked for are its used ones', async (t) => {
  const { sessions, kept, other, sealed, take } = visit()
  t.equal(sessions.preload([kept, other]), undefined)
  t.same([sessions.isLookedAt, sessions.used, sessions.isUse], [false, [], true])
  const session = sessions.session(kept)
  t.equal(session.get('n'), 1)
  t.equal(sessions.session(kept), session)
  t.not(sessions.session(sealed), session)
  t.same([sessions.isLookedAt, namesOf(sessions.used)], [true, ['kept', 'sealed']])
  t.ok(take('see').length > 0, 'the marker knows of when they began')
  const adopted = sessions.adopt(other, {})
  t.equal(adopted.isNew, true)
  t.same(namesOf(sessions.used), ['kept', 'sealed', 'other'])
})

t.test('a session that is loaded by hand counts from then on', async (t) => {
  const { sessions, kept } = visit()
  const session = sessions.session(kept)
  t.same(sessions.used, [])
  t.throws(() => session.id, { code: 'FST_SESSIONS_NOT_LOADED' })
  t.equal((await session.load()).get('n'), 1)
  t.same(namesOf(sessions.used), ['kept'])
})

t.test('a session that can not be read is an error for who asks, and none for who only counts use', async (t) => {
  const { sessions, kept, other } = visit()
  sessions.fail([kept], new Error('out of order'))
  sessions.preload([other])
  sessions.useAll([kept, other])
  t.same(namesOf(sessions.used), ['other'])
  t.throws(() => sessions.session(kept), { code: 'FST_SESSIONS_STORE' })
})

t.test('whether the headers were sent is asked when a session is first asked for', async (t) => {
  for (const headersSent of [false, true]) {
    const { sessions, kept, sealed, raw } = visit()
    raw.headersSent = headersSent
    sessions.session(sealed)
    raw.headersSent = !headersSent
    sessions.session(kept)
    t.equal(sessions.replyState.isLate, headersSent)
  }
})

t.test('what is used after the reply is noted, each time', async (t) => {
  const { sessions, sealed, take } = visit()
  const session = sessions.session(sealed)
  const state = HandlerSession.stateOf(session)
  const isNoted = () => {
    take('')
    session.has('n')
    return take('touch')
  }
  t.same(isNoted(), [])
  sessions.replyState.stage = 'saving'
  t.same(isNoted(), [['touch', sessions, state]])
  sessions.replyState.stage = 'handled'
  sessions.replyState.isLate = true
  t.same(isNoted(), [['touch', sessions, state]])
})

t.test('a request is followed once, from its first change on', async (t) => {
  const { sessions, sealed, take } = visit()
  const session = sessions.session(sealed)
  session.has('n')
  t.same(take('follow'), [])
  session.set('n', 1)
  session.set('n', 2)
  sessions.follow()
  t.same(take('follow'), [['follow', sessions]])
})

t.test('save() saves one session, and saves are made one after the other', async (t) => {
  const store = storeWithOne()
  const updated: string[] = []
  const { update, create } = store
  Object.assign(store, {
    update: async (...args: Parameters<typeof update>) => {
      updated.push('begun')
      await new Promise(setImmediate)
      updated.push('done')
      return update.apply(store, args)
    },
    create: (...args: Parameters<typeof create>) => {
      updated.push('created')
      return create.apply(store, args)
    }
  })
  const { sessions, kept, other } = visit({ store })
  sessions.preload([kept, other])
  const [one, two] = [sessions.session(kept), sessions.session(other)]
  two.set('n', 5)
  one.set('n', 2)
  const first = one.save()
  one.set('n', 3)
  await Promise.all([first, one.save()])
  t.same([updated, one.isDirty, two.isDirty], [['begun', 'done', 'begun', 'done'], false, true])
  t.match(await store.read(storeId(secret)), { text: /"n":3/ })
  t.equal(sessions.commit([]), undefined)
  await two.save()
  t.same([updated.at(-1), two.isDirty], ['created', false])
})

t.test('a save that nobody awaits ends no process', async (t) => {
  const store = storeWithOne()
  const { sessions, kept } = visit({ store })
  sessions.preload([kept])
  const session = sessions.session(kept)
  Object.assign(store, { update: async () => Promise.reject(new Error('out of order')) })
  session.set('n', 2)
  void session.save()
  await t.rejects(session.save(), { code: 'FST_SESSIONS_SAVE' })
})

t.test('a sign-out ends the session, and during a save another one begins in its place', async (t) => {
  const { sessions, kept, sealed } = visit()
  sessions.preload([kept])
  const [session, beside] = [sessions.session(kept), sessions.session(sealed)]
  const state = HandlerSession.stateOf(session)
  session.destroy()
  t.same([HandlerSession.stateOf(session) === state, state.clearsCookie], [true, true])
  state.beginSaving()
  session.destroy()
  const successor = HandlerSession.stateOf(session)
  t.not(successor, state)
  t.ok(sessions.used[0] === successor && sessions.used[1] === HandlerSession.stateOf(beside))
  t.equal(sessions.used.length, 2)
})

t.test('a session is read anew, once what is being saved is, and the clear marker if it is due', async (t) => {
  for (const isDue of [false, true]) {
    const store = storeWithOne()
    const { sessions, kept, sealed, take } = visit({ store, isDue })
    sessions.preload([kept])
    const [session, beside] = [sessions.session(kept), sessions.session(sealed)]
    session.set('n', 7)
    take('')
    const saving = session.save()
    session.set('n', 8)
    await session.reload()
    await saving
    t.same([session.get('n'), session.isDirty, take('ask').length], [7, false, isDue ? 1 : 0])
    const states = [session, beside].map((each) => HandlerSession.stateOf(each))
    t.ok(states.every((state, at) => sessions.used[at] === state) && sessions.used.length === 2)
  }
  const { sessions, kept } = visit({ clearedAt: Date.now() + 1000 })
  const adopted = sessions.adopt(kept, { isDetached: true, problem: 'store' })
  await adopted.reload()
  t.equal(adopted.problem, 'store')
})

t.test('nothing that began before a clearing is read anew', async (t) => {
  const { sessions, kept } = visit()
  sessions.preload([kept])
  const session = sessions.session(kept)
  const { sessions: cleared } = visit({ clearedAt: Date.now() })
  const { origin } = HandlerSession.stateOf(session)
  const late = cleared.adopt(kept, origin === undefined ? {} : { origin })
  await late.reload()
  t.equal(late.problem, 'cleared')
})

t.test('a session that begins is later than the last clearing', async (t) => {
  const before = Date.now()
  const { sessions } = visit()
  t.ok(sessions.at >= before && sessions.at <= Date.now() && sessions.now() >= before)
  const clearedAt = before + 60_000
  const { sessions: cleared, sealed } = visit({ clearedAt })
  t.same([cleared.at, cleared.clearedAt], [clearedAt + 1, clearedAt])
  t.equal(cleared.session(sealed).createdAt.getTime(), clearedAt + 1)
})

t.test('a session is watched until the response is over, or the connection of an upgrade', async (t) => {
  const idNow = () => undefined
  for (const isUpgrade of [false, true]) {
    for (const destroyed of [false, true]) {
      const { sessions, kept, raw, socket, headers, signal, ended, take } = visit()
      if (isUpgrade) headers['upgrade'] = 'websocket'
      const [connection, other] = isUpgrade ? [socket, raw] : [raw, socket]
      connection.destroyed = destroyed
      take('')
      t.equal(sessions.watch(kept, idNow), signal)
      t.same(take('watch'), [['watch', kept, idNow]])
      t.equal(ended.times, destroyed ? 1 : 0)
      other.emit('close')
      t.equal(ended.times, destroyed ? 1 : 0)
      connection.emit('close')
      t.equal(ended.times, 1)
    }
  }
})

t.test('the response to HEAD is seen by nobody, that to a prefetch perhaps', async (t) => {
  const { sessions, kept, request, headers } = visit()
  const takes = { ...kept, flashOnPrefetch: 'take' } as const
  const seen = () => [sessions.isUnseen(kept), sessions.isUnseen(takes)]
  t.same(seen(), [false, false])
  headers['purpose'] = 'prefetch'
  t.same(seen(), [true, false])
  request.method = 'HEAD'
  t.same(seen(), [true, true])
  delete headers['purpose']
  t.same(seen(), [true, true])
})
