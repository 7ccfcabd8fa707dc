import type { InspectOptions } from 'node:util'
import type { SessionState } from '../session/state.js'

export const INSPECT = Symbol.for('nodejs.util.inspect.custom')

type Inspect = (value: unknown, options: InspectOptions) => string

/** Enough to tell values apart, too little to spill what they hold. */
const SHORT = { depth: 1, maxStringLength: 20, maxArrayLength: 5, breakLength: 120 } as const

/** What `console.log(session)` shows. To look is no use of the session, and gives no object away. */
export function inspected(name: string, state: SessionState | undefined, options: object, inspect: Inspect): string {
  if (state === undefined) return `Session "${name}" (not loaded)`
  const { id, problem } = state
  const { values } = state.content
  const shown = {
    ...(id !== undefined && { id }),
    ...(problem && { problem }),
    changed: values.changed,
    values: values.view
  }
  return `Session "${name}" ${inspect(shown, { ...options, ...SHORT })}`
}
