import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore } from '../../lib/index.js'
import { parseRecord, type SessionRecord } from '../../lib/records/record.js'
import type { Job } from '../../lib/records/rounds.js'
import { formatIndex, type Listing, parseIndex, placesOf } from '../../lib/records/subject-index.js'
import { MOST_RECENT } from '../../lib/records/subject-upkeep.js'
import { storeId } from '../../lib/records/ticket.js'
import { confirm, renew, renewWithCookie, save } from '../../lib/save/save.js'
import { enter, isEntered, leave } from '../../lib/save/subject-changes.js'
import { ready } from '../../lib/seal/aead.js'
import { KeyRing } from '../../lib/seal/keys.js'
import type { Encoded, Origin } from '../../lib/session/origin.js'
import { SessionState } from '../../lib/session/state.js'
import { KEY } from '../client.js'
import { exactly } from '../exactly.js'
import { drive, kindsOf, Records, type Step, withRandom } from '../records/jobs.js'

const NOW = 1_790_000_000_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const log = new Proxy({}, { get: () => () => {} }) as FastifyBaseLogger

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)
await ready()

const options = {
  keys: [KEY],
  stores: { memory: memoryStore() },
  sessions: { it: { store: 'memory', schema: z.object({ n: z.number().default(0) }), idle: 3600, absolute: 24 * 3600 } }
}
const registry = new Registry(new KeyRing([KEY]), {}, options as never, new AppEvents())
registry.freeze()
const definition = registry.find('it')

const BEGINS = { at: NOW, isUse: true, clearedAt: 0 }
const OLD = storeId('the old one')

function originOf(records: Records, id = OLD): Origin {
  const stored = records.get(id)
  if (stored === undefined) throw new Error('there is no record')
  const record = parseRecord(stored.text) as SessionRecord
  const ticket = { secret: 'secret', id, createdAt: record.c, expires: 0 }
  return { text: stored.text, record, expires: stored.expires, location: { id, version: stored.version, ticket } }
}

/** A store that has one session, and a request that has read it. */
function read(more: Partial<SessionRecord> = {}) {
  const records = new Records()
  records.put(OLD, JSON.stringify({ c: NOW - 1000, p: { n: 1 }, ...more }), NOW + HOUR)
  const state = new SessionState(definition, log, { origin: originOf(records) }, BEGINS)
  return { records, state }
}

function set(state: SessionState, n: number): Encoded {
  state.content.values.set('n', n, n)
  return state.encode(NOW) as Encoded
}

/** What is asked of the store by somebody who loses each race. */
function losing<T>(job: Job<T>, records: Records, races = Number.POSITIVE_INFINITY) {
  let lost = 0
  const asked: string[] = []
  const pauses: number[] = []
  const answer = (step: Step) => {
    asked.push(...kindsOf([step]))
    if (step.kind === 'pause') pauses.push(step.ms)
    if (step.kind !== 'update' || lost === races) return records.answer(step)
    lost++
    const { text, expires } = records.get(step.id) as { text: string; expires: number }
    records.put(step.id, text.replace(/"n":\d+/, `"n":${100 + lost}`), expires)
    return undefined
  }
  return { run: () => withRandom(1, () => drive(job, answer)).result, asked, pauses, lost: () => lost }
}

const CONFLICT = { code: 'FST_SESSIONS_CONFLICT', statusCode: 503 }
const GROWING = [2, 4, 8, 16, 32, 50, 50]

for (const [what, begin] of [
  ['changes a session', (state: SessionState) => save(state, set(state, 5), NOW)],
  [
    'gives it another id',
    (state: SessionState) => {
      state.regenerate(false)
      return save(state, state.encode(NOW), NOW)
    }
  ],
  [
    'ends it',
    (state: SessionState) => {
      state.destroy(NOW)
      return save(state, undefined, NOW)
    }
  ]
] as const) {
  t.test(`who ${what} and loses races waits longer each time, and gives up after 200`, async (t) => {
    const { records, state } = read()
    const { run, pauses, lost } = losing(begin(state), records)
    t.throws(run, CONFLICT)
    t.equal(lost(), 200)
    t.same(pauses.slice(0, GROWING.length), GROWING, 'the second time at once')
    const again = read()
    const winning = losing(begin(again.state), again.records, 199)
    winning.run()
    t.equal(winning.lost(), 199)
  })
}

t.test('a request that lost a race keeps its id and its cookie, and both changes are stored', async (t) => {
  const { records, state } = read()
  const { run, asked } = losing(save(state, set(state, 5), NOW), records, 1)
  t.equal(run(), state)
  t.same(asked, ['update', 'read', 'update'])
  t.equal(state.origin?.location?.ticket?.secret, 'secret')
  t.equal(state.origin?.record.n, undefined)
  t.equal(state.isDirty, false)
  t.same(parseRecord(records.get(OLD)?.text ?? '')?.p, { n: 5 })
})

