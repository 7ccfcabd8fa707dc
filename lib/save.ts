import type { Version, Write, WriteResult } from '../types/store.js'
import { ConflictError } from './errors.js'
import { readSource, successorOf } from './load.js'
import { formatRecord, type SessionRecord } from './record.js'
import type { Entry } from './registry.js'
import { create, type Job, pause, removeAll, touch, update, writeAll } from './rounds.js'
import type { Encoded, Source } from './source.js'
import type { SessionState } from './state.js'
import { backoff, enter, isEntered } from './subjects.js'

/** How long a replaced id is remembered after its grace, so that its use can be told from that of an unknown one. */
const RETIRED_MS = 60 * 60 * 1000

/** How long a destroyed record stays marked, should the process die before it is removed. */
const DESTROYED_MS = 60_000

/** Lost races in a row after which a writer gives up: some 5 s of pauses. */
const MAX_ATTEMPTS = 200

/**
 * What holds all that is stored now: the session itself, unless that came with an id that was replaced. `dropped`: the
 * session was ended elsewhere while this request ran; its changes go with it.
 */
export type Outcome = SessionState | 'dropped'

/** Saves what one request did to one session on a record store. */
export function save(state: SessionState, encoded: Encoded | undefined, now: number): Job<Outcome> {
  const isPlain = encoded !== undefined && state.doomed === undefined && !state.needsIndexing
  return isPlain ? write(state, encoded, now) : saveWithDuties(state, encoded, now)
}

function* saveWithDuties(state: SessionState, encoded: Encoded | undefined, now: number): Job<Outcome> {
  if (state.doomed !== undefined) {
    yield* destroy(state.entry, state.doomed, now)
    state.doomed = undefined
  }
  if (encoded === undefined) return state
  // What `identify()` says meanwhile is for the next save.
  const { id, subject, needsIndexing } = state
  if (needsIndexing) yield* enter(state, now)
  const written = yield* write(state, encoded, now)
  if (written === 'dropped' || !needsIndexing) return written
  // The record was replaced while this request ran, and its successor took the changes.
  if (written.id !== id) yield* enter(written, now)
  if (yield* isEntered(subject as string, written.id as string)) return written
  yield* removeAll([written.id as string])
  return 'dropped'
}

/** Renews the end of a session that was only used. */
export function* renew(state: SessionState, now: number): Job<Outcome> {
  const source = state.source as Source
  const expires = state.expires(now)
  if (!(yield* touch(idOf(source), expires))) return 'dropped'
  state.renew(expires)
  return state
}

function write(state: SessionState, encoded: Encoded, now: number): Job<Outcome> {
  if (state.retiring !== undefined) return replace(state, state.retiring, encoded, now)
  if (state.source !== undefined) return change(state, state.source, encoded, now)
  return insert(state, encoded)
}

function* insert(state: SessionState, encoded: Encoded): Job<Outcome> {
  const id = state.id as string
  const version = yield* create(id, encoded.text, encoded.expires)
  if (version === undefined) throw new Error(`the store has a record under the new id ${id} already`)
  state.settle(sourceOf(state, encoded, id, version))
  return state
}

/** Compare-and-set; most have no rival. */
function* change(state: SessionState, from: Source, encoded: Encoded, now: number): Job<Outcome> {
  const attempt = updateOf(from, encoded)
  // A generator within another is paid again at each step, so not where most requests go.
  if (attempt !== undefined && hasReplaced(state, from, encoded, (yield attempt) as WriteResult)) return state
  return yield* contend(state, from, now)
}

/** Whoever comes second replays his changes on what the first one wrote. */
function* contend(state: SessionState, from: Source, now: number): Job<Outcome> {
  let writer = state
  let own: Source | undefined
  let source = from
  for (let lost = 1; lost < MAX_ATTEMPTS; lost++) {
    yield* pause(backoff(lost - 1))
    const newer = yield* newest(state.entry, source)
    if (newer === undefined) return 'dropped'
    if (writer === state && idOf(newer) !== idOf(source)) {
      // Also after it saved, whoever came with the old id goes on with what that held.
      const { record, ...rest } = state.encode(now) as Encoded
      own = { ...rest, record: { ...record, n: source.record.n ?? [idOf(newer), now] }, kept: source.kept }
      writer = state.deputy()
    }
    writer.rebase(source, newer)
    source = newer
    const next = writer.encode(now) as Encoded
    const attempt = updateOf(source, next)
    if (attempt !== undefined && hasReplaced(writer, source, next, (yield attempt) as WriteResult)) {
      if (own !== undefined) state.settle(own)
      return writer
    }
  }
  throw new ConflictError(MAX_ATTEMPTS)
}

