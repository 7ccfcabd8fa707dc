import t from 'tap'
import { choiceOf, formatCursor, wantedOf } from '../../lib/app/subject-choice.js'
import { storeId } from '../../lib/records/ticket.js'
import { rename } from '../../lib/session/former-ids.js'
import { exactly } from '../exactly.js'

const ID = storeId('a session')
const refusal = (method: string, reason: string) => ({
  code: 'FST_SESSIONS_CONFIG',
  message: exactly(`app.sessions.${method}(): ${reason}`)
})

t.test('a list has a limit and a place, which is the cursor of a session', async (t) => {
  t.strictSame(wantedOf(undefined), { limit: Number.POSITIVE_INFINITY, after: undefined })
  t.strictSame(wantedOf({}), { limit: Number.POSITIVE_INFINITY, after: undefined })
  t.strictSame(wantedOf({ limit: 1 }), { limit: 1, after: undefined })
  for (const cursor of [
    { entered: 0, id: ID, store: 0, page: 0 },
    { entered: 1_790_000_000_000, id: ID, store: 12, page: 345 },
    { entered: 9_007_199_254_740_991, id: ID, store: 999_999_999, page: 999_999_999_999_999 }
  ]) {
    t.strictSame(wantedOf({ after: formatCursor(cursor) }).after, cursor)
  }
})

t.test('what is no limit or no cursor is refused', async (t) => {
  for (const [options, got] of [
    [null, 'null'],
    ['ada', 'string'],
    [3, 'number']
  ] as const) {
    t.throws(() => wantedOf(options as never), refusal('of', `expected { limit, after } or nothing, got ${got}`))
  }
  for (const [limit, got] of [
    [0, '0'],
    [1.5, '1.5'],
    [-1, '-1'],
    ['1', 'string'],
    [null, 'object']
  ] as const) {
    const reason = `limit: expected a whole number from 1, got ${got}`
    t.throws(() => wantedOf({ limit: limit as never }), refusal('of', reason))
  }
  for (const after of [
    '',
    null,
    `1.${ID}.0.0.`,
    `x1.${ID}.0.0`,
    `1.${ID}.0.0x`,
    `x.${ID}.0.0`,
    `.${ID}.0.0`,
    `12345678901234567.${ID}.0.0`,
    `1.${ID.slice(1)}.0.0`,
    `1.${ID}A.0.0`,
    `1.${ID.slice(1)}/.0.0`,
    `1.${ID}..0`,
    `1.${ID}.x.0`,
    `1.${ID}.1234567890.0`,
    `1.${ID}.0.`,
    `1.${ID}.0.x`,
    `1.${ID}.0.1234567890123456`
  ]) {
    t.throws(
      () => wantedOf({ after: after as string }),
      refusal('of', 'after: expected the cursor of a session'),
      `${after}`
    )
  }
})

t.test(
  'sessions to keep or to end are named by themselves, or by their ids, with the one that they had before',
  async (t) => {
    t.same(choiceOf(undefined), {})
    t.same(choiceOf({ except: 'an id' }), { except: ['an id'] })
    t.same(choiceOf({ only: 'an id' }), { only: ['an id'] })
    t.same(choiceOf({ only: { id: 'an id' } as never }), { only: ['an id'] })
    const holder = {}
    rename(holder, 'the old id', 'the new id')
    t.same(choiceOf({ except: { id: 'the new id' } as never }), { except: ['the new id', 'the old id'] })
    t.throws(
      () => choiceOf({ except: 'a', only: 'b' } as never),
      refusal('revoke', 'expected { except } or { only }, got both')
    )
    for (const wrong of [
      null,
      {},
      'an id',
      { only: '' },
      { except: { id: undefined } },
      { only: { id: '' } },
      { only: 7 }
    ]) {
      t.throws(
        () => choiceOf(wrong as never),
        refusal('revoke', 'expected { except } or { only }, with a session of a record store or its id')
      )
    }
    t.ok(holder)
  }
)
