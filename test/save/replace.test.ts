import t from 'tap'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { loadLimits } from '../../lib/save/limits.js'
import { save } from '../../lib/save/save.js'
import { SessionState } from '../../lib/session/state.js'
import { definitionsOn, originOf, quietLog } from '../load/visits.js'
import { drive, kindsOf, Records } from '../records/jobs.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const GRACE = 10_000
const NOW = Date.now()
const { kept } = definitionsOn()

/** A store with one session of nobody, which gets another id. */
function replacing(definition = kept, expires = NOW + HOUR) {
  const records = new Records()
  const secret = newSecret()
  const old = storeId(secret)
  records.put(old, JSON.stringify({ c: NOW - 1000, p: { n: 1 } }), expires)
  const begins = { at: NOW, isUse: true, clearedAt: 0 }
  const state = new SessionState(definition, quietLog(), { origin: originOf(records, secret) }, begins)
  state.regenerate(false)
  const run = () => drive(save(state, state.encode(NOW), NOW), records.answer)
  return { records, old, state, run, shown: (id = old) => JSON.parse(records.get(id)?.text ?? 'null') }
}

t.test('an id that was replaced is known for an hour after its grace, and never longer than its session', (t) => {
  for (const [expires, expected] of [
    [NOW + DAY, NOW + GRACE + HOUR],
    [NOW + HOUR, NOW + HOUR]
  ] as const) {
    const { records, old, run } = replacing(kept, expires)
    run()
    t.equal(records.get(old)?.expires, expected)
  }
  t.end()
})

t.test(
  'what was cleared with a new id is not found by the old one, which says when it began and where it leads',
  (t) => {
    for (const isCleared of [true, false]) {
      const { state, run, shown } = replacing()
      if (isCleared) state.content.values.clear()
      run()
      const { n, ...rest } = shown()
      t.equal(n[0], state.id)
      t.same(rest, isCleared ? { c: NOW - 1000 } : { c: NOW - 1000, p: { n: 1 } })
    }
    t.end()
  }
)

t.test('a session of nobody gets another id in two steps, also where users may have a few sessions only', async (t) => {
  await loadLimits()
  for (const then of [undefined, 'refuse', 'end-oldest'] as const) {
    const limit = then && { sessions: 1, then }
    const { state, run, shown } = replacing({ ...kept, limit })
    const { result, steps } = run()
    t.equal(result, state)
    t.same(kindsOf(steps), ['create', 'update'])
    t.same(shown(state.id).p, { n: 1 })
  }
})

t.test('a sign-in beyond the limit is refused before anything of it is written', async (t) => {
  await loadLimits()
  const definition = { ...kept, limit: { sessions: 1, then: 'refuse' } as const }
  const records = new Records()
  const signIn = () => {
    const begins = { at: NOW, isUse: true, clearedAt: 0 }
    const state = new SessionState(definition, quietLog(), {}, begins)
    state.content.subjects = ['ada']
    drive(save(state, state.encode(NOW), NOW), records.answer)
    return state
  }
  t.type(signIn().origin, Object)
  t.throws(signIn, { code: 'FST_SESSIONS_LIMIT' })
})

t.test('a request with an old id keeps it, also where the id changes once more while it saves', (t) => {
  const { records, old, state: first, run } = replacing()
  const read = (id: string) => {
    const { text, expires, version } = records.get(id) as { text: string; expires: number; version: number }
    const ticket = { secret: 'secret', id, createdAt: NOW - 1000, expires: 0 }
    const origin = { text, record: JSON.parse(text), expires, location: { id, version, ticket } }
    return new SessionState(kept, quietLog(), { origin }, { at: NOW, isUse: true, clearedAt: 0 })
  }
  const late = read(old)
  late.content.values.set('n', 5, 5)
  run()
  const second = read(first.id as string)
  second.regenerate(false)
  let isDue = true
  const { result } = drive(save(late, late.encode(NOW), NOW), (step) => {
    if (isDue && step.kind === 'update' && step.id === first.id) {
      isDue = false
      drive(save(second, second.encode(NOW), NOW), records.answer)
    }
    return records.answer(step)
  })
  t.equal((result as SessionState).id, second.id)
  t.same(JSON.parse(records.get(second.id as string)?.text ?? '').p, { n: 5 })
  t.equal(late.id, old)
  t.equal(late.origin?.record.n?.[0], first.id)
  t.end()
})
