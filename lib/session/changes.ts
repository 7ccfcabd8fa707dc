/** What a request did to a key. Updates alone run again on newer data; whatever else was done overwrites that. */
export type Operation = 'set' | 'delete' | Updates
export type Updates = readonly ((value: unknown) => unknown)[]

export interface Change {
  readonly operation: Operation
  /** The stored form of a value that nobody can change any more; other values are encoded when they are saved. */
  readonly encoded?: unknown
}

export interface Changes {
  /** Whether nothing is left of what was stored. */
  readonly isCleared: boolean
  readonly byKey: Map<string, Change>
}

/** Adds to what was done to a key before. */
export function addChange(changes: Map<string, Change>, key: string, { operation, encoded }: Change): void {
  changes.set(key, { operation: after(changes.get(key)?.operation, operation), encoded })
}

/** An update of what was set or deleted before is no more than another setting. */
function after(before: Operation | undefined, operation: Operation): Operation {
  if (typeof operation === 'string' || before === undefined) return operation
  return typeof before === 'string' ? 'set' : [...before, ...operation]
}

/** Two lots of changes, one after the other, as one. */
export function joined(first: Changes, second: Changes): Changes {
  const byKey = new Map(first.byKey)
  for (const [key, change] of second.byKey) addChange(byKey, key, change)
  return { isCleared: first.isCleared, byKey }
}
