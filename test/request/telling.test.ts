import t from 'tap'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { tellOpened } from '../../lib/request/telling.js'
import { keyIdIn } from '../../lib/seal/sealer.js'
import type { Loaded } from '../../lib/session/origin.js'
import type { SessionState } from '../../lib/session/state.js'
import { heard, told } from '../events/heard.js'
import { aRequest, cookieOf, definitionsOn, originOf } from '../load/visits.js'
import { Records } from '../records/jobs.js'

const { kept } = definitionsOn()
const request = aRequest()

t.test('a session that is asked for is told, and what of it can not be read', async (t) => {
  const records = new Records()
  const secret = newSecret()
  const id = storeId(secret)
  records.put(id, JSON.stringify({ c: Date.now(), s: 'ada' }))
  const origin = originOf(records, secret)
  const { text, record, expires } = origin
  const value = cookieOf(kept, secret).split('=')[1] as string
  const key = keyIdIn(value)
  const inCookie = { text, record, expires, came: { value, at: 0 } }
  const about = { session: 'kept', store: 'memory', url: '/cart' }
  const opened = { event: 'opened', ...about }
  const refused = { event: 'refused', ...about, subject: 'ada', during: 'load' }
  const { take } = heard(t, { sessions: kept.events.app.sessions } as never)
  const cases: [object, Loaded, readonly object[]][] = [
    [{ isNew: true }, {}, [{ ...opened, isNew: true }]],
    [{ isNew: false, origin }, { origin, value }, [{ ...opened, isNew: false, id, subject: 'ada' }]],
    [{ isNew: false, origin: inCookie }, { origin: inCookie }, [{ ...opened, isNew: false, subject: 'ada' }]],
    [{ isNew: true, problem: 'gone' }, {}, [{ ...opened, isNew: true, problem: 'gone' }]],
    [
      { isNew: true, problem: 'schema' },
      { origin, value },
      [
        { ...refused, problem: 'schema', id, key },
        { ...opened, isNew: true, problem: 'schema' }
      ]
    ],
    [
      { isNew: false, problem: 'newer' },
      { origin: inCookie },
      [
        { ...refused, problem: 'newer', key },
        { ...opened, isNew: false, problem: 'newer' }
      ]
    ],
    [
      { isNew: true, problem: 'schema' },
      { origin: { text, record, expires } },
      [
        { ...refused, problem: 'schema' },
        { ...opened, isNew: true, problem: 'schema' }
      ]
    ]
  ]
  const { subject: _, ...ofNobody } = refused
  cases.push([
    { isNew: true, problem: 'schema' },
    {},
    [
      { ...ofNobody, problem: 'schema' },
      { ...opened, isNew: true, problem: 'schema' }
    ]
  ])
  for (const [state, loaded, expected] of cases) {
    tellOpened(request, { definition: kept, log: request.log, ...state } as SessionState, loaded)
    t.same(take().map(told), expected)
  }
})
