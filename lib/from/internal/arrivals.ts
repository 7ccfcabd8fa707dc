import type { FastifyRequest } from 'fastify'
import type { SetCookie } from '../../cookie/cookie.js'
import type { CookieHeader } from '../../cookie/header.js'
import type { ResolvedDefinition } from '../../definition/definition.js'
import { type Job, runJob } from '../../records/rounds.js'
import type { Outcome } from '../../save/outcome.js'
import type { Arriving } from '../../session/arriving.js'
import { withoutMessage } from '../../session/migrate.js'
import type { Encoded, Loaded, Origin } from '../../session/origin.js'
import type { SessionState } from '../../session/state.js'
import type { Former, OldArrival } from './arrival.js'
import { type NewRecord, recordOf } from './mapping.js'
import { forgetCookie, isCookieIn, OldCookies } from './old-cookies.js'
import type { OldSession } from './peer.js'
import { type Berth, berthFor, lookUp, saveArrival, unstored } from './stored-arrivals.js'

/** Carries over the old sessions that may become sessions of one definition, from all plugins that its `from` lists. */
export class OldArrivals implements Arriving {
  readonly #formers: readonly Former[]

  constructor(formers: readonly Former[]) {
    this.#formers = formers
  }

  async ready(): Promise<void> {
    for (const { peer } of this.#formers) await peer.ready?.()
  }

  isIn(header: string): boolean {
    return this.#formers.some(({ peer }) => peer.cookies.some((name) => isCookieIn(header, name)))
  }

  async load(
    definition: ResolvedDefinition,
    request: FastifyRequest,
    header: CookieHeader,
    clearedAt: number
  ): Promise<Loaded | undefined> {
    let first: Loaded | undefined
    for (const former of this.#formers) {
      for (const old of opened(former, definition, request, header.text)) {
        const loaded = await loadOld(definition, request, { former, old, openedAt: Date.now() }, clearedAt)
        if (loaded?.origin !== undefined) return loaded
        first ??= loaded
      }
    }
    return first
  }

  save(
    state: SessionState,
    encoded: Encoded | undefined,
    areHeadersSent: boolean,
    now: number
  ): Job<Outcome> | undefined {
    const { mapped, berth } = state.arrival as OldArrival
    const isOnlyRead = encoded === undefined && !state.clearsCookie
    return isOnlyRead && (areHeadersSent || isSuperseded(state)) ? undefined : saveNow(state, mapped, berth, now)
  }

  async end(request: FastifyRequest): Promise<void> {
    const cookies = new OldCookies(request.raw.headers.cookie ?? '')
    const ending = this.#formers.flatMap(({ peer }) => peer.open(cookies).map((old) => old.end?.()))
    await Promise.all(ending)
  }

  clear(request: FastifyRequest, state: SessionState): readonly SetCookie[] {
    const { cookie = '' } = request.raw.headers
    return this.#left(state).flatMap(({ peer }) =>
      peer.cookies.filter((name) => isCookieIn(cookie, name)).map((name) => forgetCookie(name, peer.attributes))
    )
  }

  endArrived(state: SessionState): Promise<void> | undefined {
    const arrival = state.arrival as OldArrival | undefined
    if (arrival === undefined) return undefined
    state.arrival = undefined
    const { former, old, openedAt } = arrival
    if (old.identity === undefined) state.definition.superseded.note(old.value, openedAt)
    if (former.mapped.options.keepOld) return undefined
    return old.end?.().catch((error) => {
      const { log, definition } = state
      log.warn(
        { session: definition.name, peer: former.peer.name, err: error },
        'a session that was carried over stays in its old store'
      )
    })
  }

  /** The plugins whose cookies the browser should forget. */
  #left({ clearsCookie, arrival }: SessionState): readonly Former[] {
    if (clearsCookie) return this.#formers
    const { former } = (arrival ?? {}) as Partial<OldArrival>
    return former === undefined || former.mapped.options.keepOld ? [] : [former]
  }
}

