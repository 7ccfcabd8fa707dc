/*
 * What is stored, or comes in a cookie, was written by this plugin as long as all is well. Another program, a bug or a
 * broken disk can have written it too: then it has to be found out here, in bounded time, and nowhere later.
 */

/** JSON.stringify and structuredClone run out of stack at some thousands of levels, and so would a schema. */
const MAX_DEPTH = 1000

/** `undefined` if the text is no JSON, or nested deeper than anything that this plugin writes. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The last moment that a `Date` can tell, in ms since the epoch (ECMA-262, 21.4.1.1). */
const LAST_MOMENT = 8.64e15

/** In ms since the epoch. Also refuses `1e999`, which JSON.parse takes for Infinity and JSON.stringify makes null. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LAST_MOMENT
}

/** Most texts are shorter than one that is too deep, or have fewer brackets: those are not looked at any closer. */
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

/** The deepest nesting in the text, brackets within strings left out. */
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
