import type { CookieSeal } from '../../types/seal.js'
import type { Sealing } from '../cookie/sealed-values.js'
import type { SessionRecord } from '../records/record.js'
import type { Ticket } from '../records/ticket.js'
import type { Settings } from './definition.js'

/** What `fastify-sessions/seals/…` gives: another way to seal cookies than by the app's key ring. */
export interface ForeignSeal extends CookieSeal {
  /** On the cookie store. @throws FST_SESSIONS_CONFIG when the definition asks for what it can't do */
  records(settings: Settings): Sealing<SessionRecord>
  /** On a record store. @throws FST_SESSIONS_CONFIG as above */
  tickets(settings: Settings): Sealing<Ticket>
}
