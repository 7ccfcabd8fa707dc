import { unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Awaitable } from '../../../types/store.js'
import { andThen, orElse } from '../../util/awaitable.js'
import { link, remove, rename, statOf, tidy } from './disk.js'
import { claimPath, type Place, tempPath } from './layout.js'
import { readHead, type State } from './state.js'
import type { Temp, Temps } from './temps.js'

/**
 * Compare-and-set between processes, any of which may die or stall at any instant, out of link, rename and unlink.
 *
 * Each file has a version that no other ever has. Who wants to replace state `from` of a record
 *
 * 1. writes the next state to a temporary file,
 * 2. links that to the name "claim 0 on `from`", which works for one writer only,
 * 3. reads the record: it must still be `from`,
 * 4. renames the temporary file over the record, and removes the claim.
 *
 * Whoever finds the claim taken waits for the record to move on: usually less than a millisecond. If it does not, the
 * holder is dead or stalled. Nobody can tell which, and nobody has to: who waited removes the holder's *temporary file*.
 * Now step 4 fails for the holder, for ever, since that name is never used again. Then claim 1 is open to all, and so on.
 *
 * So of all who claim `from` one at most can replace it, as long as no claim on `from` is removed while the record is
 * `from`: else an early claim would be free again while a later one is in use. Claims are therefore removed only after
 * the record was seen to be something else, and `from` never comes back. A claim that is given up before that stays,
 * void, because its temporary file is gone.
 */
export interface Claim extends Place {
  /** The version to replace. */
  readonly from: string
  /** Asked when nobody else can replace the record. */
  readonly fits: (state: State) => boolean
  /** A quicker way to see the record's state than to open its file, if there is one. */
  readonly look?: (record: string) => State | undefined
}

export type Outcome =
  | 'done'
  /** The record has moved on, or does not fit. */
  | 'lost'
  /** Someone took this writer for dead. Nothing was changed; try again, with a new file. */
  | 'void'

/** Puts a file in the place of the record. It has no other name afterwards, whatever the outcome. */
export function replace(claim: Claim, temp: Temp): Awaitable<Outcome> {
  return withTemp(claim, temp, () => rename(temp.path, claim.record))
}

/** `replace`, and keeps the file that was the record for another use. */
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
 * Removes a record that has ended, or one that lives if there is no room to replace it. The claim is a link to the
 * record itself: it must work on a full disk. The last name of the file goes off the event loop: only then does the
 * file system free what it held, and that can take long.
 *
 * A removal, unlike a rename, can't be made to fail from outside. So others wait far longer for it than it may take,
 * and it looks at the clock right before. That leaves one case: a process that stalls for a second between these
 * two calls, while the id, which had ended, is created anew.
 */
export function removeEnded(claim: Claim): Awaitable<Outcome> {
  const { record } = claim
  const commit: Commit = (_, since) => performance.now() - since < removalTime && remove(record)
  return claimAndCommit(claim, record, commit, removeLater)
}

/** In milliseconds. How long to wait for a writer, how long a removal may take, and how long to wait for it. */
const writerPatience = 100
const removalTime = 100
const removalPatience = 1000

/** Removes claims, after the record was seen not to be `from`. */
type Release = (claims: readonly string[]) => Awaitable<void>

/** Given the state to end and when (by `performance.now()`) it was claimed. `false`: it was too late. */
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
 * Answers when the claim is taken, or the record has moved on, with `undefined` if the file to link is gone. Where there
 * is no rival nobody waits: that takes a fifth off a write.
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

/** Waits until the record has moved on, or until it is certain that the holder of the claim will not move it. */
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

/** Whether the holder of a claim can't commit any more. If it was waited for long enough, it can't from now on. */
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
