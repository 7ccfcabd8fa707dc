import type { FastifyRequest } from 'fastify'
import type { SetCookie } from '../cookie/cookie.js'
import type { CookieHeader } from '../cookie/header.js'
import type { Arrivals } from '../definition/arrivals.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Job } from '../records/rounds.js'
import type { Encoded, Loaded } from './origin.js'
import type { SessionState } from './state.js'

/** How sessions of other plugins become ones of a definition's. */
export interface Arriving extends Arrivals {
  /**
   * The old session that came where there is none of ours; `undefined` when none came that is good.
   * @param clearedAt when all sessions were cleared, in ms since the epoch
   */
  load(
    definition: ResolvedDefinition,
    request: FastifyRequest,
    header: CookieHeader,
    clearedAt: number
  ): Promise<Loaded | undefined>
  /** Saves one that arrived, on a record store; `undefined`: not with this response. */
  save(
    state: SessionState,
    encoded: Encoded | undefined,
    areHeadersSent: boolean,
    now: number
  ): Job<SessionState | 'dropped'> | undefined
  /** A session of ours is signed out: ends what old servers keep of those whose cookies came beside. */
  end(request: FastifyRequest): Promise<void>
  /** The cookies of old sessions that the browser is to forget, now that ours are set or cleared. */
  clear(request: FastifyRequest, state: SessionState): readonly SetCookie[]
  /** Ends what the old server keeps of a session that has arrived; never rejects. */
  endArrived(state: SessionState): Promise<void> | undefined
}

/** `undefined`: none can arrive. */
export function arrivingOf({ from }: ResolvedDefinition): Arriving | undefined {
  return from as Arriving | undefined
}
