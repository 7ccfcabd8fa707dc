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
    const hide = (inner: string, value: unknown) => {
      // Of an array, the keys are numbers that nobody chose.
      if (inner === '' || /^\d+$/.test(inner) || !this.hides(inner)) return value
      isHidden = true
      return HIDDEN
    }
    return { text: JSON.stringify(stored, hide, 2) ?? '', isHidden }
  }
}
