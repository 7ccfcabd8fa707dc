/** The first ids behind `after`, in the order of their characters. No more than twice as many are held at a time. */
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

/** Where the page behind these ids begins: nowhere, where there were fewer than were asked for. */
export function nextAfter(ids: readonly string[], limit: number): string | undefined {
  return ids.length < limit ? undefined : ids.at(-1)
}
