import type { HistoryEntry, Why } from '../../types/history.js'
import { isAbout, isUnknown } from './entries.js'
import { sentence } from './words.js'

/** What is stored of what was asked for. */
export interface Present {
  /** `undefined`: the store could not be asked. */
  readonly isAlive: boolean | undefined
  /** How long a session of a name lives unused, in ms. */
  idleOf(session: string | undefined): number | undefined
}

/** Says what ended a session, by what was noted of it and by what is stored now. */
export function explain(asked: string, all: readonly HistoryEntry[], present: Present): Why {
  const newest = all.toReversed().toSorted((one, other) => other.at - one.at) // of one millisecond, the last one first
  const related = idsOf(asked, newest)
  const entries = newest.filter((entry) => isAbout(entry, related) || entry.event === 'cleared')
  const unknown = newest.filter(isUnknown)
  const { isAlive } = present
  return { asked, isAlive, reason: reasonOf(asked, entries, unknown, present), entries, unknown }
}

/** The id or user itself, and for a user the ids of the sessions that are known to be, or to have been, the user's. */
function idsOf(asked: string, entries: readonly HistoryEntry[]): ReadonlySet<string | undefined> {
  const ids = entries.flatMap(({ id, formerId, subject, formerSubject }) =>
    subject === asked || formerSubject === asked ? [id, formerId] : []
  )
  return new Set([asked, ...ids])
}

function reasonOf(
  asked: string,
  entries: readonly HistoryEntry[],
  unknown: readonly HistoryEntry[],
  present: Present
): string {
  const decisive = lastEnding(asked, entries, present)
  if (decisive !== undefined) return `${capital(sentence(decisive))}.${present.isAlive ? OTHER_LIVES : ''}`
  if (present.isAlive === true) return `It lives: nothing here ended it.${suspicion(unknown)}`
  const missed = entries.find(({ problem }) => problem === 'gone')
  const state = present.isAlive === undefined ? 'Its store could not be asked' : 'There is no record of it'
  return `${state}, and nothing here ended it${missed ? `: ${guess(missed, present)}` : ''}.${suspicion(unknown)}`
}

const OTHER_LIVES = ' A session of that id, or of that user, lives now.'

/** What ended it: the newest event that does, as later ones only find that it has ended. */
function lastEnding(asked: string, entries: readonly HistoryEntry[], { isAlive }: Present): HistoryEntry | undefined {
  const ends = entries.filter((entry) => isEnd(entry, asked))
  const [own] = ends.filter(({ event }) => event !== 'refused' && event !== 'expired' && event !== 'cleared')
  if (own !== undefined) return own
  if (isAlive === true) return ends.find(({ event }) => event === 'refused')
  return ends.find(({ event }) => event !== 'cleared') ?? ends.find((each) => !isLater(entries, each))
}

/** Whether the session began after all were cleared. */
function isLater(entries: readonly HistoryEntry[], { at }: HistoryEntry): boolean {
  return entries.some(({ createdAt }) => createdAt !== undefined && createdAt > at)
}

function isEnd(
  { event, problem, during, formerId, cut, subject, formerSubject }: HistoryEntry,
  asked: string
): boolean {
  switch (event) {
    case 'regenerated':
      return formerId === asked && cut !== undefined
    case 'identified':
      return formerSubject === asked && subject !== asked
    case 'refused':
      return during === 'load' && problem !== 'gone'
    default:
      return true
  }
}

/** Engines evict without a word, and forget what has expired: of both only the age of the session can tell something. */
function guess({ createdAt, at, session }: HistoryEntry, { idleOf }: Present): string {
  const idle = idleOf(session)
  if (createdAt !== undefined && idle !== undefined && at < createdAt + idle) {
    return 'it was too young to have expired unused, so its store dropped it (evicted, flushed or restarted), or another program removed it'
  }
  return 'it was not used for longer than idle, or its store dropped it (evicted, flushed or restarted)'
}

function suspicion(unknown: readonly HistoryEntry[]): string {
  const [last] = unknown
  return last === undefined ? '' : ` Of cookies that do not tell whose they are, the last: ${sentence(last)}.`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
