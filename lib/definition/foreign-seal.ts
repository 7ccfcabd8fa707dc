import type { CookieSeal } from '../../types/seal.js'
import type { Sealing } from '../cookie/sealed-values.js'
import type { SessionRecord } from '../records/record.js'
import type { Ticket } from '../records/ticket.js'
import type { Settings } from './definition.js'

/** What the functions of `fastify-sessions/seals/…` return: another way to seal cookies than by the app's key ring. */
export interface ForeignSeal extends CookieSeal {
  /**
   * Returns the sealing for the cookie store.
   * @throws FST_SESSIONS_CONFIG when the definition needs something that this seal does not support
   */
  records(settings: Settings): Sealing<SessionRecord>
  /** Returns the sealing for a record store. @throws FST_SESSIONS_CONFIG as above */
  tickets(settings: Settings): Sealing<Ticket>
}
