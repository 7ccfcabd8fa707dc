import type { FastifyBaseLogger } from 'fastify'
import type { CookieOptions, Problem } from '../../types/session.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { olderForms } from '../definition/forms.js'
import { NewerError, RecordSizeError, SchemaError } from '../errors.js'
import {
  type Cut,
  type FlashRecord,
  formatRecord,
  isLonger,
  newSecret,
  parseRecord,
  type SessionRecord,
  storeId,
  type Ticket
} from '../records/record.js'
import type { Payload } from '../schema/codec.js'
import { isEmpty } from '../schema/json.js'
import { Flashes } from './flashes.js'
import { invalidValue } from './invalid-value.js'
import { type Form, readStored } from './migrate.js'
import type { Shown } from './shown.js'
import type { Encoded, Loaded, Source } from './source.js'
import { withoutTicket } from './source.js'
import { Values } from './values.js'

/** One session during one request: what it holds, what the request did to it, and what it goes on from. */
export class SessionState {
  readonly definition: ResolvedDefinition
  readonly log: FastifyBaseLogger
  source: Source | undefined
  /** What is stored, but can't be read here: only `destroy()` may touch it. */
  unread: Source | undefined
  /** What `regenerate()` replaces. */
  retiring: Source | undefined
  /** What `destroy()` ended. */
  doomed: Source | undefined
  /** `destroy()` was called: the browser is to forget the cookie, unless a new session follows. */
  isEnding = false
  /** The cookie has to be written although it is not due. */
  isCookieChanged = false
  problem: Problem | undefined
  cookieOptions: CookieOptions | undefined
  isStale: boolean
  isDetached: boolean
  /** In ms since the epoch; whoever makes the state of a new session says when that began. */
  createdAt = 0
  /** Whether this request counts as use, which moves the end of the session that it found. */
  isUse = true
  /** A save is under way, which goes by what the session was when it began. */
  isSaving = false
  values!: Values
  /** What was handed out as a whole. */
  shown: Shown | undefined
  /** Made when they are first asked for: most requests do not. */
  #flashes: Flashes | undefined
  #persist: number | false | undefined
  #subject: string | undefined
  /** Whose it was before this request said anything of it. */
  #subjectBefore: string | undefined
  #storedFlashes: FlashRecord | undefined
  #isPersistChanged = false
  #isSubjectChanged = false
  #secret: string | undefined
  #version: number
  /** What stays stored until a value changes. */
  #form: Form | undefined
  /** When what is stored ends, in ms since the epoch; `undefined` for a new session. */
  #storedEnd: number | undefined
  #hasNewRights = false
  /** `regenerate()` was called while a save was under way. */
  #isRegenerationDue = false
  /** `destroy()` was called while a save of this one was under way. */
  #former: SessionState | undefined

