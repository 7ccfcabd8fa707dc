import type { FastifyBaseLogger } from 'fastify'
import type { ResolvedDefinition } from '../definition/definition.js'
import { olderForms } from '../definition/forms.js'
import { RecordSizeError } from '../errors.js'
import { type FlashRecord, formatRecord, isLonger, type SessionRecord } from '../records/record.js'
import { areSame, subjectsOf, withoutSubjects, withSubjects } from '../records/subjects.js'
import type { Payload } from '../schema/codec.js'
import { isEmpty } from '../schema/json.js'
import { Flashes } from './flashes.js'
import { invalidValue } from './invalid-value.js'
import { endAfter, idleOf, type Persist } from './lifetime.js'
import type { Form, Read } from './migrate.js'
import type { Encoded, Origin } from './origin.js'
import type { PluginValues } from './plugin-values.js'
import { Values } from './values.js'

/**
 * Something that this request set. The wrapper tells it from nothing being set, because the value itself may be
 * `undefined`.
 */
interface Said<T> {
  readonly value: T
}

/** All parts of the content in one object, so that a copy can't miss one. */
interface Parts {
  /** When the session began, in ms since the epoch. */
  readonly createdAt: number
  /** Whether this request counts as use, which moves the stored end. */
  isUse: boolean
  /** The stored record, to which the changes apply; `undefined` for a new session. */
  record: SessionRecord | undefined
  /** When the stored record ends, in ms since the epoch. */
  end: number | undefined
  /** The schema version under which the session will be stored. */
  version: number
  /** The part of the record that stays as it is until a value changes. */
  form: Form | undefined
  values: Values
  /** Created when messages are first used: most requests use none. */
  flashes: Flashes | undefined
  /** Created when another plugin uses the session. */
  pluginValues: PluginValues | undefined
  persist: Said<Persist> | undefined
  /** The subjects that this request set, the user first; an empty array for nobody. */
  subjects: Said<readonly string[]> | undefined
  /** The user to whom the session belonged before this request changed that. */
  subjectBefore: string | undefined
}

/** The content of a session during one request: its values, its messages, its lifetime and its subjects. */
export class Content {
  readonly #definition: ResolvedDefinition
  readonly #log: FastifyBaseLogger
  readonly #parts: Parts

  private constructor(definition: ResolvedDefinition, log: FastifyBaseLogger, parts: Parts) {
    this.#definition = definition
    this.#log = log
    this.#parts = parts
  }

  /** Returns the content of a new session. @param createdAt in ms since the epoch */
  static empty(definition: ResolvedDefinition, log: FastifyBaseLogger, createdAt: number, isUse: boolean): Content {
    const { codec, version } = definition
    return new Content(definition, log, {
      createdAt,
      isUse,
      record: undefined,
      end: undefined,
      version,
      form: undefined,
      values: new Values(codec, { payload: NO_PAYLOAD, data: codec.empty() }),
      flashes: undefined,
      pluginValues: undefined,
      persist: undefined,
      subjects: undefined,
      subjectBefore: undefined
    })
  }

  static of(
    definition: ResolvedDefinition,
    log: FastifyBaseLogger,
    origin: Origin,
    read: Read,
    isUse: boolean
  ): Content {
    const { record, expires } = origin
    return new Content(definition, log, {
      createdAt: record.c,
      isUse,
      record,
      end: expires,
      version: read.version,
      form: read.form,
      values: new Values(definition.codec, read),
      flashes: undefined,
      pluginValues: undefined,
      persist: undefined,
      subjects: undefined,
      subjectBefore: record.s
    })
  }

  get createdAt(): number {
    return this.#parts.createdAt
  }

  get isUse(): boolean {
    return this.#parts.isUse
  }

  set isUse(isUse: boolean) {
    this.#parts.isUse = isUse
  }

  get values(): Values {
    return this.#parts.values
  }

