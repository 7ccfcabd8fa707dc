import type { FastifyBaseLogger } from 'fastify'
import type { RecordStore } from '../../types/store.js'
import { warnProcess } from '../util/process-warning.js'

/** Warns at start of what a store can't promise, so that nobody finds out by losing sessions. */
export function tellLimits(stores: ReadonlyMap<string, RecordStore>, log: FastifyBaseLogger): void {
  for (const [name, { capabilities }] of stores) {
    if (capabilities === undefined) continue
    const { note = 'requests to several processes can overwrite one another' } = capabilities
    const message = `session store "${name}": ${note}`
    log.warn({ store: name }, message)
    // Without the option `logger`, Fastify's logger uses the same no-op function for every level.
    if (log.warn === log.fatal) warnProcess(message, 'FST_SESSIONS_STORE_LIMITS')
  }
}
