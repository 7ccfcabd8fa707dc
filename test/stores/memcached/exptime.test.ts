import { test } from 'tap'
import { exptime } from '../../../lib/stores/memcached/exptime.js'

const day = 86_400_000
/** 2026, in ms since the epoch. */
const now = 1_795_000_000_000

test('an end within 30 days is counted from now, rounded up, and a second is added', async (t) => {
  t.equal(exptime(now + 1, now), 2)
  t.equal(exptime(now + 1000 + 999, now), 3)
  t.equal(exptime(now + 29 * day, now), 29 * 86_400 + 1)
})

test('a later end is counted from 1970', async (t) => {
  const end = now + 31 * day
  t.equal(exptime(end, now), Math.ceil(end / 1000) + 1)
})

test('no end is ever in the gap where the server would count from the other start', async (t) => {
  for (let ms = -3000; ms < 3000; ms += 250) {
    const seconds = exptime(now + 30 * day + ms, now)
    t.ok(seconds <= 30 * 86_400 || seconds > now / 1000, `${seconds}`)
  }
})

test('an end that has passed is at once', async (t) => {
  t.equal(exptime(now - 1, now), -1)
  t.equal(exptime(0), -1)
})

test('an end that the server can’t count to is never', async (t) => {
  t.equal(exptime(Date.UTC(2100, 0)), 0)
  t.equal(exptime(Number.POSITIVE_INFINITY), 0)
})
