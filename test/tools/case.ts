import type { Workplace } from './workplace.js'

/** One tool and what it is asked to do with the package. */
export interface Case {
  /** The package whose version is told. */
  readonly tool: string
  /** A sentence for the table. */
  readonly what: string
  /** What the program runs on; Node's own is that of the process. */
  readonly on: 'Node' | 'newer Node' | 'Bun' | 'Deno'
  /** @throws Error that tells what went wrong */
  run(place: Workplace, redis: string): Promise<void>
}
