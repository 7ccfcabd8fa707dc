import t from 'tap'
import type { Cookie } from '../../lib/cookie/cookie.js'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import { SaveError } from '../../lib/errors.js'
import { save as saveChannel } from '../../lib/events/channels.js'
import { memoryStore } from '../../lib/index.js'
import { formatRecord } from '../../lib/records/record.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { commit } from '../../lib/save/commit.js'
import { SaveQueue } from '../../lib/save/save-queue.js'
import type { Arriving } from '../../lib/session/arriving.js'
import type { Loaded } from '../../lib/session/origin.js'
import { SessionState } from '../../lib/session/state.js'
import type { StoreTrip } from '../../types/events.js'
import { heard, kinds } from '../events/heard.js'
import { definitionsOn, quietLog } from '../load/visits.js'
import { replying } from '../response/replying.js'

const HOUR = 3_600_000

/** Sessions on a store, and a reply; `lines` is what their log gets. */
function saving(store = memoryStore()) {
  const definitions = definitionsOn(store)
  const lines: unknown[][] = []
  const begin = (definition: ResolvedDefinition, loaded: Loaded = {}) =>
    new SessionState(definition, quietLog(lines), loaded, { at: Date.now(), isUse: true, clearedAt: 0 })
  /** A session with a value that is to be saved. */
  const changed = (definition: ResolvedDefinition, loaded?: Loaded) => {
    const state = begin(definition, loaded)
    state.content.values.set('n', 5, 5)
    return state
  }
  const app = { sessions: definitions.kept.events.app.sessions } as never
  const { request, ...given } = replying()
  Object.assign(request, { headers: {}, hostname: 'shop.example', id: 'r1' })
  return { ...definitions, ...given, app, begin, changed, store, told: lines }
}

/** A definition that takes over sessions of another plugin; `calls` are those that reach that plugin. */
function arriving(definition: ResolvedDefinition, more: Partial<Arriving> = {}) {
  const calls: string[] = []
  const from: Arriving = {
    ready: async () => {},
    isIn: () => false,
    load: async () => undefined,
    save: () => undefined,
    end: async () => void calls.push(`end ${definition.name}`),
    clear: () => {
      calls.push(`clear ${definition.name}`)
      return []
    },
    endArrived: () => undefined,
    ...more
  }
  return { definition: { ...definition, from }, calls }
}

/** A session as a request with its cookie has it, whose end is due to be moved, or is not. */
function stored(isDue = true): Loaded & { readonly origin: object } {
  const secret = newSecret()
  const record = { c: Date.now() - 1000, p: { n: 1 } }
  const expires = Date.now() + (isDue ? HOUR / 2 : HOUR)
  const id = storeId(secret)
  const ticket = { secret, id, createdAt: record.c, expires: Date.now() + HOUR * 24 }
  return { origin: { text: formatRecord(record), record, expires, location: { id, version: 1, ticket } } }
}

const cookiesIn = (headers: ReadonlyMap<string, string | string[]>) =>
  [headers.get('set-cookie') ?? []].flat().map((cookie) => cookie.split('=')[0])

const failing = (error: Error) =>
  Object.assign(memoryStore(), {
    create: () => {
      throw error
    }
  })

t.test('where no store has to be waited for, a save is done at once, and told', (t) => {
  const { kept, sealed, state, changed, begin, headers, app } = saving()
  const { take } = heard(t, app)
  const nothing = begin(kept)
  t.equal(commit(state, [nothing]), undefined)
  const states = [changed(kept), changed(sealed)]
  for (const each of states) {
    t.equal(commit(state, [each]), undefined)
    t.same([each.isSaving, each.isDirty], [false, false])
  }
  t.same(kinds(take()), ['created', 'created'])
  t.equal(cookiesIn(headers).length, 2)
  const [first] = states as [SessionState]
  first.destroy(Date.now())
  t.equal(commit(state, [first]), undefined)
  t.same(kinds(take()), ['destroyed'])
  t.end()
})

