import type { FastifyRequest } from 'fastify'
import t from 'tap'
import * as channels from '../../lib/events/channels.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import type { ReplyState } from '../../lib/response/reply-state.js'
import type { Outcome } from '../../lib/save/outcome.js'
import { renew, save } from '../../lib/save/save.js'
import { renewalFor, type Task, taskFor } from '../../lib/save/task.js'
import { SaveTelling, tellLimited } from '../../lib/save/telling.js'
import type { Arrival, Encoded, Loaded, Origin } from '../../lib/session/origin.js'
import { SessionState } from '../../lib/session/state.js'
import type { StoreTrip } from '../../types/events.js'
import { heard, told } from '../events/heard.js'
import { definitionsOn, originOf, quietLog } from '../load/visits.js'
import { drive, Records, type Step } from '../records/jobs.js'

const NOW = Date.now()
const HOUR = 3_600_000
const { kept, sealed } = definitionsOn()
const app = { sessions: kept.events.app.sessions } as never
const request = { raw: { headers: {} }, id: 'r1', url: '/cart' } as unknown as FastifyRequest
const reply = { request } as ReplyState

const SECRET = newSecret()
const OLD = storeId(SECRET)
const about = { session: 'kept', store: 'memory', url: '/cart' }
const timed = { ...about, timed: true }

const begin = (loaded: Loaded, definition = kept) =>
  new SessionState(definition, quietLog(), loaded, { at: NOW, isUse: true, clearedAt: 0 })

/** A store with one session, and a request that has read it. */
function read(user?: string, arrival?: Arrival) {
  const records = new Records()
  records.put(OLD, JSON.stringify({ c: NOW - 1000, ...(user && { s: user }), p: { n: 1 } }), NOW + HOUR - 1000)
  const origin = originOf(records, SECRET)
  return { records, origin, state: begin({ origin, arrival }) }
}

/** Saves a session, while others do something to it first, and says what is told of it. */
function telling(state: SessionState, records: Records, races = 0) {
  let lost = 0
  const answer = (step: Step) => {
    if (step.kind === 'update' && step.id === OLD && lost++ < races) {
      records.put(OLD, JSON.stringify({ c: NOW - 1000, p: { n: 100 } }), NOW + HOUR)
    }
    return records.answer(step)
  }
  const encoded = state.encode(NOW)
  const task = taskFor(state, encoded)
  const saving = new SaveTelling(reply, [task])
  task.settled = { status: 'fulfilled', value: drive(save(state, encoded, NOW), answer).result }
  saving.tell([task])
}

type Changes = (state: SessionState) => void
const set: Changes = ({ content }) => content.values.set('n', 5, 5)
const identify: Changes = ({ content }) => {
  content.subjects = ['ada']
}
const all =
  (...changes: readonly Changes[]): Changes =>
  (state) => {
    for (const change of changes) change(state)
  }
const anew: Changes = (state) => state.regenerate(false)
const withRights: Changes = (state) => state.regenerate(true)
const destroy: Changes = (state) => state.destroy(NOW)

const saved = { event: 'saved', ...timed, changes: 1 }
const regenerated = { event: 'regenerated', ...timed, formerId: OLD }
const destroyed = { event: 'destroyed', ...timed, id: OLD }
const identified = { event: 'identified', ...about, subject: 'ada' }

