import type { FlashRecord, SessionRecord } from './record.js'

/**
 * The kind of messages under which a record keeps the subjects behind the first: as the name of one message the first, and
 * as the message the others. A process that knows of one subject alone keeps messages of kinds that it does not define; and
 * where it names another subject, the first that stands here is not that one, so that the others count for nothing.
 */
export const FURTHER_SUBJECTS = '@'

/** Whose session a record is: the user first. */
export function subjectsOf({ s, f }: SessionRecord): readonly string[] {
  if (s === undefined) return NOBODY
  const [first, further] = f?.[FURTHER_SUBJECTS] ?? []
  return first === s && Array.isArray(further) ? [s, ...further.filter(isSubject)] : [s]
}

export function hasSubject(record: SessionRecord, subject: string): boolean {
  return record.s === subject || (record.f !== undefined && subjectsOf(record).includes(subject))
}

/** The messages alone. */
export function withoutSubjects(f: FlashRecord | undefined): FlashRecord | undefined {
  if (f === undefined || !(FURTHER_SUBJECTS in f)) return f
  const { [FURTHER_SUBJECTS]: _, ...messages } = f
  return Object.keys(messages).length > 0 ? messages : undefined
}

/** The messages, and the subjects behind the first. */
export function withSubjects(
  messages: FlashRecord | undefined,
  [first, ...further]: readonly string[]
): FlashRecord | undefined {
  if (first === undefined || further.length === 0) return messages
  // Without a prototype, since a kind may be named like a member of every object.
  return Object.assign(Object.create(null), messages, { [FURTHER_SUBJECTS]: [first, further] })
}

export function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((subject, at) => subject === others[at])
}

function isSubject(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

const NOBODY: readonly string[] = Object.freeze([])
