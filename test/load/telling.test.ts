import t from 'tap'
import { LoadTelling, tellFailed, tellRefused } from '../../lib/load/telling.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { keyIdIn } from '../../lib/seal/sealer.js'
import type { Loaded } from '../../lib/session/origin.js'
import type { SessionEvent } from '../../types/events.js'
import { heard, told } from '../events/heard.js'
import { Records } from '../records/jobs.js'
import { aRequest, cookieOf, definitionsOn, originOf } from './visits.js'

const { kept } = definitionsOn()
const app = { sessions: kept.events.app.sessions }
const request = aRequest()

const value = cookieOf(kept, newSecret()).split('=')[1] as string
const key = keyIdIn(value)
const about = { session: 'kept', store: 'memory', url: '/cart' }

t.test('a session that is loaded is told with what is known of it, and how long that took', async (t) => {
  const records = new Records()
  const secret = newSecret()
  const id = storeId(secret)
  records.put(id, JSON.stringify({ c: Date.now(), s: 'ada' }))
  const origin = originOf(records, secret)
  const { text, record, expires } = origin
  const { take } = heard(t, app as never)
  const before = performance.now()
  const telling = new LoadTelling(request)
  const cases: readonly (readonly [Loaded, object])[] = [
    [
      { origin, value },
      { id, key, isStale: false, version: 1 }
    ],
    [
      { origin, value, isStale: true },
      { id, key, isStale: true, version: 1 }
    ],
    [{ origin }, { id, isStale: false, version: 1 }],
    [{ origin: { text, record, expires, came: { value, at: 0 } } }, { key, isStale: false }]
  ]
  for (const [loaded, expected] of cases) {
    telling.tell(kept, loaded)
    const [event] = take() as [SessionEvent & { readonly duration: number }]
    t.same(told(event), { event: 'loaded', ...about, subject: 'ada', timed: true, ...expected })
    t.ok(event.duration > 0 && event.duration <= performance.now() - before)
  }
  telling.tell(kept, {})
  t.same(take(), [], 'without a cookie there is nothing to tell')
})

t.test('a cookie that gives no session is told with what is known of it', async (t) => {
  const { take } = heard(t, app as never)
  const refused = { event: 'refused', ...about, during: 'load' }
  const expired = { event: 'expired', ...about }
  const refusal = { value, id: 'an id', subject: 'ada', createdAt: 1 }
  const cases: readonly (readonly [Loaded, object])[] = [
    [
      { problem: 'retired', refusal },
      { ...refused, problem: 'retired', id: 'an id', subject: 'ada', createdAt: 1, key }
    ],
    [
      { problem: 'malformed', refusal: { value: 'x' } },
      { ...refused, problem: 'malformed' }
    ],
    [{ problem: 'cleared' }, { ...refused, problem: 'cleared' }],
    [{}, { ...refused, problem: 'gone' }],
    [
      { problem: 'expired', refusal: { ...refusal, end: { by: 'idle', at: 2 } } },
      { ...expired, id: 'an id', subject: 'ada', by: 'idle', expiredAt: 2 }
    ]
  ]
  for (const [loaded, expected] of cases) {
    tellRefused(kept, request, loaded)
    t.same(take().map(told), [expected])
  }
  tellRefused(kept, request, { problem: 'expired' })
  const [{ expiredAt, ...rest }] = take().map(told) as [ReturnType<typeof told>]
  t.same(rest, { ...expired, by: 'absolute' })
  t.ok(Math.abs(Date.now() - Number(expiredAt)) < 60_000)
})

t.test('a store that fails is told with the code of its error', async (t) => {
  const { take } = heard(t, app as never)
  tellFailed(kept, request, Object.assign(new Error('secret words'), { code: 'ECONNREFUSED' }), 5)
  t.same(take().map(told), [{ event: 'failed', ...about, operation: 'load', code: 'ECONNREFUSED', timed: true }])
})
