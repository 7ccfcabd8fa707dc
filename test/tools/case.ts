import type { Workplace } from './workplace.js'

/** One tool, and one use of the package with it. */
export interface Case {
  /** The package of the tool, whose version is printed. */
  readonly tool: string
  /** A description for the table. */
  readonly what: string
  /** The runtime of the program; `Node` is the one that runs this process. */
  readonly on: 'Node' | 'newer Node' | 'Bun' | 'Deno'
  /** @throws Error that says what went wrong */
  run(place: Workplace, redis: string): Promise<void>
}
