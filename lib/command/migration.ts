import type { ResolvedDefinition } from '../definition/definition.js'
import type { Carried } from './carry.js'
import { colored, counted, fit, printable } from './output.js'

/** How many reasons of a session are told apart: those that quote a value could be as many as there are records. */
const MOST_REASONS = 20

/** What became of the records of a session. */
export interface Tally {
  readonly session: string
  readonly store: string
  /** The version that they are carried to. */
  readonly version: number
  migrated: number
  /** Of the migrated, those of which processes of the version before have no form. */
  notForOlder: number
  current: number
  gone: number
  /** How many were left as they are, by the reason. */
  readonly left: Record<string, number>
}

export interface Migration {
  readonly dryRun: boolean
  readonly sessions: readonly Tally[]
  /** Records that do not tell of which session they are, or of one that the options do not have. */
  readonly unknown: number
  /** For `--from`; `undefined` where all is done. */
  readonly next: string | undefined
}

export function tallyOf({ name: session, events: { store }, version }: ResolvedDefinition): Tally {
  return { session, store, version, migrated: 0, notForOlder: 0, current: 0, gone: 0, left: {} }
}

export function count(tally: Tally, carried: Carried): void {
  if (carried.is === 'left') countLeft(tally.left, carried.reason)
  else tally[carried.is]++
  if (carried.is === 'migrated' && !carried.isForOlder) tally.notForOlder++
}

function countLeft(left: Record<string, number>, reason: string): void {
  const isRoom = Object.hasOwn(left, reason) || Object.keys(left).length < MOST_REASONS
  const key = isRoom ? reason : 'other reasons'
  left[key] = (left[key] ?? 0) + 1
}

export function isAnyLeft({ sessions }: Migration): boolean {
  return sessions.some(({ left }) => Object.keys(left).length > 0)
}

/** What a person is told. */
export function lines({ dryRun, sessions, unknown }: Migration): readonly string[] {
  if (sessions.length === 0) return ['nothing to do: no session of a record store has a version above 1']
  const others =
    unknown === 0 ? [] : ['', `${counted(unknown)} records tell of no session of the options: not looked at`]
  return [...sessions.flatMap((tally, at) => [...(at > 0 ? [''] : []), ...linesOf(tally, dryRun)]), ...others]
}

function linesOf({ session, store, version, left, ...counts }: Tally, isDryRun: boolean): readonly string[] {
  const { migrated, notForOlder, current, gone } = counts
  const reasons = Object.entries(left).sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
  const leftCount = reasons.reduce((sum, [, number]) => sum + number, 0)
  return [
    `${colored(process.stdout, 'bold', session)} in ${store}, version ${version}${isDryRun ? ', dry run: nothing is written' : ''}`,
    row(isDryRun ? 'to be migrated' : 'migrated', migrated, 'green'),
    ...(notForOlder > 0
      ? [row('  without way back', notForOlder, 'yellow', `its step has no down to version ${version - 1}`)]
      : []),
    row('already current', current),
    ...(gone > 0 ? [row('no longer there', gone)] : []),
    ...(leftCount > 0 ? [row(isDryRun ? 'would be left' : 'left as it was', leftCount, 'red')] : []),
    ...reasons.map(([reason, number]) => ofReason(reason, number))
  ]
}

function ofReason(reason: string, number: number): string {
  return fit(process.stdout, `${counted(number).padStart(8)} × ${printable(reason)}`, ' '.repeat(11))
}

function row(label: string, number: number, color?: 'green' | 'red' | 'yellow', note?: string): string {
  const told = counted(number).padStart(10)
  const shown = color === undefined || number === 0 ? told : colored(process.stdout, color, told)
  return `  ${label.padEnd(18)}${shown}${note === undefined ? '' : `  ${colored(process.stdout, 'dim', note)}`}`
}
