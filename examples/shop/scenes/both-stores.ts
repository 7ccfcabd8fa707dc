import { memoryStore, type RecordStore } from 'fastify-sessions'
import { BlindStore } from './blind-store.js'
import type { Act } from './scene.js'
import type { Stage } from './stage.js'
import type { Outcome } from './step.js'

/** The same act twice, for contrast: on a store that writes blindly, and on one that compares first. */
export function onBothStores(
  about: Pick<Act, 'given' | 'handler'>,
  play: (stage: Stage, store: RecordStore) => Promise<Outcome>
): readonly Act[] {
  const store = () => memoryStore({ maxRecords: 100 })
  return [
    { ...about, title: 'A store that writes blindly', play: (stage) => play(stage, new BlindStore(store())) },
    { ...about, title: 'fastify-sessions: compare, then write', play: (stage) => play(stage, store()) }
  ]
}
