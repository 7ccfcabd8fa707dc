import t from 'tap'
import { checkIdle, checkMerge, checkRolling, checkSettings, watchIntervalOf } from '../../lib/options/settings.js'
import type { Definition, Shared } from '../../types/options.js'
import { refusal } from './refusal.js'

const SOUND = { rolling: false }
const check = (settings: object) =>
  refusal(() => checkSettings('cart', { ...SOUND, ...settings } as Shared & Definition))

const DAYS_400 = 34_560_000
const YEARS_10 = 315_360_000

t.test('each duration is let in up to its bounds, and refused beyond them', async (t) => {
  const bounds: readonly (readonly [string, number, number, string, string])[] = [
    ['idle', 1, DAYS_400, '34560000 (400 days)', '34560.001'],
    ['absolute', 1, YEARS_10, '315360000 (10 years)', '315360.001'],
    ['touchAfter', 0, DAYS_400, '34560000 (400 days)', '34560.001'],
    ['grace', 0, 3600, '3600 (an hour)', '3.601']
  ]
  for (const [option, least, most, limit, seconds] of bounds) {
    const at = `session "cart": ${option}: expected seconds from ${least} to ${limit}, got`
    for (const value of [undefined, least, most]) t.equal(check({ [option]: value }), undefined, `${option}: ${value}`)
    t.equal(check({ [option]: least - 0.5 }), `${at} ${least - 0.5}`)
    t.equal(check({ [option]: most + 1 }), `${at} ${most + 1}: seconds, not milliseconds? Then write ${seconds}`)
    t.equal(check({ [option]: null }), `${at} null`)
  }
})

t.test('how often watched sessions are looked at is given in seconds, and lies within bounds', async (t) => {
  const watch = (watchInterval: unknown) => refusal(() => watchIntervalOf({ watchInterval } as never))
  const at = 'watchInterval: expected seconds from 0.05 to 3600 (an hour), got'
  t.equal(watchIntervalOf({} as never), 5000)
  for (const [seconds, ms] of [
    [0.05, 50],
    [3600, 3_600_000]
  ] as const) {
    t.equal(watchIntervalOf({ watchInterval: seconds } as never), ms)
  }
  t.equal(watch(0.04), `${at} 0.04`)
  t.equal(watch(3601), `${at} 3601: seconds, not milliseconds? Then write 3.601`)
})

t.test('numbers are let in up to their bounds, and refused beyond them', async (t) => {
  const cases: readonly (readonly [string, readonly unknown[], readonly unknown[], (got: unknown) => string])[] = [
    [
      'maxBytes',
      [undefined, 256, 1e6],
      [255, 256.5, '1MB', Number.POSITIVE_INFINITY, 2 ** 53],
      (got) => `expected a whole number of bytes, at least 256, got ${got}`
    ],
    [
      'invalidValueStatus',
      [undefined, 400, 599],
      [399, 600, 404.5, '404'],
      (got) => `expected a status from 400 to 599, got ${JSON.stringify(got)}`
    ],
    ['chunks', [undefined, 1, 4], [0, 5, 1.5, '2'], (got) => `expected 1 to 4, got ${got}`],
    ['version', [undefined, 1, 99], [0, -1, 1.5, '2'], (got) => `expected a whole number from 1, got ${got}`]
  ]
  for (const [option, sound, wrong, reason] of cases) {
    for (const value of sound) t.equal(check({ [option]: value }), undefined, `${option}: ${value}`)
    for (const value of wrong) t.equal(check({ [option]: value }), `session "cart": ${option}: ${reason(value)}`)
  }
})

t.test('options with a few values take these only', async (t) => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['seal', 'encrypt', 'sign'],
    ['load', 'auto', 'manual'],
    ['onStoreError', 'throw', 'empty'],
    ['flashOnPrefetch', 'keep', 'take'],
    ['onInvalid', 'reset', 'throw']
  ]
  for (const [option, one, other] of cases) {
    for (const value of [undefined, one, other]) t.equal(check({ [option]: value }), undefined, `${option}: ${value}`)
    for (const value of [null, '', 'none', true, { kind: 'other' }]) {
      const got = JSON.stringify(value)
      t.equal(check({ [option]: value }), `session "cart": ${option}: expected "${one}" or "${other}", got ${got}`)
    }
  }
  t.equal(check({ onInvalid: () => undefined }), undefined)
  t.equal(check({ seal: { kind: 'seal' } }), undefined)
  for (const rolling of [true, false]) t.equal(check({ rolling }), undefined)
  t.equal(check({ rolling: 'yes' }), 'session "cart": rolling: expected true or false, got string')
})