  get flashes(): Flashes {
    const parts = this.#parts
    parts.flashes ??= new Flashes(this.#definition.flashes, withoutSubjects(this.#storedFlashes) ?? {})
    return parts.flashes
  }

  get pluginValues(): PluginValues | undefined {
    return this.#parts.pluginValues
  }

  set pluginValues(values: PluginValues | undefined) {
    this.#parts.pluginValues = values
  }

  get persist(): Persist {
    const { persist, record } = this.#parts
    return persist === undefined ? record?.m : persist.value
  }

  set persist(value: Persist) {
    if (value !== this.persist) this.#parts.persist = { value }
  }

  get subject(): string | undefined {
    const { subjects, record } = this.#parts
    return subjects === undefined ? record?.s : subjects.value[0]
  }

  /** All subjects, the user first. */
  get subjects(): readonly string[] {
    const { subjects, record } = this.#parts
    return subjects === undefined ? subjectsOf(record ?? NO_RECORD) : subjects.value
  }

  set subjects(value: readonly string[]) {
    if (!areSame(value, this.subjects)) this.#parts.subjects = { value }
  }

  get subjectBefore(): string | undefined {
    return this.#parts.subjectBefore
  }

  get isSubjectChanged(): boolean {
    return this.#parts.subjects !== undefined
  }

  get isChanged(): boolean {
    const { persist, subjects, values, flashes, pluginValues } = this.#parts
    if (pluginValues?.noteChanges()) return true
    return persist !== undefined || subjects !== undefined || values.isDirty || flashes?.isDirty === true
  }

  /**
   * How many keys, kinds of messages and other parts were changed. Calling `clear()` on an empty session counts as one
   * change.
   */
  get changeCount(): number {
    const { persist, subjects, values, flashes } = this.#parts
    const others = [persist, subjects].filter((said) => said !== undefined).length + (flashes?.changedKinds ?? 0)
    return Math.max(values.changed.length, values.isCleared ? 1 : 0) + others
  }

  /** Returns when the session ends unless it is used again after this request, in ms since the epoch. */
  expires(now: number): number {
    const { idle, absolute } = this.#definition
    const { createdAt, isUse, persist, end } = this.#parts
    // `persist()` sets a new lifetime, so it may also move the end to earlier.
    const storedEnd = persist === undefined ? end : undefined
    return endAfter(now, { createdAt, isUse, absolute, storedEnd, idle: idleOf(this.persist, idle) })
  }

  /**
   * Returns the record to store. The changes are kept until `markSaved()`, so if the save fails they are part of the
   * next one.
   * @throws FST_SESSIONS_INVALID_VALUE when the schema refuses the values, FST_SESSIONS_RECORD_SIZE when the record is
   * too long
   */
  encode(now: number): Encoded {
    const definition = this.#definition
    const { values, pluginValues } = this.#parts
    pluginValues?.check()
    const payload = values.encode()
    if (payload.issues) throw invalidValue(definition, payload.issues)
    const expires = this.expires(now)
    const { v, o, p } = this.#formOf(payload.value)
    const record: SessionRecord = {
      c: this.createdAt,
      d: definition.isNamed ? definition.name : undefined,
      e: definition.store === undefined ? expires : undefined,
      v,
      o,
      m: this.persist,
      s: this.subject,
      f: this.#encodedFlashes(),
      p
    }
    const text = formatRecord(record, payload.former)
    if (definition.store !== undefined) this.#checkSize(text)
    return { text, record, expires, isExact: payload.isExact && o === undefined }
  }

  /**
   * Takes up the record that another request stored meanwhile, and replays this request's changes on it.
   * @param started what this request started from, read again
   */
  rebase(started: Read, theirs: Read, { record, expires }: Origin): void {
    const parts = this.#parts
    parts.values.rebase(started, theirs, this.#definition.merge)
    parts.flashes?.rebase(withoutSubjects(record.f) ?? {})
    // A user set by another request does not count as a change by this one.
    if (parts.subjects === undefined && record.s !== parts.record?.s) parts.subjectBefore = record.s
    parts.record = record
    parts.end = expires
    parts.version = theirs.version
    parts.form = theirs.form
  }

  /** Returns a copy with the same changes, to replay them on a record that this request must not see. */
  fork(): Content {
    const { values, flashes } = this.#parts
    return new Content(this.#definition, this.#log, {
      ...this.#parts,
      values: values.copy(),
      flashes: flashes?.copy(),
      pluginValues: undefined
    })
  }

  /** Notes that the end of the stored record was moved, and nothing else. */
  renew(end: number): void {
    this.#parts.end = end
  }

  /** Notes that `origin` is stored now. It includes all changes that were present when it was encoded. */
  markSaved(origin: Origin): void {
    const { record, expires } = origin
    const parts = this.#parts
    if (parts.persist?.value === record.m) parts.persist = undefined
    if (parts.subjects && areSame(parts.subjects.value, subjectsOf(record))) parts.subjects = undefined
    parts.record = record
    parts.end = expires
    if (parts.form === undefined || parts.form.p !== record.p) {
      parts.form = undefined
      parts.values.markSaved(origin)
    }
    parts.flashes?.markSaved(withoutSubjects(record.f) ?? {})
  }

  get #storedFlashes(): FlashRecord | undefined {
    return this.#parts.record?.f
  }

  #encodedFlashes(): FlashRecord | undefined {
    const { flashes, subjects } = this.#parts
    if (flashes === undefined && subjects === undefined) return this.#storedFlashes
    const messages = flashes === undefined ? withoutSubjects(this.#storedFlashes) : flashes.encoded()
    return withSubjects(messages, this.subjects)
  }

  /**
   * Returns the parts of the record that depend on the schema's version. What another version reads better than this
   * one stays as it is until a value changes.
   */
  #formOf(payload: Payload): Form {
    const { form, version, values } = this.#parts
    if (form !== undefined && !values.isDirty) return form
    const isOwnVersion = version === this.#definition.version
    const holdsNothing = isEmpty(payload)
    return {
      v: version === 1 ? undefined : version,
      o: isOwnVersion && !holdsNothing ? olderForms(this.#definition, payload, this.#log) : undefined,
      p: holdsNothing ? undefined : payload
    }
  }

  #checkSize(text: string): void {
    const { name, maxBytes } = this.#definition
    if (!isLonger(text, maxBytes)) return
    throw new RecordSizeError(
      name,
      `what is to be stored has ${Buffer.byteLength(text)} bytes, more than its maxBytes of ${maxBytes}: keep less in it, or raise maxBytes as far as its store goes`
    )
  }
}

const NO_PAYLOAD: Payload = Object.freeze({})
const NO_RECORD: SessionRecord = Object.freeze({ c: 0 })
