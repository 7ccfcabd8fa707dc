/** Puts the item into the list that it gives. A `push` to an empty array takes room for 17 at once, in every request. */
export function append<Item>(list: Item[], item: Item): Item[] {
  if (list.length === 0) return [item]
  list.push(item)
  return list
}
