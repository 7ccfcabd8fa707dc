import type { Registry } from './registry.js'

const byOwner = new WeakMap<object, Registry>()

/** Notes the registry of an app. @param owner its `app.sessions` */
export function keepRegistry(owner: object, registry: Registry): void {
  byOwner.set(owner, registry)
}

/** Returns the registry of an app's `app.sessions`; `undefined` if that belongs to another copy of the package. */
export function registryOf(owner: object): Registry | undefined {
  return byOwner.get(owner)
}
