/**
 * Converts a record's end (milliseconds since the epoch) to memcached's exptime: up to 30 days as seconds from now,
 * beyond that as seconds since the epoch, negative for immediately, 0 for never (doc/protocol.txt, "Expiration times").
 *
 * Whether a record is returned depends on the end in its value; this one only frees its memory. So it may be late, but
 * never early: a second is added, because the server's clock ticks in seconds.
 */
export function exptime(expires: number, now = Date.now()): number {
  const seconds = Math.ceil((expires - now) / 1000)
  if (seconds <= 0) return -1
  if (seconds < longestFromNow) return seconds + 1
  const since1970 = Math.ceil(expires / 1000) + 1
  return since1970 <= lastSecond ? since1970 : 0
}

const longestFromNow = 30 * 24 * 60 * 60
/** A moment in 2038: the server keeps the number in 32 bits, and takes a larger one for a time in the past. */
const lastSecond = 2 ** 31 - 1
