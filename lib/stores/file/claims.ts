import { unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Awaitable } from '../../../types/store.js'
import { andThen, orElse } from '../../util/awaitable.js'
import { link, remove, rename, statOf, tidy } from './disk.js'
import { claimPath, type Place, tempPath } from './layout.js'
import { readHead, type State } from './state.js'
import type { Temp, Temps } from './temps.js'

/**
 * Compare-and-set between processes, any of which may die or stall at any instant, built from link, rename and unlink.
 *
 * Each file has a version that no other file ever has. To replace the state `from` of a record, a writer
 *
 * 1. writes the next state to a temporary file,
 * 2. links that file to the name "claim 0 on `from`", which succeeds for one writer only,
 * 3. reads the record, which must still be `from`,
 * 4. renames the temporary file over the record, and removes the claim.
 *
 * A writer that finds the claim taken waits for the record to change: usually less than a millisecond. If the record
 * does not change, the holder of the claim is dead or stalled. Nobody can tell which, and nobody has to: the waiting
 * writer removes the holder's *temporary file*. From then on step 4 fails for the holder for good, since that file name
 * is never used again. Then claim 1 on `from` is open to all writers, and so on.
 *
 * So at most one of the writers that claim `from` can replace it, provided that no claim on `from` is removed while the
 * record still is `from`: otherwise an early claim would become free again while a later one is in use. That is why a
 * claim is removed only after the record was seen in another state; `from` never comes back. A claim that is given up
 * before that is left in place. It has no effect, because its temporary file is gone.
 */
export interface Claim extends Place {
  /** The version to replace. */
  readonly from: string
  /** Decides whether the state may be replaced. It is called while no other writer can replace the record. */
  readonly fits: (state: State) => boolean
  /** A quicker way to learn the record's state than to open its file, if there is one. */
  readonly look?: (record: string) => State | undefined
}

export type Outcome =
  | 'done'
  /** The record is in another state by now, or `fits` has refused it. */
  | 'lost'
  /** Another writer took this one for dead. Nothing was changed; try again with a new file. */
  | 'void'

/** Replaces the record by a file. The temporary name is gone afterwards, whatever the outcome. */
export function replace(claim: Claim, temp: Temp): Awaitable<Outcome> {
  return withTemp(claim, temp, () => rename(temp.path, claim.record))
}

/** Like `replace`, and keeps the old file of the record for reuse. */
export function exchange(claim: Claim, temp: Temp, temps: Temps): Awaitable<Outcome> {
  const { shard, record } = claim
  return withTemp(claim, temp, (state) => {
    const held = temps.hold(shard, record, state)
    const renamed = rename(temp.path, record)
    if (held && renamed) temps.keep(shard, held)
    else if (held) tidy(held.path)
    return renamed
  })
}

/**
 * Removes a record that has expired, or a live one when the disk has no room for its replacement. The claim is a hard
 * link to the record itself, because it must work on a full disk. The last name of the file is removed off the event
 * loop: only then does the file system free its blocks, which can take long.
 *
 * A removal, unlike a rename, can't be made to fail by another process. So other writers wait far longer for it than it
 * may take, and the remover checks the time right before it unlinks. One case remains: a process stalls for a second
 * between these two calls, while the id, whose record had expired, is created anew.
 */
export function removeEnded(claim: Claim): Awaitable<Outcome> {
  const { record } = claim
  const commit: Commit = (_, since) => performance.now() - since < removalTime && remove(record)
  return claimAndCommit(claim, record, commit, removeLater)
}

/** In milliseconds: how long to wait for a writer, how long a removal may take, and how long to wait for a removal. */
const writerPatience = 100
const removalTime = 100
const removalPatience = 1000

/** Removes claims, once the record was seen in a state other than `from`. */
type Release = (claims: readonly string[]) => Awaitable<void>

/** Performs the change. `since` is when the claim was taken, by `performance.now()`. `false`: it was too late. */
type Commit = (state: State, since: number) => boolean

function withTemp(claim: Claim, temp: Temp, commit: Commit): Awaitable<Outcome> {
  const outcome = orElse(
    () => claimAndCommit(claim, temp.path, commit, removeNow),
    (cause) => {
      tidy(temp.path)
      throw cause
    }
  )
  return andThen(outcome, (outcome) => {
    if (outcome !== 'done') tidy(temp.path)
    return outcome
  })
}

function claimAndCommit(claim: Claim, file: string, commit: Commit, release: Release): Awaitable<Outcome> {
  return andThen(takeClaim(claim, file), (taken) => {
    if (taken === undefined) return 'void'
    const state = claim.look?.(claim.record) ?? readHead(claim.record)
    if (state?.version === claim.from) {
      if (!claim.fits(state)) return 'lost'
      if (!commit(state, taken.since)) return 'void'
    }
    return andThen(release(taken.claims), () => (state?.version === claim.from ? 'done' : 'lost'))
  })
}

interface Taken {
  readonly claims: readonly string[]
  /** By `performance.now()`. */
  readonly since: number
}

/**
 * Waits until the claim is taken or the record has changed. The result is `undefined` if the file to link is gone. It
 * is returned without a promise when there is no rival, which keeps the usual write fast.
 */
function takeClaim(claim: Claim, file: string, passed: readonly string[] = []): Awaitable<Taken | undefined> {
  const since = performance.now()
  const path = claimPath(claim, claim.from, passed.length)
  const claims = [...passed, path]
  const linked = link(file, path)
  if (linked === 'gone') return undefined
  if (linked === 'linked') return { claims, since }
  return outlast(claim, path).then((rival) => {
    if (rival === 'moved') return { claims, since }
    return takeClaim(claim, file, rival === 'void' ? claims : passed)
  })
}

/** Waits until the record has changed, or until it is certain that the holder of the claim will not change it. */
async function outlast(claim: Claim, path: string): Promise<'moved' | 'void' | 'free'> {
  const { record, from } = claim
  const start = performance.now()
  for (let pause = 1; ; pause = Math.min(2 * pause, 16)) {
    const holder = readHead(path)
    const isVoid = holder && makeVoid(claim, holder.version, performance.now() - start)
    if (readHead(record)?.version !== from) return 'moved'
    if (holder === undefined) return 'free'
    if (isVoid) return 'void'
    await sleep(pause)
  }
}

/**
 * Whether the holder of a claim can no longer commit. After a long enough wait this makes sure of it, by removing the
 * holder's file.
 */
function makeVoid({ shard, from }: Claim, holder: string, waited: number): boolean {
  if (holder === from) return waited > removalPatience
  const temp = tempPath(shard, holder)
  if (waited > writerPatience) remove(temp)
  return statOf(temp) === undefined
}

function removeNow(paths: readonly string[]): void {
  for (const path of paths) tidy(path)
}

async function removeLater(paths: readonly string[]): Promise<void> {
  for (const path of paths) await unlink(path).catch(() => {})
}
