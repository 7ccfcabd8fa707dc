import { fastifyCookie } from '@fastify/cookie'
import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore } from '../../lib/index.js'
import type { Job } from '../../lib/records/rounds.js'
import { formatIndex, type Listing, parseIndex, placesOf } from '../../lib/records/subject-index.js'
import { storeId } from '../../lib/records/ticket.js'
import { enter, isEntered } from '../../lib/save/subject-changes.js'
import { enterWithinLimit, isArrivedWithinLimit, isEnteredWithinLimit } from '../../lib/save/subject-limit.js'
import { KeyRing } from '../../lib/seal/keys.js'
import { SessionState } from '../../lib/session/state.js'
import { KEY } from '../client.js'
import { quietLog } from '../load/visits.js'
import { drive, kindsOf, Records, type Step, withRandom } from '../records/jobs.js'

const NOW = 1_790_000_000_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)

const kept = { store: 'memory', schema: z.object({}), absolute: 24 * 3600 }
const registry = new Registry(
  new KeyRing([KEY]),
  {},
  {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: {
      refuse: { ...kept, limit: { sessions: 2, then: 'refuse' } },
      end: { ...kept, limit: { sessions: 2, then: 'end-oldest' } },
      free: kept
    }
  } as never,
  new AppEvents()
)
registry.freeze()

type Mode = 'refuse' | 'end' | 'free'
type Kind = 'live' | 'waiting' | 'broken' | 'gone' | 'ended' | 'leaving'

const places = placesOf('ada', undefined)
const SELF = 'self'

/** How sessions of a user can stand in the list: with a record or without, and done or under way. */
const KINDS: Readonly<Record<Kind, { readonly hasRecord: boolean; readonly more: Partial<Listing> }>> = {
  live: { hasRecord: true, more: {} },
  waiting: { hasRecord: false, more: { waitsUntil: NOW + HOUR } },
  broken: { hasRecord: true, more: { waitsUntil: NOW - 1 } },
  gone: { hasRecord: false, more: { waitsUntil: NOW - 1 } },
  ended: { hasRecord: false, more: {} },
  leaving: { hasRecord: true, more: { isLeaving: true, waitsUntil: NOW + HOUR } }
}

/** A session of ada's beside others, which are named by their kinds and stand from the oldest to the newest. */
function beside(name: Mode, others: readonly (Kind | typeof SELF)[], own: Kind = 'live', before?: string) {
  const records = new Records()
  const log = quietLog()
  const definition = registry.find(name)
  const state = new SessionState(definition, log, {}, { at: NOW, isUse: true, clearedAt: 0 })
  state.content.subjects = ['ada']
  if (before !== undefined) Object.defineProperty(state.content, 'subjectBefore', { value: before })
  const ids: string[] = []
  const index = new Map<string, Listing>()
  for (const [at, each] of others.entries()) {
    const { hasRecord, more } = KINDS[each === SELF ? own : each]
    const id = each === SELF ? (state.id as string) : storeId(`${each} ${at}`)
    ids.push(id)
    const whole = { isLeaving: false, waitsUntil: 0, replaces: undefined, ...more }
    index.set(id, { name, ends: NOW + DAY, entered: NOW - 1000 + at, ...whole })
    if (hasRecord) records.put(id, JSON.stringify({ c: NOW - 1000, s: 'ada' }))
  }
  records.put(places.recent, formatIndex(index))
  const listed = () => parseIndex(records.get(places.recent)?.text)
  const nameOf = (id: string) => (id === state.id ? SELF : (others[ids.indexOf(id)] ?? 'unknown'))
  return {
    records,
    state,
    listed,
    run: <T>(job: Job<T>) => drive(job, records.answer),
    /** Which of them the list names, and which have a record. */
    left: () => ({
      listed: [...listed().keys()].map(nameOf),
      kept: ids.filter((id) => records.get(id) !== undefined).map(nameOf)
    })
  }
}

