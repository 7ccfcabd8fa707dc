import { test } from 'tap'
import { exptime } from '../../../lib/stores/memcached/exptime.js'

const day = 86_400_000

test('an end within 30 days is counted from now, rounded up, and a second is added', async (t) => {
  t.ok([2, 3].includes(exptime(Date.now() + 1)))
  t.equal(exptime(Date.now() + 1000 + 999), 3)
  t.equal(exptime(Date.now() + 29 * day), 29 * 86_400 + 1)
})

test('a later end is counted from 1970', async (t) => {
  const end = Date.now() + 31 * day
  t.equal(exptime(end), Math.ceil(end / 1000) + 1)
})

test('no end is ever in the gap where the server would count from the other start', async (t) => {
  for (let ms = -3000; ms < 3000; ms += 250) {
    const seconds = exptime(Date.now() + 30 * day + ms)
    t.ok(seconds <= 30 * 86_400 || seconds > Date.now() / 1000, `${seconds}`)
  }
})

test('an end that has passed is at once', async (t) => {
  t.equal(exptime(Date.now() - 1), -1)
  t.equal(exptime(0), -1)
})

test('an end that the server can’t count to is never', async (t) => {
  t.equal(exptime(Date.UTC(2100, 0)), 0)
  t.equal(exptime(Number.POSITIVE_INFINITY), 0)
})
