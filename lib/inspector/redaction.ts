/** What is shown in place of a value that is hidden. */
export const HIDDEN = '(hidden)'

export interface Shown {
  /** The value as JSON, with `HIDDEN` in place of what is hidden in it. */
  readonly text: string
  /** Whether anything of it is hidden: what is shown is then not the value, and must not be taken for it. */
  readonly isHidden: boolean
}

/** Hides values by their keys, before anything is made of them that leaves the process. */
export class Redaction {
  readonly #keys: readonly (string | RegExp)[]

  constructor(keys: readonly (string | RegExp)[]) {
    this.#keys = keys
  }

  hides(key: string): boolean {
    // Not `test`, which goes on where it ended before if the expression is global.
    return this.#keys.some((each) => (typeof each === 'string' ? each === key : key.search(each) !== -1))
  }

  /** @param stored the stored form of what stands at `key`, which is JSON */
  show(key: string, stored: unknown): Shown {
    if (this.hides(key)) return { text: HIDDEN, isHidden: true }
    let isHidden = false
    const rest = this.#without(stored, () => {
      isHidden = true
    })
    return { text: JSON.stringify(rest, undefined, 2) ?? '', isHidden }
  }

  #without(value: unknown, found: () => void): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#without(each, found))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (!this.hides(key)) return [key, this.#without(inner, found)]
        found()
        return [key, HIDDEN]
      })
    )
  }
}
