import type { Tone } from '../../types/inspector-parts.js'

export type { Tone }

/** Events in which something went wrong, or ended, and those that changed something: shown apart from mere reading. */
const FAULTS: ReadonlySet<string> = new Set(['refused', 'expired', 'failed', 'evicted'])
const ENDS: ReadonlySet<string> = new Set(['destroyed', 'revoked', 'cleared', 'swept'])
const READS: ReadonlySet<string> = new Set(['opened', 'loaded'])

export function toneOf(event: string): Tone {
  if (event === 'replayed') return 'replay'
  if (FAULTS.has(event)) return 'fault'
  if (ENDS.has(event)) return 'end'
  return READS.has(event) ? 'read' : 'write'
}
