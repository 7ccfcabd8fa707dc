/**
 * The `Cookie` header of one request. Cookies of sessions are long and usually adjacent, so a search for the next one
 * skips those already found instead of scanning their text.
 */
export class CookieHeader {
  readonly text: string
  readonly #found: Found[] = []
  /** The range of the text, from `#from` to `#to`, that contains only cookies already found. */
  #from = 0
  #to = 0

  constructor(text: string) {
    this.text = text
  }

  /** Returns the first cookie with a name. @param needle the name, with "=" at its end */
  find(needle: string): Found | undefined {
    for (const known of this.#found) if (known.needle === needle) return known
    const before = this.#from > needle.length ? find(this.text.slice(0, this.#from), needle, 0) : undefined
    const found = before ?? find(this.text, needle, this.#to)
    if (found !== undefined) this.#note(found)
    return found
  }

  #note(found: Found): void {
    this.#found.push(found)
    const { at, end } = found
    const isNext = at >= this.#to && at - this.#to <= SEPARATOR
    const isPrevious = end <= this.#from && this.#from - end <= SEPARATOR
    if (this.#to === 0 || isPrevious) this.#from = at
    if (this.#to === 0 || isNext) this.#to = end
  }
}

/** The length of a semicolon and a space, between which no cookie fits. */
const SEPARATOR = 2

export interface Found {
  readonly needle: string
  readonly value: string
  readonly at: number
  readonly end: number
}

/** Cuts one cookie out of the header, which is much faster than parsing all cookies. */
export function find(header: string, needle: string, from: number): Found | undefined {
  const at = locate(header, needle, from)
  if (at === -1) return undefined
  const semicolon = header.indexOf(';', at)
  const end = semicolon === -1 ? header.length : semicolon
  const value = header.slice(at + needle.length, end)
  // Trailing blanks are rare, and trimming would take longer than slicing.
  return { needle, value: isBlank(header, end - 1) ? value.trimEnd() : value, at, end }
}

/** Returns where a cookie begins, or -1. Names are compared literally: a percent-encoded name is another name. */
export function locate(header: string, needle: string, from: number): number {
  let at = header.indexOf(needle, from)
  while (at !== -1 && !startsPair(header, at)) at = header.indexOf(needle, at + 1)
  return at
}

function startsPair(header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && isBlank(header, before)) before--
  return before < 0 || header[before] === ';'
}

function isBlank(header: string, at: number): boolean {
  return header[at] === ' ' || header[at] === '\t'
}
