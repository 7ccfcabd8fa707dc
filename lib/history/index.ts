import type { FastifyBaseLogger } from 'fastify'
import type { RecordStore } from '../../types/store.js'
import { History } from './history.js'
import { Lists } from './lists.js'
import { Ring } from './ring.js'

/**
 * @param store `undefined`: in memory
 * @param keep how many entries in memory, or for how long in a store, in ms
 */
export function historyIn(
  store: RecordStore | undefined,
  keep: number,
  app: string | undefined,
  log: FastifyBaseLogger
): History {
  return new History(store === undefined ? new Ring(keep) : new Lists(store, keep, app, log))
}
