import t from 'tap'
import {
  beginning,
  cookieAge,
  cookieEnd,
  endAfter,
  endedBy,
  idleOf,
  isMoveDue,
  latestEnd,
  usedAt
} from '../../lib/session/lifetime.js'

const life = { createdAt: 1000, idle: 100, absolute: 500, storedEnd: undefined, isUse: true }

t.test('a session that is not stored yet ends its idle time after now', async (t) => {
  t.equal(endAfter(1000, life), 1100)
  t.equal(endAfter(1000, { ...life, isUse: false }), 1100, 'whether or not the request counts as use')
})

t.test('use moves the end of what is stored to later, and never to earlier', async (t) => {
  t.equal(endAfter(1050, { ...life, storedEnd: 1100 }), 1150)
  t.equal(endAfter(900, { ...life, storedEnd: 1100 }), 1100, 'where the clock has been set back')
  t.equal(endAfter(1000, { ...life, storedEnd: 1100 }), 1100, 'nor by nothing')
})

t.test('a request that is no use leaves the end where it is', async (t) => {
  t.equal(endAfter(1050, { ...life, storedEnd: 1100, isUse: false }), 1100)
})

t.test('no use moves the end beyond the absolute lifetime', async (t) => {
  t.equal(endAfter(1450, life), 1500)
  t.equal(endAfter(1450, { ...life, storedEnd: 1550 }), 1500)
  t.equal(endAfter(1450, { ...life, storedEnd: 1550, isUse: false }), 1500)
  t.equal(latestEnd(1000, 500), 1500)
})

t.test('"remember me" takes the place of the idle time, if it says for how long', async (t) => {
  t.equal(idleOf(60, 100), 60_000)
  t.equal(idleOf(false, 100), 100)
  t.equal(idleOf(undefined, 100), 100)
})

t.test('a session was used its idle time before its end, but not before it was created', async (t) => {
  t.equal(usedAt(1000, 1150, 100), 1050)
  t.equal(usedAt(1000, 1050, 100), 1000)
})

t.test('an end is written when it has moved by touchAfter, and by a millisecond at the least', async (t) => {
  t.equal(isMoveDue(1000, 1010, 10), true)
  t.equal(isMoveDue(1000, 1009, 10), false)
  t.equal(isMoveDue(1000, 1001, 0), true)
  t.equal(isMoveDue(1000, 1000, 0), false)
  t.equal(isMoveDue(1000, 900, 0), false)
})

t.test('a cookie lasts as long as was wished, or as the session, rounded up to whole seconds', async (t) => {
  t.equal(cookieAge(false, 99_000, 1000), undefined)
  t.equal(cookieAge(60, 99_000, 1000), 60)
  t.equal(cookieAge(60, 31_000, 1000), 30)
  t.equal(cookieAge(60, 30_001, 1000), 30)
  t.equal(cookieAge(60, 1000, 1000), 1, 'an age of 0 would remove it')
})

t.test(
  'a cookie that outlives the browser is good until the session ends, another for the absolute lifetime',
  async (t) => {
    t.equal(cookieEnd(60, 1100, 1500), 1100)
    t.equal(cookieEnd(false, 1100, 1500), 1500)
  }
)

t.test('a session has expired at its end, be that the idle or the absolute one', async (t) => {
  const never = { clearedAt: 0 }
  t.equal(endedBy(1000, 1100, 500, { now: 1099, ...never }), undefined)
  t.equal(endedBy(1000, 1100, 500, { now: 1100, ...never }), 'expired')
  t.equal(endedBy(1000, 9000, 500, { now: 1499, ...never }), undefined)
  t.equal(endedBy(1000, 9000, 500, { now: 1500, ...never }), 'expired')
})

t.test('a session that was there when all were cleared has ended, one that begins then has not', async (t) => {
  t.equal(endedBy(1000, 1100, 500, { now: 1050, clearedAt: 999 }), undefined)
  t.equal(endedBy(1000, 1100, 500, { now: 1050, clearedAt: 1000 }), 'cleared')
  t.equal(beginning(1050, 0), 1050)
  t.equal(beginning(1000, 1000), 1001)
  t.equal(beginning(900, 1000), 1001, 'where the clock has been set back')
})
