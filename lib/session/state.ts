import type { FastifyBaseLogger } from 'fastify'
import type { CookieOptions } from '../../types/session.js'
import type { Version } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { NewerError, SchemaError } from '../errors.js'
import { parseRecord, type SessionRecord } from '../records/record.js'
import type { Ticket } from '../records/ticket.js'
import { Content } from './content.js'
import { readStored } from './migrate.js'
import { type Arrival, type Encoded, type Loaded, type Origin, versionOf, withTicket } from './origin.js'
import type { Shown } from './shown.js'
import { Standing } from './standing.js'

/** The conditions under which a session may begin in this request. */
export interface Beginning {
  /** When it begins, in ms since the epoch. Not read if the session is based on a record. */
  readonly at: number
  /** Whether this request counts as use. */
  readonly isUse: boolean
  /** When all sessions were last cleared, in ms since the epoch. */
  readonly clearedAt: number
}

/** One session during one request: its content, and its relation to the stored record. */
export class SessionState extends Standing {
  readonly log: FastifyBaseLogger
  /** Sessions that were created until then have ended; in ms since the epoch. */
  readonly clearedAt: number
  /** Whether the store failed and the request goes on without it. Nothing is saved then. */
  readonly isDetached: boolean
  #content: Content
  #isCookieChanged = false
  #isStale: boolean
  #hasNewRights = false
  /** Whether a save is under way, which uses the session's state at the time when it began. */
  #isSaving = false
  /** Whether `regenerate()` was called while a save was under way, and has to be done after it. */
  #isRegenerationDue = false
  #replays = 0
  #replayedOn: Version | undefined
  /** The cookie attributes that this request changed. */
  cookieOptions: CookieOptions | undefined
  arrival: Arrival | undefined
  /** The object that `session.data` last returned. */
  shown: Shown | undefined

  constructor(definition: ResolvedDefinition, log: FastifyBaseLogger, loaded: Loaded, begins: Beginning) {
    const { isUse } = begins
    const { origin, unread, problem, isStale = false, isDetached = false, arrival } = loaded
    super(definition, problem)
    this.log = log
    this.clearedAt = begins.clearedAt
    this.isDetached = isDetached
    const read = origin && readStored(definition, origin, log)
    if (origin !== undefined && typeof read === 'object') {
      this.#content = Content.of(definition, log, origin, read, isUse)
      this.#isStale = isStale
      this.arrival = arrival
      this.goOn(origin)
      return
    }
    // A session of another plugin that does not fit the schema is left as it was.
    this.#isStale = isStale && arrival === undefined
    this.beginAnew(
      arrival?.isStored === false ? undefined : (origin ?? unread),
      typeof read === 'string' ? read : problem
    )
    this.#content = Content.empty(definition, log, this.isReadOnly ? (origin as Origin).record.c : begins.at, isUse)
  }

  /** Whether the cookie was sealed with an older key, so that it has to be written although it is not due. */
  get isStale(): boolean {
    return this.#isStale
  }

  get isSaving(): boolean {
    return this.#isSaving
  }

  get content(): Content {
    return this.#content
  }

  /** Whether the cookie's lifetime was changed, so that it has to be written although it is not due. */
  get isCookieChanged(): boolean {
    return this.#isCookieChanged
  }

  /** Whether `regenerate()` was called with `newRights: true`. */
  get hasNewRights(): boolean {
    return this.#hasNewRights
  }

  get isDirty(): boolean {
    return this.clearsCookie || this.replaced !== undefined || this.#isRegenerationDue || this.isChanged
  }

  get isChanged(): boolean {
    return this.#content.isChanged
  }

  /** Whether this session's id has to be entered in its subjects' indexes. */
  get needsIndexing(): boolean {
    const { subject, isSubjectChanged } = this.#content
    return subject !== undefined && (isSubjectChanged || this.origin === undefined)
  }

  /**
   * Returns the record to store; `undefined` for a new session that holds nothing, which is not stored.
   * @throws FST_SESSIONS_INVALID_VALUE, FST_SESSIONS_RECORD_SIZE
   */
  encode(now: number): Encoded | undefined {
    const encoded = this.#content.encode(now)
    const { p, f, s } = encoded.record
    const holdsNothing = p === undefined && f === undefined && s === undefined
    return this.isNew && holdsNothing ? undefined : encoded
  }