t.test('a sign-out of what there was not asks no store for anything', (t) => {
  const { kept, state, begin, headers } = saving()
  const none = begin(kept, { problem: 'gone' })
  none.destroy(Date.now())
  t.equal(commit(state, [none]), undefined)
  t.equal(cookiesIn(headers).length, 1, 'its cookie is cleared')
  t.end()
})

t.test('nothing is saved, and nobody is told, where there is nothing to be saved', (t) => {
  const { state } = saving()
  t.equal(commit(state, []), undefined)
  t.end()
})

t.test('a sign-out ends the session of the other plugin first, and no session that stays', async (t) => {
  const { kept, other, state, begin, changed, headers } = saving()
  const calls: string[] = []
  let first: SessionState | undefined
  const end = async () => {
    await Promise.resolve()
    calls.push(`end, ${first?.isSaving}, ${cookiesIn(headers).length}`)
  }
  const leaving = arriving(kept, { end })
  const staying = arriving(other)
  first = begin(leaving.definition, { problem: 'gone' })
  first.destroy(Date.now())
  const second = changed(staying.definition)
  await commit(state, [first, second])
  t.same(calls, ['end, true, 0'])
  t.same(staying.calls, ['clear other'])
  t.same([first.isSaving, second.isSaving], [false, false])
  t.equal(cookiesIn(headers).length, 2)
  const plain = begin(kept, { problem: 'gone' })
  plain.destroy(Date.now())
  t.equal(commit(state, [plain]), undefined, 'without another plugin there is nothing to wait for')
})

t.test('a sign-out that the other plugin does not take part in fails, and says so in the log', async (t) => {
  const { kept, state, begin, lines, headers } = saving()
  const cause = new Error('secret words')
  const { definition } = arriving(kept, { end: () => Promise.reject(cause) })
  const session = begin(definition, { problem: 'gone' })
  session.destroy(Date.now())
  const error = await commit(state, [session])?.catch((error: unknown) => error)
  t.ok(error instanceof SaveError)
  const words = 'the store of the former plugin did not end the session that it keeps'
  t.equal((error as Error).message, `could not save session "kept": its store failed: ${words}`)
  t.equal((error as SaveError).errors.get('kept')?.cause, cause)
  t.same(lines, [[{ session: 'kept', err: cause }, words]])
  t.same(cookiesIn(headers), [])
  t.equal(session.isSaving, false)
})

t.test('a save waits until every other plugin has ended the sessions that arrived', async (t) => {
  const { kept, other, sealed, state, changed } = saving()
  const ended: string[] = []
  const late = (definition: ResolvedDefinition, turns: number) =>
    arriving(definition, {
      endArrived: async () => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve()
        ended.push(definition.name)
      }
    }).definition
  const states = [changed(late(kept, 9)), changed(late(other, 30)), changed(sealed)]
  await commit(state, states)
  t.same(ended, ['kept', 'other'])
  ended.length = 0
  const reversed = saving()
  await commit(reversed.state, [reversed.changed(late(reversed.kept, 30)), reversed.changed(late(reversed.other, 9))])
  t.same(ended, ['other', 'kept'])
})

t.test('who only uses a session gets no cookie that is not due, and the other plugin keeps its own', (t) => {
  const { kept, store, state, begin, headers, app } = saving()
  const { take } = heard(t, app)
  const { definition, calls } = arriving(kept)
  const loaded = stored()
  const { id } = begin(definition, loaded)
  store.create(id as string, loaded.origin?.text as string, loaded.origin?.expires as number)
  t.equal(commit(state, [begin(definition, loaded)]), undefined)
  t.same(kinds(take()), ['touched'])
  t.same([cookiesIn(headers), calls], [[], []])
  t.end()
})

t.test('a cookie that can not be renewed stays as it was, and so does what is known of it', (t) => {
  const { sealed, state, begin, headers, told, app } = saving()
  const { take } = heard(t, app)
  const record = { c: Date.now() - 1000, p: { n: 1 } }
  const origin = { text: formatRecord(record), record, expires: Date.now() + HOUR / 2 }
  const reason = new Error('it has grown')
  const write = () => {
    throw reason
  }
  const cookie = { write } as unknown as Cookie
  const session = begin({ ...sealed, cookie }, { origin })
  t.equal(commit(state, [session]), undefined)
  t.equal(session.origin, origin)
  t.same(cookiesIn(headers), [])
  t.same(kinds(take()), [])
  const words = 'the session could not be renewed: it ends as it would have without this use'
  t.same(told, [['warn', { session: 'sealed', err: reason }, words]])
  t.end()
})

