/**
 * The stored ids of sessions that `regenerate()` gave a new id, by the new id. `session.id` is the new id at once, but
 * the record keeps the old id until the session is saved. So a caller who passes the new id to `app.sessions`, to keep
 * or to end the session, means the record with the old one. An entry lives as long as the session's object.
 */
const former = new Map<string, string>()
const forgetting = new FinalizationRegistry<string>((id) => former.delete(id))

/** Notes that `to` replaces `from`. @param holder an object that lives as long as the request */
export function rename(holder: object, from: string, to: string): void {
  if (former.has(to)) return
  former.set(to, from)
  forgetting.register(holder, to)
}

/** Returns the id, and before a save also the id under which the record is still stored. */
export function idsOf(id: string): readonly string[] {
  const from = former.get(id)
  return from === undefined ? [id] : [id, from]
}