  /**
   * Takes up the record that another request stored meanwhile, and replays this request's changes on it.
   * @throws FST_SESSIONS_SCHEMA when that record does not fit the schema of this process, FST_SESSIONS_NEWER when a
   * newer process stored it
   */
  rebase({ text }: Origin, newer: Origin): void {
    const { definition, log } = this
    const started = readStored(definition, { text, record: parseRecord(text) as SessionRecord }, log)
    const theirs = readStored(definition, newer, log)
    if (theirs === 'newer') throw newerError(definition, newer)
    if (typeof started === 'string' || typeof theirs === 'string') {
      throw new SchemaError(definition.name, 'what a parallel request stored does not fit the schema of this process')
    }
    this.#content.rebase(started, theirs, newer)
    this.#replays++
    this.#replayedOn = versionOf(newer)
  }

  /** How often its changes were replayed on a record of another request. */
  get replays(): number {
    return this.#replays
  }

  /** The version of the record on which they were last replayed. */
  get replayedOn(): Version | undefined {
    return this.#replayedOn
  }

  /** Returns another session with the same changes, to replay them on a record that this session must not see. */
  fork(): SessionState {
    const { createdAt: at, isUse } = this.#content
    const begins = { at, isUse, clearedAt: this.clearedAt }
    const fork = new SessionState(this.definition, this.log, {}, begins)
    fork.#content = this.#content.fork()
    fork.#replays = this.#replays
    fork.goOn(this.origin)
    return fork
  }

  /** Refuses changes to a read-only session. @throws FST_SESSIONS_NEWER when there are any */
  refuseChanges(): void {
    if (this.isDirty) throw newerError(this.definition, this.unread as Origin)
  }

  /** Sets "remember me": seconds, or `false` for a cookie that ends with the browser. */
  persist(age: number | false): void {
    this.#isCookieChanged ||= age !== this.#content.persist
    this.#content.persist = age
  }

  /** Gives the session a new id and keeps its data. During a save, this is done after the save. */
  regenerate(hasNewRights: boolean): void {
    this.#hasNewRights ||= hasNewRights
    if (this.#isSaving || this.isReadOnly) {
      this.#isRegenerationDue = true
      return
    }
    this.changeId()
  }

  /** Joins the session into which another request turned the same record. `ticket` belongs to that session. */
  join(origin: Origin, other: Origin, ticket: Ticket): Origin {
    this.rebase(origin, other)
    return this.goOnAs(withTicket(other, ticket))
  }

  /** Ends the session. What is set after this belongs to a new session. */
  destroy(at: number): void {
    this.#isRegenerationDue = false
    this.end()
    this.#content = Content.empty(this.definition, this.log, at, this.#content.isUse)
    this.#hasNewRights = false
  }

  /** Returns the new session that follows this one when `destroy()` is called during a save. */
  startOver(at: number): SessionState {
    const { definition, log, isDetached, clearedAt } = this
    const { isUse } = this.#content
    const begins = { at, isUse, clearedAt }
    const successor = new SessionState(definition, log, { isDetached, problem: this.problem }, begins)
    successor.cookieOptions = this.cookieOptions
    successor.follow(this)
    return successor
  }

  beginSaving(): void {
    this.#isSaving = true
  }

  endSaving(): void {
    this.#isSaving = false
    if (!this.#isRegenerationDue) return
    this.#isRegenerationDue = false
    this.regenerate(this.#hasNewRights)
  }

  /** Notes that `origin` is stored now. It includes all changes that were present when it was encoded. */
  override markSaved(origin: Origin): void {
    super.markSaved(origin)
    this.#hasNewRights = this.#hasNewRights && this.#isRegenerationDue
    this.#isStale = false
    this.#content.markSaved(origin)
  }

  /** Notes that the end of the record was moved, and nothing else. */
  override markRenewed(expires: number): void {
    super.markRenewed(expires)
    this.#content.renew(expires)
  }

  /** Notes that the browser gets a cookie with this ticket. */
  override markCookie(ticket: Ticket): void {
    super.markCookie(ticket)
    this.#isStale = false
  }

  override markAnswered(): void {
    super.markAnswered()
    this.#isCookieChanged = false
  }
}

function newerError({ name, version }: ResolvedDefinition, { record }: Origin): Error {
  return new NewerError(
    name,
    `version ${record.v} of it is stored, and this process, of version ${version}, would replace what it can't read: nothing was saved; finish the deploy, or give the step of migrate a down`
  )
}
