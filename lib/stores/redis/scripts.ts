import { createHash } from 'node:crypto'
import { endOffset, versionLength } from '../internal/envelope.js'

/** A Lua script, and the SHA-1 by which the server remembers it. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

/**
 * Each script is the compare-and-set of one record. It accesses one key, so it runs on any node of a cluster and behind
 * any proxy, and it returns 1 or 0. The end is set by a separate command, because Redis before 6.2 has no SET with
 * PXAT.
 *
 * A client may send a script again when it lost the connection before the answer (ioredis does so by default). So a
 * write that finds its own version in place has already arrived, and returns what it would have returned the first
 * time.
 */

/** KEYS: the record. ARGV: its end, its envelope. */
export const create = script(`
  if redis.call('SET', KEYS[1], ARGV[2], 'NX') then
    redis.call('PEXPIREAT', KEYS[1], ARGV[1])
    return 1
  end
  local held = redis.call('GETRANGE', KEYS[1], 0, ${versionLength - 1})
  return held == string.sub(ARGV[2], 1, ${versionLength}) and 1 or 0`)

/** KEYS: the record. ARGV: its new end, its new envelope, the version to replace. */
export const update = script(`
  local held = redis.call('GETRANGE', KEYS[1], 0, ${versionLength - 1})
  if held ~= '' and held == ARGV[3] then
    redis.call('SET', KEYS[1], ARGV[2])
    redis.call('PEXPIREAT', KEYS[1], ARGV[1])
    return 1
  end
  return held == string.sub(ARGV[2], 1, ${versionLength}) and 1 or 0`)

/** KEYS: the record. ARGV: its new end, and the same end in the format of the envelope. */
export const touch = script(`
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  redis.call('SETRANGE', KEYS[1], ${endOffset}, ARGV[2])
  redis.call('PEXPIREAT', KEYS[1], ARGV[1])
  return 1`)

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** Runs a script by its SHA-1. Its text is sent only if the server does not know it. */
export async function knownOrNot(byName: () => Promise<unknown>, byText: () => Promise<unknown>): Promise<unknown> {
  try {
    return await byName()
  } catch (error) {
    if (error instanceof Error && /\bNOSCRIPT\b/.test(error.message)) return byText()
    throw error
  }
}
