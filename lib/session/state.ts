import type { FastifyBaseLogger } from 'fastify'
import type { CookieOptions } from '../../types/session.js'
import type { Version } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { NewerError, SchemaError } from '../errors.js'
import { parseRecord, type SessionRecord } from '../records/record.js'
import type { Ticket } from '../records/ticket.js'
import { Content } from './content.js'
import { readStored } from './migrate.js'
import { type Arrival, type Encoded, type Loaded, type Origin, withTicket } from './origin.js'
import type { Shown } from './shown.js'
import { Standing } from './standing.js'

/** How a session that begins in this request begins. */
export interface Beginning {
  /** When, in ms since the epoch; not asked for where it goes on from a record. */
  readonly at: number
  /** Whether this request counts as use. */
  readonly isUse: boolean
  /** When all sessions were cleared last, in ms since the epoch. */
  readonly clearedAt: number
}

/** One session during one request: what it holds, and where it stands. */
export class SessionState extends Standing {
  readonly log: FastifyBaseLogger
  /** What was created until then has ended; in ms since the epoch. */
  readonly clearedAt: number
  /** The store failed, and the app goes on without it: nothing is saved. */
  readonly isDetached: boolean
  #content: Content
  #isCookieChanged = false
  #isStale: boolean
  #hasNewRights = false
  /** A save is under way, which goes by what the session was when it began. */
  #isSaving = false
  /** `regenerate()` was called while a save was under way. */
  #isRegenerationDue = false
  #replays = 0
  #replayedOn: Version | undefined
  /** Attributes that this request gave the cookie. */
  cookieOptions: CookieOptions | undefined
  arrival: Arrival | undefined
  /** What `session.data` gave last. */
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
    // What was one of another plugin and does not fit stays what it was.
    this.#isStale = isStale && arrival === undefined
    this.beginAnew(
      arrival?.isStored === false ? undefined : (origin ?? unread),
      typeof read === 'string' ? read : problem
    )
    this.#content = Content.empty(definition, log, this.isReadOnly ? (origin as Origin).record.c : begins.at, isUse)
  }

  /** The cookie was sealed with an older key, so it has to be written although it is not due. */
  get isStale(): boolean {
    return this.#isStale
  }

  get isSaving(): boolean {
    return this.#isSaving
  }

  get content(): Content {
    return this.#content
  }

  /** Whether the cookie lasts longer or shorter than the browser knows, so that it has to be written although it is not due. */
  get isCookieChanged(): boolean {
    return this.#isCookieChanged
  }

  /** `regenerate()` was told of new rights. */
  get hasNewRights(): boolean {
    return this.#hasNewRights
  }

  get isDirty(): boolean {
    return this.clearsCookie || this.replaced !== undefined || this.#isRegenerationDue || this.isChanged
  }

  get isChanged(): boolean {
    return this.#content.isChanged
  }

  /** Whether the index of the subject has to learn of this session's id. */
  get needsIndexing(): boolean {
    const { subject, isSubjectChanged } = this.#content
    return subject !== undefined && (isSubjectChanged || this.origin === undefined)
  }

  /**
   * What is to be stored; `undefined` for a new session that holds nothing, which is not stored.
   * @throws FST_SESSIONS_INVALID_VALUE, FST_SESSIONS_RECORD_SIZE
   */
  encode(now: number): Encoded | undefined {
    const encoded = this.#content.encode(now)
    const { p, f, s } = encoded.record
    const holdsNothing = p === undefined && f === undefined && s === undefined
    return this.isNew && holdsNothing ? undefined : encoded
  }

  /**
   * Goes on from what another request stored meanwhile, with this request's changes replayed on it.
   * @throws FST_SESSIONS_SCHEMA when that does not fit the schema of this process, FST_SESSIONS_NEWER when a newer process
   * stored it
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
    this.#replayedOn = newer.location?.version
  }

  /** How often its changes were made again on what another request had stored. */
  get replays(): number {
    return this.#replays
  }

  /** The version of the record on which that was done last. */
  get replayedOn(): Version | undefined {
    return this.#replayedOn
  }

  /** Another session with the same changes, for replaying them on a record that this one must not see. */
  fork(): SessionState {
    const { createdAt: at, isUse } = this.#content
    const begins = { at, isUse, clearedAt: this.clearedAt }
    const fork = new SessionState(this.definition, this.log, {}, begins)
    fork.#content = this.#content.fork()
    fork.#replays = this.#replays
    fork.goOn(this.origin)
    return fork
  }

  /** @throws FST_SESSIONS_NEWER when anything was changed */
  refuseChanges(): void {
    if (this.isDirty) throw newerError(this.definition, this.unread as Origin)
  }

  /** "Remember me": seconds, or `false` for a cookie that ends with the browser. */
  persist(age: number | false): void {
    this.#isCookieChanged ||= age !== this.#content.persist
    this.#content.persist = age
  }

  /** Gives it a new id for the same data. */
  regenerate(hasNewRights: boolean): void {
    this.#hasNewRights ||= hasNewRights
    if (this.#isSaving || this.isReadOnly) {
      this.#isRegenerationDue = true
      return
    }
    this.changeId()
  }

  /** Goes on with the session that another request made of the same record, to which `ticket` belongs. */
  join(origin: Origin, other: Origin, ticket: Ticket): Origin {
    this.rebase(origin, other)
    return this.goOnAs(withTicket(other, ticket))
  }

  /** Ends the record; what comes now is a new session. */
  destroy(at: number): void {
    if (this.isReadOnly) this.#isRegenerationDue = false
    this.end()
    this.#content = Content.empty(this.definition, this.log, at, this.#content.isUse)
    this.#hasNewRights = false
  }

  /** The new session that follows `destroy()` while a save of this one is under way. */
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

  /** What `origin` says is stored now, and holds all changes that were there when it was encoded. */
  override markSaved(origin: Origin): void {
    super.markSaved(origin)
    this.#hasNewRights = this.#hasNewRights && this.#isRegenerationDue
    this.#isStale = false
    this.#content.markSaved(origin)
  }

  /** The end of the record was moved, and nothing else. */
  override markRenewed(expires: number): void {
    super.markRenewed(expires)
    this.#content.renew(expires)
  }

  /** The browser gets a cookie with this ticket. */
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
