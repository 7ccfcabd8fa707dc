/**
 * The JSON that Go's encoding/json writes of a map: its keys in the order of their bytes, and what HTML or JavaScript
 * could take for something else escaped. What is `undefined` is left out, as JSON.stringify does.
 */
export function goJson(value: unknown): string {
  return written(value).replace(/[<>&\u2028\u2029]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** By hand, since an object of JavaScript has keys that look like numbers first. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, held]) => held !== undefined)
  return `{${entries
    .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(([key, held]) => `${JSON.stringify(key)}:${written(held)}`)
    .join()}}`
}