for (const [what, others, listed, kept] of [
  ['beside a sign-in under way', ['waiting'], ['waiting', SELF], []],
  ['beside one that broke off, as long as there is room', ['broken'], ['broken', SELF], ['broken']],
  ['in place of one that broke off', ['live', 'broken'], ['live', SELF], ['live']],
  ['in place of one that broke off before its record', ['broken', 'gone'], ['broken', SELF], ['broken']],
  ['in place of all that broke off', ['broken', 'broken'], [SELF], []],
  ['beside sessions that have ended', ['ended', 'ended', 'live'], ['ended', 'ended', 'live', SELF], ['live']],
  ['where a revocation ends others', ['leaving', 'live'], undefined, undefined],
  ['beside two that are live', ['live', 'live'], undefined, undefined],
  ['beside two that are under way', ['waiting', 'waiting'], undefined, undefined]
] as const) {
  t.test(`a sign-in ${what} is ${listed === undefined ? 'refused' : 'let in'}`, async (t) => {
    const { state, run, left } = beside('refuse', others)
    const enter = () => run(enterWithinLimit(state, ['ada'], NOW))
    if (listed === undefined) {
      t.throws(enter, { code: 'FST_SESSIONS_LIMIT' })
      return
    }
    enter()
    t.same(left(), { listed, kept })
  })
}

t.test('a place is kept for 20 s, and only where sign-ins are refused', async (t) => {
  for (const [mode, before, waitsUntil] of [
    ['refuse', undefined, NOW + 20_000],
    ['refuse', 'ada', 0],
    ['end', undefined, 0],
    ['free', undefined, 0]
  ] as const) {
    const { state, run, listed } = beside(mode, [], 'live', before)
    run(enterWithinLimit(state, ['ada'], NOW))
    t.equal(listed().get(state.id as string)?.waitsUntil, waitsUntil, `${mode} ${before}`)
  }
})

t.test('who signs out, and stays without a user, takes no place', async (t) => {
  const { state, run } = beside('refuse', ['live', 'live'], 'live', 'ada')
  t.same(run(enterWithinLimit(state, [], NOW)).steps, [])
})

t.test('a written sign-in that finds itself in the list has its place for good', async (t) => {
  const cases: readonly (readonly [readonly (Kind | typeof SELF)[], Kind, boolean, readonly string[]])[] = [
    [[SELF], 'waiting', true, ['read', 'update']],
    [[SELF], 'live', true, ['read']],
    [[SELF], 'leaving', false, ['read', 'read']],
    [['live'], 'live', false, ['read', 'read', 'read']]
  ]
  for (const [others, own, expected, steps] of cases) {
    const { state, run, listed } = beside('refuse', others, own)
    const before = listed().get(state.id as string)
    const done = run(isEnteredWithinLimit(state, ['ada'], NOW))
    t.equal(done.result, expected, own)
    t.same(kindsOf(done.steps), steps, own)
    const after = before && { ...before, waitsUntil: own === 'waiting' ? 0 : before.waitsUntil }
    t.same(listed().get(state.id as string), after, 'nothing else of it is changed')
  }
})

for (const [what, check] of [
  ['a sign-in', isEnteredWithinLimit],
  ['a session of another plugin', isArrivedWithinLimit]
] as const) {
  t.test(`${what} ends the oldest sessions beyond the limit, and is itself one where others are newer`, async (t) => {
    const cases: readonly (readonly [readonly (Kind | typeof SELF)[], boolean, readonly string[]])[] = [
      [[SELF], true, [SELF]],
      [['live', SELF], true, ['live', SELF]],
      [['live', 'live', 'live', SELF], true, ['live', SELF]],
      [['live', SELF, 'waiting'], true, ['live', SELF]],
      [['live', SELF, 'gone', 'ended'], true, ['live', SELF]],
      [[SELF, 'live', 'live'], false, ['live', 'live']],
      [['live', 'live'], false, ['live', 'live']]
    ]
    for (const [others, expected, kept] of cases) {
      const { state, run, left } = beside('end', others)
      t.equal(run(check(state, ['ada'], NOW)).result, expected, others.join())
      t.same(left().kept, kept, others.join())
    }
    const { state, run, left } = beside('end', ['live', 'live', SELF], 'leaving')
    t.equal(run(check(state, ['ada'], NOW)).result, false, 'it was revoked')
    t.same(left().kept, ['live', 'live', SELF], 'and ends nobody')
  })

  t.test(`${what} without a limit is only looked for in the list`, async (t) => {
    for (const [others, expected] of [
      [[SELF, 'live', 'live'], true],
      [['live'], false]
    ] as const) {
      const { state, run } = beside('free', others)
      t.equal(run(check(state, ['ada'], NOW)).result, expected)
    }
  })
}

