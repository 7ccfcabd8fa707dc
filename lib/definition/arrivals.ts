import type { From } from '../../types/from.js'
import { ConfigError } from '../errors.js'

/** The sessions of other plugins that a definition takes over, as far as they matter before one arrives. */
export interface Arrivals {
  /** Derives the keys that they need. Rejects if that fails. */
  ready(): Promise<void>
  /** Whether the `Cookie` header has a cookie of one of these plugins. */
  isIn(header: string): boolean
}

/**
 * What the functions of `fastify-sessions/from/…` return. The first one handles all others of a definition too, so that
 * apps without any of them load none of this code.
 */
interface Speaker extends From {
  together(all: readonly From[]): Arrivals
}

/** Returns the sessions to take over, from the option `from`. @throws FST_SESSIONS_CONFIG when the option is wrong */
export function arrivalsOf(session: string, from: readonly From[] | undefined): Arrivals | undefined {
  if (from === undefined) return undefined
  if (!Array.isArray(from) || !from.every((each) => each?.kind === 'from')) {
    const example = "[secureSession({ key }, (old) => ({ user: old.user }))], of 'fastify-sessions/from/secure-session'"
    throw new ConfigError(`session "${session}": from: expected an array such as ${example}`)
  }
  return (from[0] as Speaker | undefined)?.together(from)
}
