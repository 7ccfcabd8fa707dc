import type { ResolvedDefinition } from '../definition/definition.js'
import { type Count, type KeyUse, NONE } from './key-use.js'

/** What is to be done with an older key. Where it is to be kept, `until` is when the last that it opens ends, if not used again. */
export type Verdict =
  | { readonly is: 'safe to drop' }
  | { readonly is: 'keep'; readonly until: Date }
  | { readonly is: 'not known'; readonly reason: string }

/** What the app's older keys may still open of one session. */
export interface SessionUse {
  readonly session: string
  readonly store: string
  /** How many live ones were counted; `undefined` where that can't be. */
  readonly live: number | undefined
  /** Those of them that nobody has used since the present key seals. */
  readonly unused: number | undefined
  /** When the last of the unused ones ends, or else the last cookie of before. */
  readonly ends: Date | undefined
  /** The same for cookies that were not made to last longer by `persist()`. */
  readonly mostEnd: Date | undefined
  readonly verdict: Verdict
}

export interface KeyOfApp {
  readonly key: string
  readonly is: 'seals' | 'older'
  /** How many ids that were replaced a moment ago lead to the new one by this key. */
  readonly replaced: number
}

export interface KeyOfStore {
  readonly key: string
  readonly is: 'seals' | 'older' | 'missing'
  readonly records: number
  readonly ends: Date | undefined
  /** Of an older key. */
  readonly verdict: Verdict | undefined
}

export interface StoreKeys {
  readonly store: string
  readonly isCounted: boolean
  readonly keys: readonly KeyOfStore[]
  /** Records that are not sealed, in a store that seals. */
  readonly unsealed: number
}

export interface Rotation {
  /** When the present key began to seal, as it was told. */
  readonly since: Date | undefined
  readonly keys: readonly KeyOfApp[]
  readonly sessions: readonly SessionUse[]
  /** Of the app's older keys; `undefined` where there is none. */
  readonly verdict: Verdict | undefined
  readonly stores: readonly StoreKeys[]
  /** For `--from`; `undefined` where all is counted. */
  readonly next: string | undefined
}

/** What verdicts go by. */
export interface Judged {
  readonly found: KeyUse
  readonly now: number
  readonly since: number | undefined
  /** Whether all records were counted. */
  readonly isWhole: boolean
}

const SAFE: Verdict = { is: 'safe to drop' }
const UNFINISHED: Verdict = { is: 'not known', reason: 'not all is counted yet' }
const NO_DATE: Verdict = { is: 'not known', reason: 'tell with --since when the first key became the first everywhere' }

/** @param canCount whether the records of its store can be gone through */
export function useOf(definition: ResolvedDefinition, store: string, canCount: boolean, judged: Judged): SessionUse {
  const { name: session, absolute, idle } = definition
  const { found, since } = judged
  const unused = found.unused[session] ?? NONE
  const live = canCount ? (found.live[session] ?? NONE).count : undefined
  if (since === undefined) {
    return { session, store, live, unused: undefined, ends: undefined, mostEnd: undefined, verdict: NO_DATE }
  }
  const latest = since + absolute
  const ends = canCount ? Math.min(latest, unused.ends) : latest
  return {
    session,
    store,
    live,
    unused: canCount ? unused.count : undefined,
    ends: dateOf(ends),
    mostEnd: canCount ? undefined : new Date(Math.min(latest, since + idle)),
    verdict: verdictOn(ends, canCount, judged)
  }
}

function verdictOn(ends: number, isCounted: boolean, { now, isWhole }: Judged): Verdict {
  if (ends > now) return { is: 'keep', until: new Date(ends) }
  return isCounted && !isWhole ? UNFINISHED : SAFE
}

/** The one that asks for the most. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  const keeping = verdicts.flatMap((verdict) => (verdict.is === 'keep' ? [verdict.until.getTime()] : []))
  const unknown = verdicts.find(({ is }) => is === 'not known')
  if (unknown !== undefined && keeping.length === 0) return unknown
  return keeping.length > 0 ? { is: 'keep', until: new Date(Math.max(...keeping)) } : SAFE
}

/** @param keyIds of the store: the first seals */
export function keysOfStore(store: string, keyIds: readonly string[], isCounted: boolean, judged: Judged): StoreKeys {
  const { '': unsealed = NONE, ...sealed } = judged.found.sealed[store] ?? {}
  const missing = Object.keys(sealed).filter((key) => !keyIds.includes(key))
  const keys = [...keyIds, ...missing].map((key, at): KeyOfStore => {
    const { count: records, ends } = sealed[key] ?? NONE
    const is = at === 0 ? 'seals' : at < keyIds.length ? 'older' : 'missing'
    const verdict = is === 'older' ? verdictOnKey(sealed[key] ?? NONE, isCounted, judged) : undefined
    return { key, is, records, ends: dateOf(ends), verdict }
  })
  return { store, isCounted, keys, unsealed: unsealed.count }
}

function verdictOnKey({ count, ends }: Count, isCounted: boolean, { isWhole }: Judged): Verdict {
  if (!isCounted) return { is: 'not known', reason: 'its engine has no way to go through all records' }
  if (count > 0) return { is: 'keep', until: new Date(ends) }
  return isWhole ? SAFE : UNFINISHED
}

/** Whether a key can't be dropped yet, or is missing. */
export function isAnyInUse({ verdict, stores }: Rotation): boolean {
  const ofStores = stores.flatMap(({ keys }) => keys)
  const verdicts = [verdict, ...ofStores.map((key) => key.verdict)]
  if (ofStores.some(({ is }) => is === 'missing') || stores.some(({ unsealed }) => unsealed > 0)) return true
  return verdicts.some((each) => each !== undefined && each.is !== 'safe to drop')
}

function dateOf(ms: number): Date | undefined {
  return ms === 0 ? undefined : new Date(ms)
}
