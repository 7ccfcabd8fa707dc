/** Where in a value JSON would change it, and why. */
export interface NotJson {
  /** The path from the value to the fault. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Returns why a value does not survive JSON; `undefined` if it does. */
export function notJson(value: unknown): NotJson | undefined {
  const found = faultIn(value, 0)
  if (found?.message !== TOO_DEEP) return found
  // A path of a hundred steps helps nobody.
  return cycleIn(value, [], new Set()) ?? { path: found.path.slice(0, 3), message: TOO_DEEP }
}

const MAX_DEPTH = 100
const TOO_DEEP = `nested deeper than ${MAX_DEPTH}`

function faultIn(value: unknown, depth: number): NotJson | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : { path: [], message: `${value} becomes null in JSON` }
    case 'object':
      return value === null ? undefined : faultInObject(value, depth)
    default:
      return { path: [], message: `${typeof value} does not survive JSON` }
  }
}

function faultInObject(value: object, depth: number): NotJson | undefined {
  if (depth === MAX_DEPTH) return { path: [], message: TOO_DEEP }
  if (Array.isArray(value)) return faultInArray(value, depth)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    const what = prototype.constructor?.name || 'class instance'
    return { path: [], message: `a ${what} does not survive JSON: use a codec` }
  }
  for (const key of Object.keys(value)) {
    const item: unknown = value[key as never]
    const found = item === undefined ? undefined : faultIn(item, depth + 1)
    if (found !== undefined) return within(key, found)
  }
  return undefined
}

function faultInArray(items: readonly unknown[], depth: number): NotJson | undefined {
  for (let index = 0; index < items.length; index++) {
    const found = faultIn(items[index], depth + 1)
    if (found !== undefined) return within(index, found)
  }
  return undefined
}

/**
 * Returns the path to the first object that contains itself. `free` holds objects known to contain no cycle, because
 * many paths may lead to the same one.
 */
function cycleIn(value: unknown, around: readonly unknown[], free: Set<unknown>): NotJson | undefined {
  if (typeof value !== 'object' || value === null || free.has(value)) return undefined
  if (around.includes(value)) return { path: [], message: 'a cycle does not survive JSON' }
  for (const [key, item] of Object.entries(value)) {
    const found = around.length < MAX_DEPTH ? cycleIn(item, [...around, value], free) : undefined
    if (found !== undefined) return within(Array.isArray(value) ? Number(key) : key, found)
  }
  free.add(value)
  return undefined
}

function within(key: string | number, { path, message }: NotJson): NotJson {
  return { path: [key, ...path], message }
}

/** Returns a deep copy of a JSON value. */
export function copyOf<T>(json: T): T {
  return typeof json === 'object' ? JSON.parse(JSON.stringify(json)) : json
}

/** Whether two JSON values are equal. `util.isDeepStrictEqual` would be several times slower. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  }
  const keys = Object.keys(a)
  if (Array.isArray(b) || Object.keys(b).length !== keys.length) return false
  return keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key as never], b[key as never]))
}

/** Whether an object has no keys. It allocates no array of keys, because every request calls it several times. */
export function isEmpty(object: object): boolean {
  for (const key in object) if (Object.hasOwn(object, key)) return false
  return true
}