t.test('a new id that lost a race to a change is given nevertheless, and holds that change', async (t) => {
  const { records, state } = read()
  state.regenerate(false)
  const { id } = state
  const { run } = losing(save(state, state.encode(NOW), NOW), records, 1)
  t.equal(run(), state)
  t.equal(state.id, id)
  t.equal(parseRecord(records.get(OLD)?.text ?? '')?.n?.[0], id)
  t.same(parseRecord(records.get(id as string)?.text ?? '')?.p, { n: 101 })
})

t.test('what a request with an old id saves goes to the new one, and it goes on with what it had', async (t) => {
  const { records, state } = read()
  const other = new SessionState(definition, log, { origin: originOf(records) }, BEGINS)
  other.regenerate(false)
  drive(save(other, other.encode(NOW), NOW), records.answer)
  const { result: written } = drive(save(state, set(state, 5), NOW), records.answer)
  t.not(written, state)
  t.equal((written as SessionState).id, other.id)
  t.same(parseRecord(records.get(other.id as string)?.text ?? '')?.p, { n: 5 })
  t.equal(state.id, OLD)
  t.equal(state.isDirty, false)
  t.equal(state.origin?.location?.ticket, undefined, 'no cookie is due')
  t.same(state.origin?.record.n?.[0], other.id)
  drive(save(state, set(state, 6), NOW), records.answer)
  t.same(parseRecord(records.get(other.id as string)?.text ?? '')?.p, { n: 6 })
})

t.test('an id that the store holds already is given to nobody', async (t) => {
  for (const state of [new SessionState(definition, log, {}, BEGINS), read().state]) {
    const encoded = set(state, 5)
    state.regenerate(false)
    const message = `the store has a record under the new id ${state.id} already`
    t.throws(() => drive(save(state, encoded, NOW), ({ kind }) => (kind === 'pause' ? 1 : undefined)), { message })
  }
})

t.test('a session that was ended meanwhile is neither renewed nor looked for any further', async (t) => {
  for (const job of [renew, renewWithCookie]) {
    const { records, state } = read()
    records.drop(OLD)
    const { result, steps } = drive(job(state, NOW), (step) => (step.kind === 'touch' ? false : records.answer(step)))
    t.equal(result, 'dropped')
    t.same(kindsOf(steps), ['touch'])
  }
  const { records, state } = read()
  records.drop(OLD)
  t.equal(drive(confirm(state), records.answer).result, 'dropped')
})

t.test('a sign-out with an old id removes every record on its way', async (t) => {
  const { records, state } = read()
  const newer = new SessionState(definition, log, { origin: originOf(records) }, BEGINS)
  const ids = [OLD]
  for (let times = 0; times < 3; times++) {
    newer.regenerate(false)
    ids.push(newer.id as string)
    drive(save(newer, newer.encode(NOW), NOW), records.answer)
  }
  state.destroy(NOW)
  const { steps } = drive(save(state, undefined, NOW), records.answer)
  t.same(
    ids.map((id) => records.get(id)),
    ids.map(() => undefined)
  )
  t.same(kindsOf(steps), ['update', 'read', 'read', 'read', 'read', 'update', 'remove'])
})

t.test('a sign-out with an old id whose session has ended removes that id, too', async (t) => {
  const { records, state } = read()
  const newer = new SessionState(definition, log, { origin: originOf(records) }, BEGINS)
  newer.regenerate(false)
  drive(save(newer, newer.encode(NOW), NOW), records.answer)
  records.drop(newer.id as string)
  state.destroy(NOW)
  drive(save(state, undefined, NOW), records.answer)
  t.equal(records.get(OLD), undefined)
})

t.test(
  'a new id for the user whom the old id had, or for nobody, is no proof of being the user of another one',
  async (t) => {
    for (const [first, then, mine] of [
      ['bob', 'ada', 'ada'],
      [undefined, undefined, undefined]
    ] as const) {
      const { records, state } = read({ s: 'ada' })
      let id = OLD
      for (const user of [first, then]) {
        const other = new SessionState(definition, log, { origin: originOf(records, id) }, BEGINS)
        other.regenerate(false)
        other.content.subjects = user === undefined ? [] : [user]
        drive(save(other, other.encode(NOW), NOW), records.answer)
        id = other.id as string
      }
      state.regenerate(false)
      state.content.subjects = mine === undefined ? [] : [mine]
      const saving = save(state, set(state, 5), NOW)
      t.throws(() => drive(saving, records.answer), { code: 'FST_SESSIONS_REPLACED' })
      t.same(parseRecord(records.get(id)?.text ?? '')?.p, { n: 1 }, 'what came in its place stays as it was')
    }
  }
)

const places = placesOf('ada', undefined)
const listing = (entered: number, more: Partial<Listing> = {}): Listing => ({
  name: 'it',
  ends: NOW + DAY,
  entered,
  isLeaving: false,
  waitsUntil: 0,
  replaces: undefined,
  ...more
})
const indexIn = (records: Records) => parseIndex(records.get(places.recent)?.text)

/** A session that is signed in, beside others of its user. */
function entered(others: readonly Listing[] = []) {
  const records = new Records()
  records.put(places.recent, formatIndex(new Map(others.map((other, at) => [storeId(`other ${at}`), other]))))
  const state = new SessionState(definition, log, {}, BEGINS)
  state.content.subjects = ['ada']
  const { steps } = drive(enter(state, ['ada'], NOW), records.answer)
  return { records, state, id: state.id as string, index: indexIn(records), steps }
}

