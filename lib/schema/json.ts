/** Where a value does not survive JSON, and why. */
export interface NotJson {
  /** From the value down. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** `undefined` if the value survives JSON as it is. */
export function notJson(value: unknown): NotJson | undefined {
  const found = faultIn(value, 0)
  if (found?.message !== TOO_DEEP) return found
  // Nobody reads a path of a hundred steps.
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

/** The way to the first object that is within itself. `free` holds those that are not: many ways may lead to one. */
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

/** Shares no object with what it is a copy of, which has to be JSON. */
export function copyOf<T>(json: T): T {
  return typeof json === 'object' && json !== null ? JSON.parse(JSON.stringify(json)) : json
}

/** Equality of two JSON values, for which `util.isDeepStrictEqual` is several times slower. */
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

/** Makes no array of the keys: every request asks this several times. */
export function isEmpty(object: object): boolean {
  for (const key in object) if (Object.hasOwn(object, key)) return false
  return true
}