t.test('a limit names how many sessions, and what then', async (t) => {
  for (const then of ['end-oldest', 'refuse']) {
    for (const sessions of [1, 100]) t.equal(check({ limit: { sessions, then } }), undefined)
  }
  t.equal(check({ limit: undefined }), undefined)
  for (const [limit, got] of [
    [3, 'number'],
    [null, 'object'],
    [[3], 'object']
  ]) {
    t.equal(check({ limit }), `session "cart": limit: expected { sessions, then }, got ${got}`)
  }
  t.equal(
    check({ limit: { sessions: 1, then: 'refuse', per: 'user' } }),
    'session "cart": limit: there is no option "per"; there are sessions, then'
  )
  for (const sessions of [0, 101, 1.5, '3', undefined]) {
    t.equal(
      check({ limit: { sessions, then: 'refuse' } }),
      `session "cart": limit: sessions: expected a whole number from 1 to 100, got ${JSON.stringify(sessions)}`
    )
  }
  for (const then of ['end', undefined]) {
    t.equal(
      check({ limit: { sessions: 1, then } }),
      `session "cart": limit: then: expected "end-oldest" or "refuse", got ${JSON.stringify(then)}`
    )
  }
})

t.test('the steps of a migration lead to the version', async (t) => {
  const it = () => ({})
  t.equal(check({ version: 3, migrate: { 1: it, 2: it } }), undefined)
  for (const step of ['0', '3', '4', '1.5', '-1', 'one']) {
    t.equal(
      check({ version: 3, migrate: { [step]: it } }),
      `session "cart": migrate: step ${step} leads nowhere: the version is 3`
    )
  }
  t.equal(check({ migrate: { 1: it } }), 'session "cart": migrate: step 1 leads nowhere: the version is 1')
})

t.test('what merges belongs to a key of the schema, if that names its keys', async (t) => {
  const it = () => 1
  const merge = (keys: readonly string[] | undefined) => refusal(() => checkMerge('cart', { n: it, m: it }, keys))
  t.equal(merge(['m', 'n']), undefined)
  t.equal(merge(undefined), undefined)
  t.equal(merge(['n', 'o']), 'session "cart": merge: m: the schema has no such key; it has n, o')
})

t.test('of rolling and touchAfter one is enough', async (t) => {
  const rolling = (isRolling: boolean, shared: Shared) => refusal(() => checkRolling('cart', isRolling, shared))
  t.equal(rolling(true, {}), undefined)
  t.equal(rolling(true, { touchAfter: 0 }), undefined)
  t.equal(rolling(false, { touchAfter: 60 }), undefined)
  t.equal(
    rolling(true, { touchAfter: 60 }),
    'session "cart": rolling moves its end with each request, touchAfter: 60 with fewer: leave out one of the two'
  )
})

t.test('an idle time that the absolute one cuts off is refused, unless it is a default', async (t) => {
  const idle = (own: Shared, shared: Shared) => refusal(() => checkIdle('cart', own, shared, 100))
  const cutOff = (idle: number, absolute: number) =>
    `session "cart": idle: ${idle} s is longer than absolute, ${absolute} s, which ends the session first: raise absolute, or lower idle`
  const fine: readonly (readonly [Shared, Shared])[] = [
    [{}, {}],
    [{ idle: 100 }, {}],
    [{}, { idle: 100 }],
    [{ idle: 200, absolute: 200 }, {}],
    [{ idle: 200 }, { absolute: 200 }],
    [{ absolute: 50 }, { idle: 60 }],
    [{ absolute: 50 }, {}],
    [{ idle: 40 }, { idle: 200 }]
  ]
  for (const [own, shared] of fine) t.equal(idle(own, shared), undefined)
  t.equal(idle({ idle: 101 }, {}), cutOff(101, 100))
  t.equal(idle({}, { idle: 101 }), cutOff(101, 100))
  t.equal(idle({}, { idle: 201, absolute: 200 }), cutOff(201, 200))
  t.equal(idle({ idle: 60, absolute: 50 }, { absolute: 200 }), cutOff(60, 50))
})
