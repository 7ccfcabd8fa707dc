import t from 'tap'
import { CookieHeader } from '../../lib/cookie/header.js'
import { memoryStore } from '../../lib/index.js'
import { loadRecord, type OpenedTicket, openTicket } from '../../lib/load/load.js'
import { reload } from '../../lib/load/reload.js'
import { pointer } from '../../lib/load/successor.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { idOf } from '../../lib/session/origin.js'
import type { SessionState } from '../../lib/session/state.js'
import { drive, Records } from '../records/jobs.js'
import { cookieOf, definitionsOn, originOf } from './visits.js'

const NOW = 1_790_000_000_000
const HOUR = 3_600_000
const CUTOFFS = { now: NOW, clearedAt: 0 }
const { kept } = definitionsOn()

/** Records of sessions that were replaced by one that is live, each until its own time. */
function replaced(...untils: number[]) {
  const records = new Records()
  const live = newSecret()
  const put = (secret: string, more = {}) =>
    records.put(storeId(secret), JSON.stringify({ c: NOW - 1000, p: { n: 1 }, ...more }), NOW + HOUR)
  put(live)
  const olds = untils.map((until) => {
    const secret = newSecret()
    put(secret)
    put(secret, { n: pointer(kept, originOf(records, secret), live, until, undefined) })
    return secret
  })
  return { records, live, olds, put }
}

/** What a request with the cookies of these secrets, in this order, finds. */
function loaded(records: Records, ...secrets: string[]) {
  const header = new CookieHeader(secrets.map((secret) => cookieOf(kept, secret, NOW)).join('; '))
  return drive(loadRecord(openTicket(kept, header, CUTOFFS) as OpenedTicket, CUTOFFS), records.answer).result
}

t.test('an id that was replaced is good until its grace ends, and not in that millisecond', async (t) => {
  const { records, olds } = replaced(NOW + 1, NOW)
  const [early, late] = olds as [string, string]
  const { origin, problem } = loaded(records, early)
  t.same([origin && idOf(origin), origin?.location?.ticket, problem], [storeId(early), undefined, undefined])
  t.equal(loaded(records, late).problem, 'retired')
  for (const [secret, expected] of [
    [early, undefined],
    [late, 'retired']
  ] as const) {
    const read = { read: (id: string) => records.get(id) }
    const { kept: definition } = definitionsOn(Object.assign(memoryStore(), read))
    const state = { definition, origin: originOf(records, secret) } as unknown as SessionState
    const again = await reload(state, CUTOFFS)
    t.same([again.problem, again.origin?.location?.ticket], [expected, undefined])
  }
})

t.test('of several cookies the live session counts, else the first that can be read', async (t) => {
  const { records, live, olds, put } = replaced(NOW + 1, NOW + 1)
  const [first, second] = olds as [string, string]
  const gone = newSecret()
  const idFrom = (...secrets: string[]) => {
    const { origin } = loaded(records, ...secrets)
    return origin && idOf(origin)
  }
  t.equal(idFrom(first, second), storeId(first))
  t.equal(idFrom(second, first), storeId(second))
  t.equal(idFrom(first, live), storeId(live))
  t.equal(idFrom(gone, second, first), storeId(second))
  t.equal(idFrom(first, gone), storeId(first))
  t.equal(idFrom(gone, gone), undefined)
  put(gone, { p: { n: 'x'.repeat(2000) } })
  t.equal(idFrom(gone, live), storeId(live))
  const { problem, unread } = loaded(records, gone)
  t.same([problem, unread && idOf(unread), unread?.record], ['too-large', storeId(gone), { c: NOW - 1000 }])
})

t.test('what a request goes on without is not read anew, and says why', async (t) => {
  const state = { definition: kept, isDetached: true, problem: 'store' } as SessionState
  t.same(await reload(state, CUTOFFS), { isDetached: true, problem: 'store' })
  t.same(await reload({ definition: kept, isDetached: false } as SessionState, CUTOFFS), {})
})

t.test('a store that fails when a session is read anew is named by its session, with the cause', async (t) => {
  const cause = new Error('out of order')
  const read = () => {
    throw cause
  }
  const { kept: definition } = definitionsOn(Object.assign(memoryStore(), { read }))
  const { records, live } = replaced()
  const state = { definition, origin: originOf(records, live) } as SessionState
  await t.rejects(reload(state, CUTOFFS), {
    code: 'FST_SESSIONS_STORE',
    message: 'session "kept": its store failed: it could not be read',
    cause
  })
})
