/** What a request did to a key. What it did by `update` alone runs again on newer data; all else overwrites. */
export type Deed = 'set' | 'deleted' | Updates
export type Updates = readonly ((value: unknown) => unknown)[]

export interface Change {
  readonly deed: Deed
  /** The stored form, from when it was checked, of a value that can't change any more; else encoded when it is saved. */
  readonly encoded?: unknown
}

export interface Changes {
  readonly isCleared: boolean
  readonly byKey: Map<string, Change>
}

/** Adds to what was done to a key before. */
export function note(changes: Map<string, Change>, key: string, { deed, encoded }: Change): void {
  changes.set(key, { deed: after(changes.get(key)?.deed, deed), encoded })
}

/** An update of what was set or deleted before is no more than another setting. */
function after(before: Deed | undefined, deed: Deed): Deed {
  if (typeof deed === 'string' || before === undefined) return deed
  return typeof before === 'string' ? 'set' : [...before, ...deed]
}

export function joined(first: Changes, second: Changes): Changes {
  const byKey = new Map(first.byKey)
  for (const [key, change] of second.byKey) note(byKey, key, change)
  return { isCleared: first.isCleared, byKey }
}