  constructor(definition: ResolvedDefinition, log: FastifyBaseLogger, loaded: Loaded) {
    this.definition = definition
    this.log = log
    this.problem = loaded.problem
    this.isStale = loaded.isStale ?? false
    this.isDetached = loaded.isDetached ?? false
    this.unread = loaded.unread
    this.#version = definition.version
    if (loaded.source === undefined || !this.#resume(loaded.source)) this.#begin()
  }

  get flashes(): Flashes {
    this.#flashes ??= new Flashes(this.definition.flashes, this.#storedFlashes ?? {})
    return this.#flashes
  }

  get persist(): number | false | undefined {
    return this.#persist
  }

  set persist(persist: number | false | undefined) {
    this.#isPersistChanged ||= persist !== this.#persist
    this.isCookieChanged ||= this.#isPersistChanged
    this.#persist = persist
  }

  get subject(): string | undefined {
    return this.#subject
  }

  set subject(subject: string | undefined) {
    this.#isSubjectChanged ||= subject !== this.#subject
    this.#subject = subject
  }

  /** The record's id in the store; that of a new session is made when it is first asked for. */
  get id(): string | undefined {
    if (this.definition.store === undefined) return undefined
    const stored = this.isReadOnly ? this.unread : this.source
    return stored?.kept?.id ?? storeId(this.secret)
  }

  /** What the cookie carries for a new session. */
  get secret(): string {
    this.#secret ??= newSecret()
    return this.#secret
  }

  /** A newer process stored it: nothing that this one saves may replace that. */
  get isReadOnly(): boolean {
    return this.problem === 'newer' && this.unread !== undefined
  }

  get isDirty(): boolean {
    return this.isEnding || this.retiring !== undefined || this.#isRegenerationDue || this.isChanged
  }

  get isChanged(): boolean {
    return this.#isPersistChanged || this.#isSubjectChanged || this.values.isDirty || this.#flashes?.isDirty === true
  }

  /** Whether the index of the subject has to learn of this session's id. */
  get needsIndexing(): boolean {
    return this.#subject !== undefined && (this.#isSubjectChanged || this.source === undefined)
  }

  /**
   * When it ends if it is used now, or only looked at, and not again. Use moves an end only to later: the clock may have gone back, or that of
   * the server that moved it last may be ahead of this one's. `persist()` says how long it is to be, and so may shorten it.
   */
  expires(now: number): number {
    const idle = typeof this.#persist === 'number' ? this.#persist * 1000 : this.definition.idle
    const stored = this.#isPersistChanged ? undefined : this.#storedEnd
    const end = stored === undefined ? now + idle : this.isUse ? Math.max(now + idle, stored) : stored
    return Math.min(end, this.createdAt + this.definition.absolute)
  }

  /** How long the browser is to keep the cookie, in seconds; `undefined`: until it is closed. */
  cookieAge(now: number): number | undefined {
    const wanted = this.#persist ?? this.definition.cookie.maxAge ?? false
    return wanted === false ? undefined : Math.max(1, Math.min(wanted, Math.ceil((this.expires(now) - now) / 1000)))
  }

  /**
   * What is to be stored; `undefined` for a new session that holds nothing, which is not stored.
   * @throws FST_SESSIONS_INVALID_VALUE, FST_SESSIONS_RECORD_SIZE
   */
  encode(now: number): Encoded | undefined {
    const payload = this.values.encode()
    if (payload.issues) throw invalidValue(this.definition, payload.issues)
    const flashes = this.#flashes === undefined ? this.#storedFlashes : this.flashes.encoded()
    const holdsNothing = isEmpty(payload.value)
    if (this.source === undefined && this.retiring === undefined) {
      if (holdsNothing && flashes === undefined && this.#subject === undefined) return undefined
    }
    const expires = this.expires(now)
    const { v, o, p } = this.#formOf(payload.value, holdsNothing)
    const record: SessionRecord = {
      c: this.createdAt,
      e: this.definition.store === undefined ? expires : undefined,
      v,
      o,
      m: this.#persist,
      s: this.#subject,
      f: flashes,
      p
    }
    const text = formatRecord(record, payload.former)
    if (this.definition.store !== undefined) this.#checkSize(text)
    return { text, record, expires, isExact: payload.isExact && o === undefined }
  }

  /**
   * Goes on from what another request stored meanwhile, with this request's changes replayed on it.
   * @throws FST_SESSIONS_SCHEMA when that does not fit the schema of this process, FST_SESSIONS_NEWER when a newer process
   * stored it
   */
  rebase(from: Source, newer: Source): void {
    const started = readStored(
      this.definition,
      { text: from.text, record: parseRecord(from.text) as SessionRecord },
      this.log
    )
    const theirs = readStored(this.definition, newer, this.log)
    if (theirs === 'newer') throw newerError(this.definition, newer)
    if (typeof started === 'string' || typeof theirs === 'string') {
      throw new SchemaError(
        this.definition.name,
        'what a parallel request stored does not fit the schema of this process'
      )
    }
    this.values.rebase(started, theirs, this.definition.merge)
    this.#storedFlashes = newer.record.f
    this.#flashes?.rebase(this.#storedFlashes ?? {})
    this.#version = theirs.version
    this.#form = theirs.form
    this.#storedEnd = newer.expires
    if (!this.#isPersistChanged) this.#persist = newer.record.m
    if (!this.#isSubjectChanged) this.#learnSubject(newer.record.s)
  }

  /** Another that did the same, to replay it on what this one is not to see. */
  deputy(): SessionState {
    const deputy = new SessionState(this.definition, this.log, {})
    deputy.createdAt = this.createdAt
    deputy.source = this.source
    deputy.values = this.values.copy()
    deputy.#flashes = this.#flashes?.copy()
    deputy.#storedFlashes = this.#storedFlashes
    deputy.#persist = this.#persist
    deputy.#subject = this.#subject
    deputy.#isPersistChanged = this.#isPersistChanged
    deputy.#isSubjectChanged = this.#isSubjectChanged
    deputy.#version = this.#version
    deputy.#form = this.#form
    deputy.#storedEnd = this.#storedEnd
    deputy.isUse = this.isUse
    return deputy
  }

  /** Its end was moved, and nothing else. */
  renew(expires: number): void {
    this.source = { ...(this.source as Source), expires }
    this.#storedEnd = expires
  }

  /** What `source` says is stored now, and holds all changes that were there when it was encoded. */
  settle(source: Source): void {
    this.source = source
    this.retiring = undefined
    this.#hasNewRights = this.#hasNewRights && this.#isRegenerationDue
    this.#isPersistChanged = this.#persist !== source.record.m
    this.#isSubjectChanged = this.#subject !== source.record.s
    this.#storedEnd = source.expires
    this.isStale = false
    if (this.#form !== undefined && this.#form.p === source.record.p) this.values.settleAsRead()
    else this.#settleValues(source)
    this.#storedFlashes = source.record.f
    this.#flashes?.settle(this.#storedFlashes ?? {})
  }

  /** @throws FST_SESSIONS_NEWER */
  refuseChanges(): void {
    if (this.isDirty) throw newerError(this.definition, this.unread as Source)
  }

  /** A new id for the same data. */
  regenerate(hasNewRights: boolean): void {
    this.#hasNewRights ||= hasNewRights
    if (this.isSaving || this.isReadOnly) {
      this.#isRegenerationDue = true
      return
    }
    this.#secret = undefined
    if (this.source === undefined) return
    this.retiring = this.source
    this.source = undefined
  }

  /** Whether a new id with which `next` is stored cuts off the old one, and how. */
  cut({ record }: Encoded): Cut | undefined {
    if (record.s !== this.#subjectBefore) return 'user'
    return this.#hasNewRights ? 'rights' : undefined
  }

  /** Whether this request proved to be the very user whose session `other` is. */
  hasSignedInAs(next: Encoded, { record }: Source): boolean {
    return record.s !== undefined && record.s === next.record.s && this.cut(next) === 'user'
  }

  /** The new id came too late: goes on from the record with the old one. */
  keepId(source: Source): Source {
    this.source = withoutTicket(source)
    this.retiring = undefined
    this.#secret = undefined
    return this.source
  }

  /** Goes on with the session that another request made of the same record, to which `ticket` belongs. */
  join(source: Source, other: Source, ticket: Ticket): Source {
    this.rebase(source, other)
    this.source = { ...other, kept: other.kept && { ...other.kept, ticket } }
    this.retiring = undefined
    this.#secret = undefined
    return this.source
  }

  /** The record ends, and what comes now is a new session. */
  destroy(createdAt: number): void {
    if (this.isReadOnly) this.#isRegenerationDue = false
    this.doomed ??= this.source ?? this.retiring ?? this.unread
    this.unread = undefined
    this.isEnding ||= this.doomed !== undefined || this.problem !== undefined
    this.source = undefined
    this.retiring = undefined
    this.createdAt = createdAt
    this.#begin()
  }

  /** The new session that comes after `destroy()` while a save of this one is under way. */
  succeed(createdAt: number): SessionState {
    const successor = new SessionState(this.definition, this.log, { isDetached: this.isDetached })
    successor.createdAt = createdAt
    successor.problem = this.problem
    successor.cookieOptions = this.cookieOptions
    successor.isEnding = true
    successor.#former = this
    return successor
  }

  /** What such a save left is what is to be ended. */
  learnWhatIsEnded(): void {
    const former = this.#former
    this.#former = undefined
    this.doomed ??= former?.doomed ?? former?.source ?? former?.retiring
  }

  endSaving(): void {
    this.isSaving = false
    if (!this.#isRegenerationDue) return
    this.#isRegenerationDue = false
    this.regenerate(this.#hasNewRights)
  }

  /** What another request said meanwhile is no word of this one. */
  #learnSubject(subject: string | undefined): void {
    if (subject === this.#subject) return
    this.#subject = subject
    this.#subjectBefore = subject
  }

  /** What another version can read better than this one stays as it is until a value changes. */
  #formOf(payload: Payload, holdsNothing: boolean): Form {
    if (this.#form !== undefined && !this.values.isDirty) return this.#form
    const { definition } = this
    const isOwn = this.#version === definition.version
    return {
      v: this.#version === 1 ? undefined : this.#version,
      o: isOwn && !holdsNothing ? olderForms(definition, payload, this.log) : undefined,
      p: holdsNothing ? undefined : payload
    }
  }

  #settleValues(source: Source): void {
    this.#form = undefined
    this.values.settle(source)
  }

  #checkSize(text: string): void {
    const { name, maxBytes } = this.definition
    if (!isLonger(text, maxBytes)) return
    throw new RecordSizeError(
      name,
      `what is to be stored has ${Buffer.byteLength(text)} bytes, more than its maxBytes of ${maxBytes}: keep less in it, or raise maxBytes as far as its store goes`
    )
  }

  #begin(): void {
    this.#secret = undefined
    this.#persist = undefined
    this.#subject = undefined
    this.#subjectBefore = undefined
    this.#hasNewRights = false
    this.#isPersistChanged = false
    this.#isSubjectChanged = false
    this.#version = this.definition.version
    this.#form = undefined
    this.#storedEnd = undefined
    this.values = new Values(this.definition.codec, { payload: NOTHING, data: this.definition.codec.empty() })
    this.#flashes = undefined
    this.#storedFlashes = undefined
  }

  #resume(source: Source): boolean {
    const read = readStored(this.definition, source, this.log)
    if (typeof read === 'string') {
      this.problem = read
      this.unread = source
      this.createdAt = source.record.c
      return false
    }
    this.source = source
    this.createdAt = source.record.c
    this.#persist = source.record.m
    this.#subject = source.record.s
    this.#subjectBefore = source.record.s
    this.#version = read.version
    this.#form = read.form
    this.#storedEnd = source.expires
    this.values = new Values(this.definition.codec, read)
    this.#storedFlashes = source.record.f
    return true
  }
}

function newerError({ name, version }: ResolvedDefinition, { record }: Source): Error {
  return new NewerError(
    name,
    `version ${record.v} of it is stored, and this process, of version ${version}, would replace what it can't read: nothing was saved; finish the deploy, or give the step of migrate a down`
  )
}

const NOTHING: Payload = Object.freeze({})
