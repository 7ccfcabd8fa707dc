import t from 'tap'
import type { SessionEvent } from '../../lib/events/index.js'
import { lineOf } from '../../lib/events/lines.js'
import type { Problem } from '../../types/session.js'

const AT = Date.parse('2026-01-02T03:04:05.678Z')

const line = (event: SessionEvent['event'], more: object = {}) =>
  lineOf({ event, session: 'cart', store: 'redis', at: AT, ...more } as never)

t.test('each event is a line that can be read alone', async (t) => {
  for (const [event, more, words] of [
    ['opened', { isNew: false }, 'opened'],
    ['opened', { isNew: true }, 'opened, new'],
    ['opened', { isNew: true, problem: 'gone' }, 'opened, new: the store has no such record'],
    ['loaded', {}, 'loaded'],
    ['loaded', { version: 7, isStale: true, duration: 1.84 }, 'loaded, version 7, sealed with an older key, 1.8 ms'],
    ['created', { changes: 1, version: 'a' }, 'created with 1 change, version a'],
    ['saved', { changes: 2, version: 7, duration: 0 }, '2 changes saved, version 7, 0.0 ms'],
    ['saved', { changes: 0 }, '0 changes saved'],
    ['replayed', { changes: 2, times: 1, on: 7 }, '2 changes replayed once on version 7'],
    ['replayed', { changes: 1, times: 2 }, '1 change replayed twice'],
    ['replayed', { changes: 1, times: 3 }, '1 change replayed 3 times'],
    ['touched', { expires: AT }, 'used, ends 2026-01-02T03:04:05.678Z'],
    ['renewed', { expires: AT }, 'cookie renewed, ends 2026-01-02T03:04:05.678Z'],
    ['regenerated', {}, 'new id'],
    ['regenerated', { cut: 'user' }, 'new id, the old one is cut off by a sign-in'],
    ['regenerated', { cut: 'rights' }, 'new id, the old one is cut off by new rights'],
    ['identified', { subject: 'ann' }, 'belongs to a user now'],
    ['identified', { subject: 'ann', formerSubject: 'bob' }, 'belongs to another user now'],
    ['identified', { formerSubject: 'bob' }, 'belongs to nobody now'],
    ['destroyed', {}, 'destroyed'],
    ['revoked', { by: 'revoke' }, 'revoked'],
    ['revoked', { by: 'limit' }, 'ended, its user has as many sessions as may be'],
    ['expired', { by: 'idle', expiredAt: AT }, 'expired 2026-01-02T03:04:05.678Z, not used for longer than idle'],
    ['expired', { by: 'absolute', expiredAt: AT }, 'expired 2026-01-02T03:04:05.678Z, older than absolute'],
    ['refused', { problem: 'gone', during: 'save' }, 'ended while this request ran: its changes are dropped'],
    ['carried', { peer: 'express-session' }, 'carried over from express-session'],
    ['failed', { operation: 'save', code: 'ECONNREFUSED' }, 'the store failed to save: ECONNREFUSED']
  ] as const) {
    t.equal(line(event, more), `session cart: ${words} (redis)`)
  }
})

t.test('what concerns no one session, or no store, leaves that out', async (t) => {
  const none = { session: undefined, store: undefined }
  t.equal(
    line('cleared', { ...none, clearedAt: AT }),
    'sessions: cleared, all that began until 2026-01-02T03:04:05.678Z'
  )
  t.equal(line('evicted', { session: undefined }), 'sessions: a record was evicted to make room (redis)')
  t.equal(
    line('swept', { session: undefined, removed: 1, duration: 12.34 }),
    'sessions: 1 expired record swept, 12.3 ms (redis)'
  )
  t.equal(line('swept', { ...none, removed: 2 }), 'sessions: 2 expired records swept')
})

t.test('each reason for which a cookie is refused has its words', async (t) => {
  const words: Record<Problem, string> = {
    malformed: 'the cookie is not one of this plugin',
    'too-large': 'the cookie or the record is too large',
    'unknown-key': 'the cookie was sealed with a key that is not in the ring',
    'bad-seal': 'the seal of the cookie is broken',
    expired: 'it has expired',
    cleared: 'all sessions were cleared',
    gone: 'the store has no such record',
    retired: 'its id was replaced, and the grace is over',
    schema: 'what is stored does not fit the schema',
    newer: 'a newer process stored it, it is read-only here',
    store: 'the store failed'
  }
  for (const [problem, reason] of Object.entries(words)) {
    t.equal(line('refused', { problem, during: 'load' }), `session cart: refused: ${reason} (redis)`)
  }
})
