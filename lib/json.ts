/** `undefined` if the value survives JSON as it is; else where and what does not, as in `items[0].when: a Date`. */
export function notJson(value: unknown, path: string, depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : `${path}: ${value} becomes null in JSON`
    case 'object':
      return value === null ? undefined : notJsonObject(value, path, depth)
    default:
      return `${path}: ${typeof value} does not survive JSON`
  }
}

const MAX_DEPTH = 100

/** Of a path a hundred levels deep, a cycle's say, the beginning tells enough. In characters. */
const SHOWN = 60

function notJsonObject(value: object, path: string, depth: number): string | undefined {
  if (depth === MAX_DEPTH) {
    return `${path.slice(0, SHOWN)}…: nested deeper than ${MAX_DEPTH} levels, or a cycle`
  }
  if (Array.isArray(value)) return first(value, (item, index) => notJson(item, `${path}[${index}]`, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    return `${path}: a ${prototype.constructor?.name || 'class instance'} does not survive JSON: use a codec`
  }
  return first(Object.entries(value), ([key, item]) =>
    item === undefined ? undefined : notJson(item, `${path}.${key}`, depth + 1)
  )
}

function first<T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (let index = 0; index < items.length; index++) {
    const found = find(items[index] as T, index)
    if (found !== undefined) return found
  }
  return undefined
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