for (const [what, user, changes, races, expected] of [
  ['a value', undefined, set, 0, [{ ...saved, version: 2 }]],
  ['a value of a user', 'bob', set, 0, [{ ...saved, subject: 'bob', version: 2 }]],
  ['an id alone', undefined, anew, 0, [regenerated]],
  ['an id and a value', undefined, all(anew, set), 0, [regenerated, { ...saved, version: 2 }]],
  ['an id for new rights', 'bob', withRights, 0, [{ ...regenerated, subject: 'bob', cut: 'rights' }]],
  ['a user', undefined, identify, 0, [identified, { ...saved, subject: 'ada', version: 3 }]],
  [
    'a user after another one, with an id',
    'bob',
    all(anew, identify),
    0,
    [
      { ...regenerated, subject: 'ada', cut: 'user' },
      { ...identified, formerSubject: 'bob' },
      { ...saved, subject: 'ada', version: 3 }
    ]
  ],
  [
    'a value, twice because of another request',
    undefined,
    set,
    1,
    [{ ...timed, event: 'replayed', changes: 1, times: 1, on: 2, version: 3 }]
  ],
  [
    'an id, twice because of another request',
    undefined,
    anew,
    1,
    [regenerated, { ...timed, event: 'replayed', changes: 0, times: 1, on: 3, version: 4 }]
  ],
  ['its end', 'bob', destroy, 0, [{ ...destroyed, subject: 'bob' }]],
  [
    'its end, and a new one',
    undefined,
    all(destroy, set),
    0,
    [destroyed, { ...timed, event: 'created', changes: 1, version: 3 }]
  ]
] as const) {
  t.test(`a session that gets ${what} is told as it was and is`, async (t) => {
    const { take } = heard(t, app)
    const { records, state } = read(user)
    changes(state)
    telling(state, records, races)
    t.same(
      take().map(told),
      expected.map((event) => ({ id: state.id, ...event }))
    )
  })
}

t.test('a session is told as created once, and as replayed only with the save that was replayed', async (t) => {
  const { take } = heard(t, app)
  const records = new Records()
  const fresh = begin({})
  set(fresh)
  telling(fresh, records)
  t.same(take().map(told), [{ ...timed, event: 'created', id: fresh.id, changes: 1, version: 1 }])
  const again = read()
  set(again.state)
  telling(again.state, again.records, 1)
  take()
  again.state.content.values.set('n', 6, 6)
  telling(again.state, again.records)
  t.same(take().map(told), [{ ...saved, id: OLD, version: 4 }])
})

t.test('a session in its cookie is told without an id or a version, and never as moved', async (t) => {
  const { take } = heard(t, app)
  const sealedAbout = { session: 'sealed', store: 'cookie', url: '/cart' }
  const whole = (state: SessionState) => {
    const encoded = state.encode(NOW) as Encoded
    const { text, record, expires } = encoded
    return { encoded, origin: { text, record, expires } }
  }
  const state = begin({}, sealed)
  set(state)
  for (const event of ['created', 'saved']) {
    if (event === 'saved') state.regenerate(false)
    const { encoded, origin } = whole(state)
    const task = taskFor(state, encoded)
    const saving = new SaveTelling(reply, [task])
    state.markSaved(origin)
    saving.tell([task])
    t.same(take().map(told), [{ ...sealedAbout, event, timed: true, changes: event === 'created' ? 1 : 0 }])
  }
  const { encoded, origin } = whole(state)
  const renewal = renewalFor(state, encoded)
  const saving = new SaveTelling(reply, [renewal])
  state.markSaved({ ...origin, expires: origin.expires + 1 })
  renewal.setsCookie = true
  saving.tell([renewal])
  t.same(take().map(told), [{ ...sealedAbout, event: 'renewed', expires: origin.expires + 1 }])
})

t.test('a session that is only used is told as touched where its end moves, and renewed with its cookie', async (t) => {
  const { take } = heard(t, app)
  for (const moves of [true, false]) {
    for (const setsCookie of [true, false]) {
      for (const peer of [undefined, '@fastify/session']) {
        const { records, state } = read('bob', peer === undefined ? undefined : { isStored: true, peer })
        const task = renewalFor(state, undefined)
        t.equal(task.setsCookie, false)
        task.setsCookie = setsCookie
        const saving = new SaveTelling(reply, [task])
        if (moves) drive(renew(state, NOW), records.answer)
        task.settled = { status: 'fulfilled', value: state }
        saving.tell([task])
        const { expires } = state.origin as Origin
        const it = { ...about, id: OLD, subject: 'bob' }
        t.same(take().map(told), [
          ...(setsCookie && peer ? [{ ...it, event: 'carried', peer }] : []),
          ...(moves ? [{ ...it, event: 'touched', expires, timed: true }] : []),
          ...(setsCookie && !peer ? [{ ...it, event: 'renewed', expires }] : [])
        ])
      }
    }
  }
})

