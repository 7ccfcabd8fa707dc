import type { InspectOptions } from 'node:util'
import type { SessionState } from '../session/state.js'

export const INSPECT = Symbol.for('nodejs.util.inspect.custom')

type Inspect = (value: unknown, options: InspectOptions) => string

/** Limits for inspected values: enough to tell values apart, too little to leak what they hold. */
const SHORT = { depth: 1, maxStringLength: 20, maxArrayLength: 5, breakLength: 120 } as const

/**
 * Returns what `console.log(session)` shows. Inspecting does not count as use of the session, and hands out none of its
 * objects.
 */
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
