import type { From } from '../../types/from.js'
import { ConfigError } from '../errors.js'

/** Sessions of other plugins that may arrive with a request, as much as is to be known of them before they do. */
export interface Arrivals {
  /** Derives keys. @throws when that can't be done */
  ready(): Promise<void>
  /** Whether the `Cookie` header has a cookie of theirs. */
  isIn(header: string): boolean
}

/** What `fastify-sessions/from/…` gives: whichever comes first speaks for all, so that apps without any load nothing. */
interface Speaker extends From {
  together(all: readonly From[]): Arrivals
}

/** @throws FST_SESSIONS_CONFIG */
export function arrivalsOf(session: string, from: readonly From[] | undefined): Arrivals | undefined {
  if (from === undefined) return undefined
  if (!Array.isArray(from) || !from.every((each) => each?.kind === 'from')) {
    const example = "[secureSession({ key }, (old) => ({ user: old.user }))], of 'fastify-sessions/from/secure-session'"
    throw new ConfigError(`session "${session}": from: expected an array such as ${example}`)
  }
  return (from[0] as Speaker | undefined)?.together(from)
}
