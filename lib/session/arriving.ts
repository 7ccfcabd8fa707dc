import type { FastifyRequest } from 'fastify'
import type { SetCookie } from '../cookie/cookie.js'
import type { CookieHeader } from '../cookie/header.js'
import type { Arrivals } from '../definition/arrivals.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Job } from '../records/rounds.js'
import type { Encoded, Loaded } from './origin.js'
import type { SessionState } from './state.js'

/** Takes over sessions of other plugins for a definition. */
export interface Arriving extends Arrivals {
  /**
   * Loads the old session of a request that has none of this plugin; `undefined` if no valid one came.
   * @param clearedAt when all sessions were last cleared, in ms since the epoch
   */
  load(
    definition: ResolvedDefinition,
    request: FastifyRequest,
    header: CookieHeader,
    clearedAt: number
  ): Promise<Loaded | undefined>
  /** Saves a session that is taken over into a record store; `undefined`: it is not saved with this response. */
  save(
    state: SessionState,
    encoded: Encoded | undefined,
    areHeadersSent: boolean,
    now: number
  ): Job<SessionState | 'dropped'> | undefined
  /**
   * Called when a session is signed out: ends the old sessions whose cookies came with the request, in their own
   * stores.
   */
  end(request: FastifyRequest): Promise<void>
  /**
   * Returns the `Set-Cookie` values that clear the cookies of old sessions. Called when the cookie of this session is
   * set or cleared.
   */
  clear(request: FastifyRequest, state: SessionState): readonly SetCookie[]
  /** Ends the old session in its own store after it was taken over; never rejects. */
  endArrived(state: SessionState): Promise<void> | undefined
}

/** Returns how a definition takes over sessions; `undefined` if it does not. */
export function arrivingOf({ from }: ResolvedDefinition): Arriving | undefined {
  return from as Arriving | undefined
}
