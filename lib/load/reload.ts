import type { RecordStore } from '../../types/store.js'
import { runJob } from '../records/rounds.js'
import { idOf, type Loaded, withoutTicket } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { readOrigin } from '../session/stored-origin.js'

/** What is stored now of a session that was read before. */
export async function reload({ definition, origin }: SessionState): Promise<Loaded> {
  if (origin?.location === undefined) return origin === undefined ? {} : { origin }
  const present = await runJob(
    definition.store as RecordStore,
    readOrigin(definition, idOf(origin), origin.location.ticket)
  )
  if (present === undefined) return { problem: 'gone' }
  return { origin: present.record.n === undefined ? present : withoutTicket(present) }
}
