const PLACES = 1024

/** How long a request may be under way before it opens its cookie, in ms: later ones were sent by a browser that knew. */
const UNDER_WAY = 60_000

/**
 * Which values of a cookie this process replaced or cleared in its last 1024 answers. A request that came with one of
 * them and has only read must not renew it: its answer would bring back what the other one changed or ended. Other
 * processes do not know.
 */
export class Superseded {
  #marks: Float64Array | undefined
  #times: Float64Array | undefined
  #next = 0

  /** @param now in ms since the epoch */
  note(value: string, now: number): void {
    this.#marks ??= new Float64Array(PLACES)
    this.#times ??= new Float64Array(PLACES)
    this.#marks[this.#next] = markOf(value)
    this.#times[this.#next] = now
    this.#next = (this.#next + 1) % PLACES
  }

  /**
   * Whether an answer superseded the value after it was opened, or shortly before. Whoever comes with it much later never
   * got that answer, so that for him the value is the newest.
   * @param openedAt in ms since the epoch
   */
  has(value: string, openedAt: number): boolean {
    if (this.#marks === undefined) return false
    const mark = markOf(value)
    let at = this.#marks.indexOf(mark)
    while (at !== -1 && this.#timeAt(at) < openedAt - UNDER_WAY) at = this.#marks.indexOf(mark, at + 1)
    return at !== -1
  }

  #timeAt(place: number): number {
    return this.#times?.[place] ?? 0
  }
}

/** Of the end of the value, which is that of a tag and so as good as random: 42 bits, in a number that holds 53. */
function markOf(value: string): number {
  let mark = 0
  for (let at = Math.max(0, value.length - 7); at < value.length; at++) mark = mark * 128 + (value.charCodeAt(at) & 127)
  return mark
}
