import type { ResolvedDefinition } from '../definition/definition.js'
import { StoreError } from '../errors.js'
import type { Cut, Successor } from '../records/record.js'
import type { Job } from '../records/rounds.js'
import { newTicket, storeId, type Ticket } from '../records/ticket.js'
import type { Origin } from '../session/origin.js'
import { idOf } from '../session/origin.js'
import { readOrigin } from '../session/stored-origin.js'

/*
 * A record that `regenerate()` replaced points to its successor. The pointer carries the secret of the successor's
 * cookie as well, so that of two requests that sign in at once the second can answer with the session of the first. It
 * is sealed with the app's keys under a purpose of its own, encrypted also where cookies are only signed, and for this
 * one record: a leaked table is still no list of live sessions.
 */

/** Each link is one `regenerate()` since a request began: more than that only a circle can have. */
const MAX_LINKS = 1000

/** Where a retired record leads. */
export interface Trail {
  /** The record that lives. */
  readonly end: Origin
  /** Whether an old id was cut off somewhere on the way, and how. */
  readonly cut: Cut | undefined
  /** The last retired record before the end. */
  readonly last: Origin | undefined
}

/** What the record of `old` says of its successor. */
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
 * Follows retired records to the one that lives; `undefined` when that was ended.
 * @throws FST_SESSIONS_STORE when there is no end
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
    // What came with new rights asks for more than to have signed in.
    cut = by === 'rights' ? by : (cut ?? by)
    last = end
    end = yield* readOrigin(definition, id)
    if (end === undefined) return undefined
  }
  return { end, cut, last }
}

/** The same from what is stored now under the id of `origin`. */
export function* followNewest(definition: ResolvedDefinition, origin: Origin): Job<Trail | undefined> {
  if (origin.record.n !== undefined) return yield* follow(definition, origin)
  const present = yield* readOrigin(definition, idOf(origin), origin.location?.ticket)
  return present && (yield* follow(definition, present))
}

/** The ticket of the record at the end, out of the sealed pointer; `undefined` when no key opens that any more. */
export function ticketTo(definition: ResolvedDefinition, { end, last }: Trail): Ticket | undefined {
  const sealed = last?.record.n?.[2]
  if (last === undefined || sealed === undefined) return undefined
  const { text: secret } = definition.successors.open(sealed, idOf(last))
  if (secret === undefined || storeId(secret) !== idOf(end)) return undefined
  return newTicket(secret, idOf(end), end.record.c)
}
