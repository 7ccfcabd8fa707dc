import { script } from '../redis/scripts.js'

/**
 * Each script reads and writes one key. The current value is compared as a whole, since Go adds no version to its
 * writes. A client may send a script again when it lost the connection before the answer. So a write that finds its own
 * bytes in place has already arrived, and succeeds.
 */

/** KEYS: the session. Returns its bytes and its end, in ms since the epoch, or -1 if it has no end. */
export const read = script(`
  local held = redis.call('GET', KEYS[1])
  if not held then return false end
  local ends = redis.pcall('PEXPIRETIME', KEYS[1])
  if type(ends) == 'number' then return { held, ends } end
  local left = redis.call('PTTL', KEYS[1])
  local now = redis.call('TIME')
  return { held, left < 0 and -1 or now[1] * 1000 + math.floor(now[2] / 1000) + left }`)

/** KEYS: the session. ARGV: its end, its bytes. */
export const create = script(`
  if redis.call('SET', KEYS[1], ARGV[2], 'NX') then
    redis.call('PEXPIREAT', KEYS[1], ARGV[1])
    return 1
  end
  return redis.call('GET', KEYS[1]) == ARGV[2] and 1 or 0`)

/** KEYS: the session. ARGV: its new end, its new bytes, the bytes to replace. */
export const update = script(`
  local held = redis.call('GET', KEYS[1])
  if held == ARGV[3] then
    redis.call('SET', KEYS[1], ARGV[2])
    redis.call('PEXPIREAT', KEYS[1], ARGV[1])
    return 1
  end
  return held == ARGV[2] and 1 or 0`)

/** KEYS: the session. ARGV: its new end. */
export const touch = script(`return redis.call('PEXPIREAT', KEYS[1], ARGV[1])`)

/** KEYS: the session. */
export const remove = script(`return redis.call('DEL', KEYS[1])`)
