import type { ResolvedDefinition } from '../definition/definition.js'
import { StoreError } from '../errors.js'
import type { Cut, Successor } from '../records/record.js'
import type { Job } from '../records/rounds.js'
import { newTicket, storeId, type Ticket } from '../records/ticket.js'
import type { Origin } from '../session/origin.js'
import { idOf } from '../session/origin.js'
import { readOrigin } from '../session/stored-origin.js'

/*
 * A record that `regenerate()` replaced points to its successor. The pointer also holds the secret of the successor's
 * cookie, so that when two requests sign in at once, the second can answer with the session of the first. The secret is
 * sealed with the app's keys, under a purpose of its own and for this one record, and encrypted even if cookies are
 * only signed. So a leaked table is still no list of live sessions.
 */

/** The most links to follow. Each link is one `regenerate()` since a request began, so only a cycle can have more. */
const MAX_LINKS = 1000

/** The end of the chain of records that starts at a replaced one. */
export interface Trail {
  /** The live record. */
  readonly end: Origin
  /** Why an old id was cut off at one of the links; `undefined` if none was. */
  readonly cut: Cut | undefined
  /** The last replaced record before the live one. */
  readonly last: Origin | undefined
}

/**
 * Returns the pointer from the record of `old` to its successor.
 * @param until the end of the grace, in ms since the epoch
 */
export function pointer(
  definition: ResolvedDefinition,
  old: Origin,
  secret: string,
  until: number,
  cut: Cut | undefined
): Successor {
  const sealed = definition.successors.seal(secret, idOf(old))
  return cut === undefined ? [storeId(secret), until, sealed] : [storeId(secret), until, sealed, cut]
}

/**
 * Follows replaced records to the live one; `undefined` if that was ended.
 * @throws FST_SESSIONS_STORE when the chain has no end
 */
export function* follow(definition: ResolvedDefinition, origin: Origin): Job<Trail | undefined> {
  const passed = new Set<string>()
  let end: Origin | undefined = origin
  let last: Origin | undefined
  let cut: Cut | undefined
  while (end.record.n !== undefined) {
    passed.add(idOf(end))
    const [id, , , by]: Successor = end.record.n
    if (passed.has(id) || passed.size === MAX_LINKS) {
      throw new StoreError(definition.name, `its id was replaced ${passed.size} times, and no end is in sight`)
    }
    // New rights take precedence over a sign-in, because signing in alone must not give access to them.
    cut = by === 'rights' ? by : (cut ?? by)
    last = end
    end = yield* readOrigin(definition, id)
    if (end === undefined) return undefined
  }
  return { end, cut, last }
}

/** The same, starting from the record that is stored now under the id of `origin`. */
export function* followNewest(definition: ResolvedDefinition, origin: Origin): Job<Trail | undefined> {
  if (origin.record.n !== undefined) return yield* follow(definition, origin)
  const present = yield* readOrigin(definition, idOf(origin), origin.location?.ticket)
  return present && (yield* follow(definition, present))
}

/** Returns the ticket of the live record, from the sealed pointer; `undefined` if no key in the ring opens it. */
export function ticketTo(definition: ResolvedDefinition, { end, last }: Trail): Ticket | undefined {
  const sealed = last?.record.n?.[2]
  if (sealed === undefined) return undefined
  const { text: secret } = definition.successors.open(sealed, idOf(last as Origin))
  if (secret === undefined || storeId(secret) !== idOf(end)) return undefined
  return newTicket(secret, idOf(end), end.record.c)
}
