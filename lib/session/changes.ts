/** What a request did to a key. Only updates run again on newer data; the other operations overwrite it. */
export type Operation = 'set' | 'delete' | Updates
export type Updates = readonly ((value: unknown) => unknown)[]

export interface Change {
  readonly operation: Operation
  /** The stored form of an immutable value. Other values are encoded when they are saved. */
  readonly encoded?: unknown
}

export interface Changes {
  /** Whether all stored data was cleared. */
  readonly isCleared: boolean
  readonly byKey: Map<string, Change>
}

/** Combines a change with what was done to the key before. */
export function addChange(changes: Map<string, Change>, key: string, { operation, encoded }: Change): void {
  changes.set(key, { operation: after(changes.get(key)?.operation, operation), encoded })
}

/** An update after a set or delete becomes a set: it does not depend on stored data. */
function after(before: Operation | undefined, operation: Operation): Operation {
  if (typeof operation === 'string' || before === undefined) return operation
  return typeof before === 'string' ? 'set' : [...before, ...operation]
}

/** Combines two sets of changes, of which `second` was made after `first`. */
export function joined(first: Changes, second: Changes): Changes {
  const byKey = new Map(first.byKey)
  for (const [key, change] of second.byKey) addChange(byKey, key, change)
  return { isCleared: first.isCleared, byKey }
}
