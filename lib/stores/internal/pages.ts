/**
 * Returns the first `most` ids that sort after `after`, ordered by character code. It holds at most twice as many ids
 * at a time, however many there are.
 */
export function firstBehind(ids: Iterable<string>, after: string | undefined, most: number): readonly string[] {
  let first: string[] = []
  let bound: string | undefined
  for (const id of ids) {
    if ((after !== undefined && id <= after) || (bound !== undefined && id >= bound)) continue
    first.push(id)
    if (first.length < 2 * most) continue
    first = first.sort().slice(0, most)
    bound = first.at(-1)
  }
  return first.sort().slice(0, most)
}

/** Returns the start of the next page. There is none when this page has fewer ids than were asked for. */
export function nextAfter(ids: readonly string[], limit: number): string | undefined {
  return ids.length < limit ? undefined : ids.at(-1)
}
