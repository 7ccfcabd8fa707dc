import type { FlashRecord, SessionRecord } from './record.js'

/**
 * The kind of messages under which a record keeps the subjects after the first: one message whose name is the first
 * subject, and whose value is the list of the others. A process of an older version, which knows one subject only,
 * keeps messages of kinds that it does not define. If it signs another user in, the first subject given here no longer
 * matches the record's, and the others are ignored.
 */
export const FURTHER_SUBJECTS = '@'

/** The subjects of a record; the user comes first. */
export function subjectsOf({ s, f }: SessionRecord): readonly string[] {
  if (s === undefined) return NOBODY
  const [first, further] = f?.[FURTHER_SUBJECTS] ?? []
  return first === s && Array.isArray(further) ? [s, ...further.filter(isSubject)] : [s]
}

export function hasSubject(record: SessionRecord, subject: string): boolean {
  return record.s === subject || (record.f !== undefined && subjectsOf(record).includes(subject))
}

/** The messages without the further subjects. */
export function withoutSubjects(f: FlashRecord | undefined): FlashRecord | undefined {
  if (f === undefined || !(FURTHER_SUBJECTS in f)) return f
  const { [FURTHER_SUBJECTS]: _, ...messages } = f
  return Object.keys(messages).length > 0 ? messages : undefined
}

/** The messages together with the further subjects. */
export function withSubjects(
  messages: FlashRecord | undefined,
  [first, ...further]: readonly string[]
): FlashRecord | undefined {
  if (first === undefined || further.length === 0) return messages
  // The object has no prototype, since a kind may have the name of a member of every object.
  return Object.assign(Object.create(null), messages, { [FURTHER_SUBJECTS]: [first, further] })
}

export function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((subject, at) => subject === others[at])
}

function isSubject(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

const NOBODY: readonly string[] = Object.freeze([])
