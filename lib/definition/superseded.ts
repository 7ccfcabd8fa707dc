const PLACES = 1024

/**
 * The most time between sending a request and opening its cookie, in ms. A later request was sent by a browser that
 * already had the newer cookie.
 */
const UNDER_WAY = 60_000

/**
 * The values of a cookie that this process replaced or cleared in its last 1024 responses. A request that came with one
 * of them and only reads must not renew it: its response would undo what the other response changed or ended. Other
 * processes do not know these values.
 */
export class Superseded {
  #marks: Float64Array | undefined
  #times: Float64Array | undefined
  #next = 0

  /** Notes a replaced or cleared value. @param now in ms since the epoch */
  note(value: string, now: number): void {
    this.#marks ??= new Float64Array(PLACES)
    this.#times ??= new Float64Array(PLACES)
    this.#marks[this.#next] = markOf(value)
    this.#times[this.#next] = now
    this.#next = (this.#next + 1) % PLACES
  }

  /**
   * Whether a response replaced the value after it was opened, or shortly before. A browser that sends the value much
   * later never got that response, so for this browser the value is the newest.
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

/**
 * Returns a fingerprint of the value's end, which is part of an authentication tag and so as good as random: 42 bits,
 * in a number that holds 53.
 */
function markOf(value: string): number {
  let mark = 0
  for (let at = Math.max(0, value.length - 7); at < value.length; at++) mark = mark * 128 + (value.charCodeAt(at) & 127)
  return mark
}
