import type { FastifyBaseLogger } from 'fastify'
import type { RecordStore } from '../../types/store.js'
import { warnProcess } from '../util/process-warning.js'

/** What a store can't promise, nobody should learn from lost sessions. */
export function tellLimits(stores: ReadonlyMap<string, RecordStore>, log: FastifyBaseLogger): void {
  for (const [name, { capabilities }] of stores) {
    if (capabilities === undefined) continue
    const { note = 'requests to several processes can overwrite one another' } = capabilities
    const message = `session store "${name}": ${note}`
    log.warn({ store: name }, message)
    // Of a logger that Fastify was not given, all functions are one that does nothing.
    if (log.warn === log.fatal) warnProcess(message, 'FST_SESSIONS_STORE_LIMITS')
  }
}
