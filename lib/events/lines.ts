import type { SessionEvent, SessionEvents } from '../../types/events.js'
import type { Problem } from '../../types/session.js'

/*
 * Events as lines of the log, each to be read alone: `session cart: 2 changes replayed once on version 7, 1.8 ms (redis)`.
 */

type Words = { readonly [Kind in keyof SessionEvents]: (event: SessionEvents[Kind]) => string }

export function lineOf(event: SessionEvent): string {
  const { session, store, duration } = event as {
    readonly session?: string
    readonly store?: string
    readonly duration?: number
  }
  const what = wordsOf(event)
  const time = duration === undefined ? '' : `, ${duration.toFixed(1)} ms`
  const subject = session === undefined ? 'sessions' : `session ${session}`
  return `${subject}: ${what}${time}${store === undefined ? '' : ` (${store})`}`
}

/** What happened, without of which session, how long it took and where. */
export function wordsOf(event: SessionEvent): string {
  return (WORDS[event.event] as (event: SessionEvent) => string)(event)
}

const WORDS: Words = {
  opened: ({ isNew, problem }) =>
    `opened${isNew ? ', new' : ''}${problem === undefined ? '' : `: ${REASONS[problem]}`}`,
  loaded: ({ version, isStale }) => `loaded${versioned(version)}${isStale ? ', sealed with an older key' : ''}`,
  created: ({ changes, version }) => `created with ${counted(changes)}${versioned(version)}`,
  saved: ({ changes, version }) => `${counted(changes)} saved${versioned(version)}`,
  replayed: ({ changes, times, on }) => `${counted(changes)} replayed ${often(times)}${versioned(on, ' on')}`,
  touched: ({ expires }) => `used, ends ${moment(expires)}`,
  renewed: ({ expires }) => `cookie renewed, ends ${moment(expires)}`,
  regenerated: ({ cut }) => `new id${cut === undefined ? '' : `, the old one is cut off by ${CUTS[cut]}`}`,
  identified: ({ subject, formerSubject }) => `belongs to ${ownerOf(subject, formerSubject)}`,
  destroyed: () => 'destroyed',
  revoked: ({ by }) => (by === 'limit' ? 'ended, its user has as many sessions as may be' : 'revoked'),
  cleared: ({ clearedAt }) => `cleared, all that began until ${moment(clearedAt)}`,
  expired: ({ by, expiredAt }) => `expired ${moment(expiredAt)}, ${LIVES[by]}`,
  refused: ({ problem, during }) =>
    during === 'save' ? 'ended while this request ran: its changes are dropped' : `refused: ${REASONS[problem]}`,
  carried: ({ peer }) => `carried over from ${peer}`,
  evicted: () => 'a record was evicted to make room',
  swept: ({ removed }) => `${removed} expired ${removed === 1 ? 'record' : 'records'} swept`,
  failed: ({ operation, code }) => `the store failed to ${operation}: ${code}`
}

const REASONS: Readonly<Record<Problem, string>> = {
  malformed: 'the cookie is not one of this plugin',
  'too-large': 'the cookie or the record is too large',
  'unknown-key': 'the cookie was sealed with a key that is not in the ring',
  'bad-seal': 'the seal of the cookie is broken',
  expired: 'it has expired',
  cleared: 'all sessions were cleared',
  gone: 'the store has no such record',
  retired: 'its id was replaced, and the grace is over',
  schema: 'what is stored does not fit the schema',
  newer: 'a newer process stored it, it is read-only here',
  store: 'the store failed'
}

const CUTS = { user: 'a sign-in', rights: 'new rights' } as const
const LIVES = { idle: 'not used for longer than idle', absolute: 'older than absolute' } as const

function counted(changes: number): string {
  return changes === 1 ? '1 change' : `${changes} changes`
}

function often(times: number): string {
  if (times > 2) return `${times} times`
  return times === 1 ? 'once' : 'twice'
}

function versioned(version: string | number | undefined, before = ','): string {
  return version === undefined ? '' : `${before} version ${version}`
}

function moment(ms: number): string {
  return new Date(ms).toISOString()
}

function ownerOf(subject: string | undefined, former: string | undefined): string {
  if (subject === undefined) return 'nobody now'
  return former === undefined ? 'a user now' : 'another user now'
}