t.test('of what was not written, nothing is told but a cookie that was carried over', async (t) => {
  const { take } = heard(t, app)
  const outcomes: readonly (PromiseSettledResult<Outcome> | undefined)[] = [
    { status: 'fulfilled', value: 'dropped' },
    { status: 'rejected', reason: new Error('the store') }
  ]
  for (const settled of outcomes) {
    for (const peer of [undefined, '@fastify/session']) {
      const { state } = read('bob', peer === undefined ? undefined : { isStored: true, peer })
      set(state)
      const task = taskFor(state, state.encode(NOW))
      t.equal(task.setsCookie, false)
      task.settled = settled
      task.setsCookie = true
      new SaveTelling(reply, [task]).tell([task])
      t.same(take().map(told), peer === undefined ? [] : [{ ...about, event: 'carried', peer }])
    }
  }
  const { state } = read()
  const task = taskFor(state, undefined)
  new SaveTelling(reply, [task]).tell([task])
  t.same(take(), [], 'nor where only the cookie is left to be cleared')
})

t.test('a session that was ended meanwhile, or whose store failed, is told with what is known of it', async (t) => {
  const { take } = heard(t, app)
  const replacing = read('bob').state
  replacing.regenerate(false)
  const states: readonly (readonly [SessionState, object, object])[] = [
    [read('bob').state, { id: OLD }, { subject: 'bob', createdAt: NOW - 1000 }],
    [replacing, { id: OLD }, { subject: 'bob', createdAt: NOW - 1000 }],
    [begin({}), {}, {}]
  ]
  for (const [state, known, more] of states) {
    const before = performance.now()
    const saving = new SaveTelling(reply, [taskFor(state, undefined)])
    saving.tellDropped(state)
    t.same(take().map(told), [{ ...about, event: 'refused', problem: 'gone', during: 'save', ...known, ...more }])
    saving.tellFailed(state, Object.assign(new Error('secret words'), { code: 'ECONNREFUSED' }))
    saving.tellFailed(state, Object.assign(new Error('ours'), { code: 'FST_SESSIONS_CONFLICT' }))
    const [event, ...others] = take()
    t.same(event && told(event), { ...timed, event: 'failed', operation: 'save', code: 'ECONNREFUSED', ...known })
    t.same(others, [], "an error of this plugin is not the store's")
    t.ok(((event as { duration?: number }).duration as number) <= performance.now() - before)
  }
})

t.test('a session that a limit ended is told to be revoked, and how long that took', async (t) => {
  const { take } = heard(t, app)
  const before = performance.now()
  tellLimited(begin({}), 'ada', OLD, before)
  const [event] = take()
  t.same(event && told(event), {
    session: 'kept',
    store: 'memory',
    event: 'revoked',
    by: 'limit',
    id: OLD,
    subject: 'ada',
    timed: true
  })
  t.ok(((event as { duration?: number }).duration as number) <= performance.now() - before)
})

t.test('a trip that failed is traced with the code alone, whether it was for one session or for several', async (t) => {
  const trips: StoreTrip[] = []
  const note = (trip: unknown) => void trips.push(trip as StoreTrip)
  channels.save.start.subscribe(note)
  t.teardown(() => channels.save.start.unsubscribe(note))
  const reason = Object.assign(new Error('secret words'), { code: 'ECONNREFUSED' })
  const failed = { status: 'rejected', reason } as const
  const done = { status: 'fulfilled', value: 1 } as const
  const tasks: readonly Task[] = [taskFor(begin({}), undefined), taskFor(begin({}), undefined)]
  const saving = new SaveTelling(reply, tasks)
  t.equal(
    saving.trip(tasks.slice(1), () => done),
    done
  )
  t.equal(
    saving.trip(tasks.slice(1), () => failed),
    failed
  )
  t.same(await saving.trip(tasks, async () => [done, failed]), [done, failed])
  const shown = trips.map(({ error, ...trip }) => ({ ...trip, error: (error as Error | undefined)?.message }))
  const trip = { sessions: kept.events.app.sessions, store: 'memory', request }
  const error = 'store "memory": ECONNREFUSED'
  t.same(shown, [
    { ...trip, names: ['kept'], isAsync: false, error: undefined },
    { ...trip, names: ['kept'], isAsync: false, error },
    { ...trip, names: ['kept', 'kept'], isAsync: true, error }
  ])
})
