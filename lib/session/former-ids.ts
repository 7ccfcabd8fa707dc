/**
 * `regenerate()` gives a session another id at once, while its record keeps the old one until it is saved. Who names such
 * a session by its id, to keep or to end it, means that record. Remembered for as long as the session's object lives.
 */
const former = new Map<string, string>()
const forgetting = new FinalizationRegistry<string>((id) => former.delete(id))

/** @param holder what lives as long as the request does */
export function rename(holder: object, from: string, to: string): void {
  if (former.has(to)) return
  former.set(to, from)
  forgetting.register(holder, to)
}

/** The id, and before a save the id under which the record is still kept. */
export function idsOf(id: string): readonly string[] {
  const from = former.get(id)
  return from === undefined ? [id] : [id, from]
}
