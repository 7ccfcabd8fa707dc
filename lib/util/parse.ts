/*
 * A stored text, or the text of a cookie, is normally written by this plugin. But another program, a bug or a broken
 * disk may have written it too, which has to be detected here and in bounded time.
 */

/**
 * The deepest nesting to accept. JSON.stringify and structuredClone overflow the stack at some thousands of levels, and
 * so would a schema.
 */
const MAX_DEPTH = 1000

/** Parses JSON; `undefined` if the text is not JSON, or is nested deeper than anything that this plugin writes. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The latest time of a `Date`, in ms since the epoch (ECMA-262, 21.4.1.1). */
const LAST_MOMENT = 8.64e15

/**
 * Whether a value is a time in ms since the epoch. It also refuses `1e999`, which JSON.parse reads as Infinity and
 * JSON.stringify writes as null.
 */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LAST_MOMENT
}

/** Whether a text is nested too deep. Only a long text with many brackets has to be scanned for that. */
function isTooDeep(text: string): boolean {
  return text.length > 2 * MAX_DEPTH && hasManyBrackets(text) && depthOf(text) > MAX_DEPTH
}

function hasManyBrackets(text: string): boolean {
  let count = 0
  for (const bracket of ['[', '{']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > MAX_DEPTH) return true
    }
  }
  return false
}

const QUOTE = 34
const BACKSLASH = 92

/** Returns the deepest nesting in the text, not counting brackets in strings. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) isInString = !isInString
    else if (isInString && code === BACKSLASH) at++
    else if (!isInString && OPENING.has(code)) deepest = Math.max(deepest, ++depth)
    else if (!isInString && CLOSING.has(code)) depth--
  }
  return deepest
}

const OPENING: ReadonlySet<number> = new Set([91, 123])
const CLOSING: ReadonlySet<number> = new Set([93, 125])
