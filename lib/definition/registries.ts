import type { Registry } from './registry.js'

const byOwner = new WeakMap<object, Registry>()

/** @param owner the `app.sessions` that it is for */
export function keepRegistry(owner: object, registry: Registry): void {
  byOwner.set(owner, registry)
}

/** What `app.sessions` of an app knows of its definitions; `undefined` where it is of another copy of the package. */
export function registryOf(owner: object): Registry | undefined {
  return byOwner.get(owner)
}