t.test("a store that fails is named in the log, and this plugin's own errors are not", async (t) => {
  for (const isHeard of [false, true]) {
    const engine = new Error('secret words')
    for (const [error, lines] of [
      [engine, [['error', { session: 'kept', err: engine }, 'a session could not be saved: its store failed']]],
      [Object.assign(new Error('ours'), { code: 'FST_SESSIONS_CONFLICT' }), []]
    ] as const) {
      const { kept, state, changed, told, app } = saving(failing(error))
      const take = isHeard ? heard(t, app).take : () => []
      t.throws(() => commit(state, [changed(kept)]), { code: 'FST_SESSIONS_SAVE' })
      t.same(told, lines)
      t.same(kinds(take()), isHeard && lines.length > 0 ? ['failed'] : [])
    }
  }
})

t.test('a session that was ended meanwhile, or could not be renewed, costs nothing but itself', (t) => {
  const { kept, state, begin, changed, headers, told } = saving()
  const gone = changed(kept, stored())
  t.equal(commit(state, [gone]), undefined)
  t.equal(gone.problem, 'gone')
  const words = 'the session was ended while this request ran: its changes are dropped'
  t.same(told.splice(0), [['info', { session: 'kept' }, words]])
  const error = new Error('secret words')
  const store = {
    touch: () => {
      throw error
    }
  }
  const broken = saving(Object.assign(memoryStore(), store))
  t.equal(commit(broken.state, [broken.begin(broken.kept, stored())]), undefined)
  const unrenewed = 'the session could not be renewed: it ends as it would have without this use'
  t.same(broken.told, [['warn', { session: 'kept', err: error }, unrenewed]])
  t.same([cookiesIn(headers), cookiesIn(broken.headers)], [[], []])
  t.equal(begin(kept).problem, undefined)
  t.end()
})

t.test('several sessions on one store are saved in one trip, which is traced where somebody asks', async (t) => {
  const { kept, other, state, changed } = saving()
  await commit(state, [changed(kept), changed(other)])
  const trips: (readonly string[])[] = []
  const note = (trip: unknown) => void trips.push((trip as StoreTrip).names)
  saveChannel.start.subscribe(note)
  t.teardown(() => saveChannel.start.unsubscribe(note))
  await commit(state, [changed(kept), changed(other)])
  t.same(trips, [['kept', 'other']])
})

t.test('a session of another plugin whose headers are sent is refused if it was changed', (t) => {
  const { kept, state, reply, changed, begin } = saving()
  const { definition } = arriving(kept)
  const arrival = { isStored: false, peer: '@fastify/session' }
  reply.raw.headersSent = true
  t.throws(() => commit(state, [changed(definition, { ...stored(), arrival })]), {
    cause: { code: 'FST_SESSIONS_HEADERS_SENT' }
  })
  t.equal(commit(state, [begin(definition, { ...stored(), arrival })]), undefined)
  t.end()
})

t.test('saves of one request follow each other, and the last one alone ends the waiting', async (t) => {
  let answer: (() => void)[] = []
  const store = memoryStore()
  const { create } = store
  const slow = Object.assign(store, {
    create: async (...args: Parameters<typeof create>) => {
      await new Promise<void>((done) => answer.push(done))
      return create.apply(store, args)
    }
  })
  const { kept, other, state, changed } = saving(slow)
  const queue = new SaveQueue(state)
  t.equal(queue.idle, undefined)
  const first = queue.commit([changed(kept)])
  const second = queue.commit([changed(other)])
  t.type(queue.idle, Promise)
  answer.shift()?.()
  await first
  await Promise.resolve()
  const { idle } = queue
  t.type(idle, Promise, 'the second one is under way')
  while (answer.length === 0) await new Promise(setImmediate)
  for (const done of answer) done()
  answer = []
  await second
  await idle
  t.equal(queue.idle, undefined)
})