t.test('who signs in is entered later than all who did so before, as far as clocks can be trusted', async (t) => {
  for (const [newest, expected] of [
    [NOW - 1, NOW],
    [NOW, NOW + 1],
    [NOW + HOUR - 1, NOW + HOUR],
    [NOW + HOUR, NOW],
    [NOW + DAY, NOW]
  ] as const) {
    const { index, id } = entered([listing(1), listing(newest), listing(2)])
    t.same(index.get(id), listing(expected), String(newest - NOW))
  }
  t.same(entered().index.size, 1)
})

t.test('who signs in leaves out sessions that have ended', async (t) => {
  const { index } = entered([listing(1, { ends: NOW - 1 }), listing(2, { ends: NOW }), listing(3, { ends: NOW + 1 })])
  t.same(
    [...index.values()].map(({ entered }) => entered),
    [3, NOW]
  )
})

t.test('an index leaves its older sessions to a page when it holds more than it may', async (t) => {
  const others = (count: number) => Array.from({ length: count }, (_, at) => listing(NOW - DAY + at))
  t.equal(entered(others(MOST_RECENT - 1)).steps.length, 2, 'it is full')
  t.ok(entered(others(MOST_RECENT)).steps.length > 2)
})

t.test('a sign-in is entered until it leaves, or a revocation marks it', async (t) => {
  const { records, state, id, index } = entered([listing(1)])
  const isIn = () => drive(isEntered(state, ['ada']), records.answer).result
  t.equal(isIn(), true)
  records.put(places.recent, formatIndex(new Map(index).set(id, listing(1, { isLeaving: true }))))
  t.equal(isIn(), false)
  records.put(places.recent, formatIndex(index))
  drive(leave(definition, ['ada'], id), records.answer)
  t.equal(isIn(), false)
  t.same([...indexIn(records).keys()], [storeId('other 0')])
  const again = drive(leave(definition, ['ada'], id), records.answer)
  t.same(kindsOf(again.steps), ['read'], 'nothing is written where it is not entered')
  for (const isLeaving of [false, true]) {
    records.put(places.range, '[1,3,1]')
    records.put(places.page(2), formatIndex(new Map([[id, listing(1, { isLeaving })]])))
    t.equal(isIn(), !isLeaving, 'in a page')
  }
})

/** A session that signs in as ada, on a store on which something happens meanwhile. */
function signingIn(meanwhile: (records: Records, step: Step) => void) {
  const { records, state } = read()
  state.content.subjects = ['ada']
  const job = save(state, set(state, 5), NOW)
  const run = () =>
    drive(job, (step) => {
      meanwhile(records, step)
      return records.answer(step)
    }).result
  return { records, state, run }
}

t.test('a sign-in that was cut off by another one leaves no id in the list of its user', async (t) => {
  const { records, run } = signingIn((records, step) => {
    if (step.kind !== 'update' || step.id !== OLD || records.get(OLD)?.text.includes('"n":[')) return
    const other = new SessionState(definition, log, { origin: originOf(records) }, BEGINS)
    other.regenerate(true)
    drive(save(other, other.encode(NOW), NOW), records.answer)
  })
  t.throws(run, { code: 'FST_SESSIONS_REPLACED' })
  t.same([...indexIn(records).keys()], [])
})

t.test('a sign-in whose id was replaced meanwhile is listed by the new id alone', async (t) => {
  const { records, run } = signingIn((records, step) => {
    if (step.kind !== 'update' || step.id !== OLD || records.get(OLD)?.text.includes('"n":[')) return
    const other = new SessionState(definition, log, { origin: originOf(records) }, BEGINS)
    other.regenerate(false)
    drive(save(other, other.encode(NOW), NOW), records.answer)
  })
  const { id } = run() as SessionState
  t.not(id, OLD)
  t.same([...indexIn(records).keys()], [id])
})

t.test('a sign-in whose answer of the store was lost stays in the list: its record may be there', async (t) => {
  const { records, run } = signingIn((records, step) => {
    if (step.kind !== 'update' || step.id !== OLD) return
    records.answer(step)
    throw new Error('connection reset')
  })
  t.throws(run, { message: exactly('connection reset') })
  t.same([...indexIn(records).keys()], [OLD])
})

t.test('a session whose user is known already is changed in one step', async (t) => {
  const { records, state } = read({ s: 'ada' })
  const { steps } = drive(save(state, set(state, 5), NOW), records.answer)
  t.same(kindsOf(steps), ['update'])
})

t.test('one that was ended, and begins anew, ends the record that it had', async (t) => {
  const { records, state } = read()
  state.destroy(NOW)
  drive(save(state, set(state, 5), NOW), records.answer)
  t.equal(records.get(OLD), undefined)
  t.same(parseRecord(records.get(state.id as string)?.text ?? '')?.p, { n: 5 })
  t.equal(state.toDestroy, undefined)
})
