/**
 * Formats a value as Go's encoding/json formats a map: keys are in the order of their bytes, and characters that HTML
 * or JavaScript could misinterpret are escaped. Members that are `undefined` are left out, as by JSON.stringify.
 */
export function goJson(value: unknown): string {
  return written(value).replace(/[<>&\u2028\u2029]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Writes objects by hand, because a JavaScript object lists keys that look like integers first. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, held]) => held !== undefined)
  return `{${entries
    .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .map(([key, held]) => `${JSON.stringify(key)}:${written(held)}`)
    .join()}}`
}