t.test('a new id of a session that its user had already ends none', async (t) => {
  const { state, run, left } = beside('end', ['live', 'live', 'live', SELF], 'live', 'ada')
  t.equal(run(isEnteredWithinLimit(state, ['ada'], NOW)).result, true)
  t.same(left().kept, ['live', 'live', 'live', SELF])
})

/** Runs a job of which somebody else changes each record right before it is written, that many times. */
function racing({ records }: { readonly records: Records }, job: Job<unknown>, races: number) {
  let lost = 0
  const pauses: number[] = []
  const answer = (step: Step) => {
    if (step.kind === 'pause') pauses.push(step.ms)
    if (pauses.length > 250) throw new Error('it never gives up')
    if (step.kind === 'update' && lost < races) {
      lost++
      const { text, expires } = records.get(step.id) as { text: string; expires: number }
      records.put(step.id, text, expires)
    }
    return records.answer(step)
  }
  return { run: () => withRandom(1, () => drive(job, answer)).result, pauses, lost: () => lost }
}

for (const [mode, others, begin, result] of [
  ['refuse', ['live'], enterWithinLimit, undefined],
  ['end', ['live', 'live', SELF], isEnteredWithinLimit, true]
] as const) {
  t.test(`where the limit is "${mode}", who loses races waits longer each time, and gives up after 200`, async (t) => {
    const losing = beside(mode, others)
    const { run, pauses, lost } = racing(losing, begin(losing.state, ['ada'], NOW), 300)
    t.throws(run, { code: 'FST_SESSIONS_CONFLICT' })
    t.equal(lost(), 200)
    t.same(pauses.slice(0, 7), [2, 4, 8, 16, 32, 50, 50], 'the second time at once')
    const winning = beside(mode, others)
    const once = racing(winning, begin(winning.state, ['ada'], NOW), 1)
    t.equal(once.run(), result)
    t.same(winning.left(), {
      listed: mode === 'end' ? ['live', 'live', SELF] : ['live', SELF],
      kept: mode === 'end' ? ['live', SELF] : ['live']
    })
  })
}

t.test('where there is a limit, a new id is listed with the one that it replaces', async (t) => {
  for (const [mode, expected] of [
    ['refuse', storeId('old')],
    ['end', storeId('old')],
    ['free', undefined]
  ] as const) {
    const { records, run, listed } = beside(mode, [])
    const text = JSON.stringify({ c: NOW - 1000, s: 'ada' })
    const location = { id: storeId('old'), version: 1, ticket: undefined }
    const origin = { text, record: { c: NOW - 1000, s: 'ada' }, expires: NOW + HOUR, location }
    const begins = { at: NOW, isUse: true, clearedAt: 0 }
    const state = new SessionState(registry.find(mode), quietLog(), { origin }, begins)
    state.regenerate(false)
    run(enter(state, ['ada'], NOW))
    t.equal(listed().get(state.id as string)?.replaces, expected)
    t.ok(records.get(places.recent))
  }
})

t.test('a session is found also in the oldest of many pages', async (t) => {
  const { records, state, run } = beside('free', [])
  const id = state.id as string
  records.put(places.range, '[1,25,1]')
  const listing = { name: 'free', ends: NOW + DAY, entered: 1, isLeaving: false, waitsUntil: 0, replaces: undefined }
  records.put(places.page(25), formatIndex(new Map([[storeId('another'), listing]])))
  t.equal(run(isEntered(state, ['ada'])).result, false)
  records.put(places.page(2), formatIndex(new Map([[id, listing]])))
  t.equal(run(isEntered(state, ['ada'])).result, true)
})