/** What replaces the record that `source` says. One that points to a successor is never replaced. */
function updateOf(source: Source, { text, expires }: Encoded): Write | undefined {
  if (source.record.n !== undefined) return undefined
  return { kind: 'update', id: idOf(source), text, expires, version: versionOf(source) }
}

/** Whether the record was still what `source` says, and is `next` now. */
function hasReplaced(writer: SessionState, source: Source, next: Encoded, version: WriteResult): boolean {
  if (version === undefined) return false
  writer.settle(keptAs(writer.entry, source.kept as Where, next, version as Version))
  return true
}

/** Writes the data under a new id and makes the old record point there. */
function* replace(state: SessionState, old: Source, encoded: Encoded, now: number): Job<Outcome> {
  const id = state.id as string
  const successor: NonNullable<SessionRecord['n']> = [id, now + state.entry.grace]
  let [version, retired] = yield* writeAll([
    { kind: 'create', id, text: encoded.text, expires: encoded.expires },
    retirement(old, successor)
  ])
  if (version === undefined) throw new Error(`the store has a record under the new id ${id} already`)
  let source = old
  let next = encoded
  for (let attempt = 0; retired === undefined && old.record.n === undefined; attempt++) {
    if (attempt === MAX_ATTEMPTS) throw new ConflictError(MAX_ATTEMPTS)
    yield* pause(backoff(attempt))
    const newer = yield* readSource(state.entry, idOf(old))
    if (newer === undefined) {
      yield* removeAll([id])
      return 'dropped'
    }
    // Another request replaced the old id too: both successors stay, and the browser keeps the later one.
    if (newer.record.n !== undefined) break
    state.rebase(source, newer)
    source = newer
    next = state.encode(now) as Encoded
    ;[version, retired] = yield* writeAll([
      { kind: 'update', id, text: next.text, expires: next.expires, version: version as string },
      retirement(source, successor)
    ])
  }
  state.settle(sourceOf(state, next, id, version as string))
  return state
}

function retirement(source: Source, successor: NonNullable<SessionRecord['n']>) {
  const text = formatRecord({ ...(JSON.parse(source.text) as SessionRecord), n: successor })
  const expires = Math.min(source.expires, successor[1] + RETIRED_MS)
  return { kind: 'update', id: idOf(source), text, expires, version: versionOf(source) } as const
}

/**
 * Marks the record by compare-and-set and then removes it: a parallel `regenerate()` either finds the mark, or came
 * first, and then it is its record that ends.
 */
function* destroy(entry: Entry, doomed: Source, now: number): Job<void> {
  let source: Source | undefined = doomed
  for (let attempt = 0; source !== undefined; attempt++) {
    if (attempt === MAX_ATTEMPTS) throw new ConflictError(MAX_ATTEMPTS)
    const mark = formatRecord({ c: source.record.c, x: true })
    const marked = yield* update(idOf(source), mark, now + DESTROYED_MS, versionOf(source))
    if (marked !== undefined) {
      yield* removeAll([idOf(source)])
      source = source.record.n === undefined ? undefined : yield* readSource(entry, source.record.n[0])
    } else {
      yield* pause(backoff(attempt))
      source = yield* readSource(entry, idOf(source))
    }
  }
}

function* newest(entry: Entry, source: Source): Job<Source | undefined> {
  const present = yield* readSource(entry, idOf(source), source.kept?.ticket)
  return present?.record.n === undefined ? present : yield* successorOf(entry, present)
}

function sourceOf(state: SessionState, encoded: Encoded, id: string, version: WriteResult): Source {
  const ticket = { secret: state.secret, id, createdAt: state.createdAt, expires: 0 }
  return keptAs(state.entry, { id, ticket }, encoded, version as string)
}

function keptAs(
  entry: Entry,
  { id, ticket }: Where,
  { text, record, expires, isExact }: Encoded,
  version: Version
): Source {
  if (isExact) entry.storedRecords.learn(id, text, record)
  return { text, record, expires, kept: { id, version, ticket } }
}

type Where = Pick<NonNullable<Source['kept']>, 'id' | 'ticket'>

function idOf(source: Source): string {
  return (source.kept as NonNullable<Source['kept']>).id
}

function versionOf(source: Source): Version {
  return (source.kept as NonNullable<Source['kept']>).version
}