type Come = Pick<OldArrival, 'former' | 'old' | 'openedAt'>

function opened(
  { peer }: Former,
  { name }: ResolvedDefinition,
  { log }: FastifyRequest,
  header: string
): readonly OldSession[] {
  const sessions = peer.open(new OldCookies(header))
  if (sessions.length === 0 && peer.cookies.some((cookie) => isCookieIn(header, cookie))) {
    log.info({ session: name, peer: peer.name }, `a cookie of ${peer.name} gave no session: it is not authentic`)
  }
  return sessions
}

/** Loads an old session as one of this plugin. `undefined`: there is none, or the app does not want it. */
async function loadOld(
  definition: ResolvedDefinition,
  request: FastifyRequest,
  come: Come,
  clearedAt: number
): Promise<Loaded | undefined> {
  const { former, old, openedAt } = come
  const berth = berthFor(definition, former.peer.name, old.identity, openedAt)
  const there = await lookUpAt(definition, berth, clearedAt, openedAt)
  if (there?.origin !== undefined)
    return arriving(come, there.origin, berth, there.origin.location?.ticket !== undefined)
  if (there !== undefined) return there
  // The beginning of an old session is unknown, so it may be before the last clearing of all sessions.
  if (clearedAt > 0) return { problem: 'cleared' }
  const read = await old.read(openedAt)
  if (read === undefined) return undefined
  const record = mapOld(definition, request, come, read.data)
  if (record === undefined) return undefined
  const kept = read.ends === undefined ? berth : { ...berth, until: Math.min(read.ends, openedAt + LONGEST) }
  return arriving(come, originFor(definition, record, come, kept), kept, false)
}

/** The longest time for which browsers keep a cookie, in ms (RFC 6265bis §5.5). */
const LONGEST = 400 * 24 * 60 * 60 * 1000

/** Looks the session up in the store. The cookie store holds nothing. */
async function lookUpAt(
  definition: ResolvedDefinition,
  berth: Berth,
  clearedAt: number,
  now: number
): Promise<Loaded | undefined> {
  const { store, breaker } = definition
  if (store === undefined || berth.receipt === undefined) return undefined
  return breaker.run(() => runJob(store, lookUp(definition, berth, clearedAt, now)))
}

/**
 * Maps an old session. If the app's function throws, the request goes on without the session, and the old session stays
 * as it is.
 */
function mapOld(
  definition: ResolvedDefinition,
  { log }: FastifyRequest,
  { former }: Come,
  data: object
): NewRecord | undefined {
  try {
    return recordOf(definition, former.mapped, data, Date.now())
  } catch (error) {
    const details = { session: definition.name, peer: former.peer.name, err: withoutMessage(error) }
    log.error(details, 'a session could not be carried over: what maps it threw')
    return undefined
  }
}

function originFor(definition: ResolvedDefinition, record: NewRecord, { old, openedAt }: Come, berth: Berth): Origin {
  return definition.store === undefined
    ? { ...record, came: { value: old.value, at: openedAt } }
    : unstored(record, berth)
}

/** Returns the session as loaded. It is marked stale, so that it is written even if the handler only reads it. */
function arriving(come: Come, origin: Origin, berth: Berth, isStored: boolean): Loaded {
  const arrival: OldArrival = { ...come, berth, mapped: origin, isStored, peer: come.former.peer.name }
  return { origin, isStale: true, arrival }
}

function* saveNow(state: SessionState, mapped: Origin, berth: Berth, now: number): Job<Outcome> {
  const outcome = yield* saveArrival(state, mapped, berth, now)
  state.arrival = { ...(state.arrival as OldArrival), isStored: true }
  return outcome
}

/**
 * Whether another response has carried over the same cookie to a session of its own. A request that only read the
 * session then leaves the browser that one.
 */
function isSuperseded({ definition, arrival }: SessionState): boolean {
  const { old, openedAt } = arrival as OldArrival
  return old.identity === undefined && definition.superseded.has(old.value, openedAt)
}
