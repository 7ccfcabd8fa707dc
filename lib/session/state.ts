import type { FastifyBaseLogger } from 'fastify'
import type { CookieOptions, Problem } from '../../types/session.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { NewerError, SchemaError } from '../errors.js'
import { parseRecord, type SessionRecord } from '../records/record.js'
import { newSecret, storeId, type Ticket } from '../records/ticket.js'
import { Content } from './content.js'
import { readStored } from './migrate.js'
import { type Arrival, type Encoded, idOf, type Loaded, type Origin, withoutTicket, withTicket } from './origin.js'
import type { Shown } from './shown.js'

/** How a session that begins in this request begins. */
export interface Beginning {
  /** When, in ms since the epoch. */
  readonly at: number
  /** Whether this request counts as use. */
  readonly isUse: boolean
}

/**
 * Where a session stands:
 *
 * - `new`: nothing is stored under its id yet
 * - `stored`: it goes on from a record
 * - `replacing`: `regenerate()` gave it a new id, and the record with the old one is still to be replaced
 * - `unread`: there is a record that this process can't read; the session begins anew beside it, or is read-only
 */
type Standing = 'new' | 'stored' | 'replacing' | 'unread'

/** One session during one request: what it holds, and where it stands. */
export class SessionState {
  readonly definition: ResolvedDefinition
  readonly log: FastifyBaseLogger
  /** The store failed, and the app goes on without it: nothing is saved. */
  readonly isDetached: boolean
  #content: Content
  #standing: Standing
  /** The record that the standing is about; `undefined` for a new session. */
  #origin: Origin | undefined
  /** The record that `destroy()` ended, until it is ended in the store too. */
  #toDestroy: Origin | undefined
  /** `destroy()` was called: the browser is to forget the cookie, unless a new session follows. */
  #clearsCookie = false
  #isCookieChanged = false
  #isStale: boolean
  #problem: Problem | undefined
  #secret: string | undefined
  #hasNewRights = false
  /** A save is under way, which goes by what the session was when it began. */
  #isSaving = false
  /** `regenerate()` was called while a save was under way. */
  #isRegenerationDue = false
  /** `destroy()` was called while a save of that session was under way. */
  #former: SessionState | undefined
  /** Attributes that this request gave the cookie. */
  cookieOptions: CookieOptions | undefined
  arrival: Arrival | undefined
  /** What `session.data` gave last. */
  shown: Shown | undefined

  constructor(definition: ResolvedDefinition, log: FastifyBaseLogger, loaded: Loaded, { at, isUse }: Beginning) {
    const { origin, unread, problem, isStale = false, isDetached = false, arrival } = loaded
    this.definition = definition
    this.log = log
    this.isDetached = isDetached
    this.#isStale = isStale
    this.#problem = problem
    const read = origin && readStored(definition, origin, log)
    if (typeof read === 'string') this.#problem = read
    if (origin !== undefined && typeof read === 'object') {
      this.#content = Content.of(definition, log, origin, read, isUse)
      this.#standing = 'stored'
      this.#origin = origin
      this.arrival = arrival
      return
    }
    // What was one of another plugin and does not fit stays what it was.
    if (arrival !== undefined) this.#isStale = false
    this.#origin = arrival?.isStored === false ? undefined : (origin ?? unread)
    this.#standing = this.#origin === undefined ? 'new' : 'unread'
    this.#content = Content.empty(definition, log, this.isReadOnly ? (origin as Origin).record.c : at, isUse)
  }

  /** The record that the session goes on from; `undefined` unless it is stored, under the id that it has now. */
  get origin(): Origin | undefined {
    return this.#standing === 'stored' ? this.#origin : undefined
  }

  /** The record that is to point to this session when it is saved. */
  get replaced(): Origin | undefined {
    return this.#standing === 'replacing' ? this.#origin : undefined
  }

  get toDestroy(): Origin | undefined {
    return this.#toDestroy
  }

  get clearsCookie(): boolean {
    return this.#clearsCookie
  }

  get problem(): Problem | undefined {
    return this.#problem
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

  /** The record's id in the store; that of a new session is made when it is first asked for. */
  get id(): string | undefined {
    if (this.definition.store === undefined) return undefined
    const stored = this.isReadOnly ? this.#origin : this.origin
    return stored === undefined ? storeId(this.secret) : idOf(stored)
  }

  /** What the cookie carries for a new session. */
  get secret(): string {
    this.#secret ??= newSecret()
    return this.#secret
  }

  /** Nothing of it is stored yet, under any id, that this process could read. */
  get isNew(): boolean {
    return this.#standing === 'new' || (this.#standing === 'unread' && !this.isReadOnly)
  }

  /** A newer process stored it: nothing that this one saves may replace that. */
  get isReadOnly(): boolean {
    return this.#standing === 'unread' && this.#problem === 'newer'
  }

  get isDirty(): boolean {
    return this.#clearsCookie || this.#standing === 'replacing' || this.#isRegenerationDue || this.isChanged
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
  }

  /** Another session with the same changes, for replaying them on a record that this one must not see. */
  fork(): SessionState {
    const fork = new SessionState(
      this.definition,
      this.log,
      {},
      { at: this.#content.createdAt, isUse: this.#content.isUse }
    )
    fork.#content = this.#content.fork()
    fork.#stand('stored', this.origin)
    return fork
  }

  /** @throws FST_SESSIONS_NEWER when anything was changed */
  refuseChanges(): void {
    if (this.isDirty) throw newerError(this.definition, this.#origin as Origin)
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
    this.#secret = undefined
    if (this.#standing === 'stored') this.#standing = 'replacing'
  }

  /** The new id came too late: goes on from the record with the old one. */
  keepId(origin: Origin): Origin {
    this.#secret = undefined
    return this.#stand('stored', withoutTicket(origin))
  }

  /** Goes on with the session that another request made of the same record, to which `ticket` belongs. */
  join(origin: Origin, other: Origin, ticket: Ticket): Origin {
    this.rebase(origin, other)
    this.#secret = undefined
    return this.#stand('stored', withTicket(other, ticket))
  }

  /** Ends the record; what comes now is a new session. */
  destroy(at: number): void {
    if (this.isReadOnly) this.#isRegenerationDue = false
    this.#toDestroy ??= this.#origin
    this.#clearsCookie ||= this.#toDestroy !== undefined || this.#problem !== undefined
    this.#content = Content.empty(this.definition, this.log, at, this.#content.isUse)
    this.#secret = undefined
    this.#hasNewRights = false
    this.#standing = 'new'
    this.#origin = undefined
  }

  /** The new session that follows `destroy()` while a save of this one is under way. */
  startOver(at: number): SessionState {
    const { definition, log, isDetached } = this
    const { isUse } = this.#content
    const successor = new SessionState(definition, log, { isDetached, problem: this.#problem }, { at, isUse })
    successor.cookieOptions = this.cookieOptions
    successor.#clearsCookie = true
    successor.#former = this
    return successor
  }

  /** Before a save: what an earlier save left of the session that this one follows is what is to be ended. */
  resolveToDestroy(): void {
    const former = this.#former
    this.#former = undefined
    this.#toDestroy ??= former?.toDestroy ?? former?.origin ?? former?.replaced
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
  markSaved(origin: Origin): void {
    this.#stand('stored', origin)
    this.#hasNewRights = this.#hasNewRights && this.#isRegenerationDue
    this.#isStale = false
    this.#content.markSaved(origin)
  }

  /** The end of the record was moved, and nothing else. */
  markRenewed(expires: number): void {
    this.#stand('stored', { ...(this.#origin as Origin), expires })
    this.#content.renew(expires)
  }

  /** The id was replaced meanwhile, so this request gets no cookie of it. */
  markReplaced(): void {
    this.#stand('stored', withoutTicket(this.#origin as Origin))
  }

  /** It was one of another plugin, and what the request goes on from is stored now as `stored` says. */
  markArrived(mapped: Origin, stored: Origin): void {
    if (this.#origin === mapped) this.#origin = stored
  }

  /** What is to be ended was not stored by this request, but perhaps by another one. */
  destroyInstead(origin: Origin | undefined): void {
    this.#toDestroy = origin
  }

  markDestroyed(): void {
    this.#toDestroy = undefined
  }

  /** The session was ended elsewhere. */
  markGone(): void {
    this.#problem = 'gone'
  }

  /** The browser gets a cookie with this ticket. */
  markCookie(ticket: Ticket): void {
    this.#stand('stored', withTicket(this.#origin as Origin, ticket))
    this.#isStale = false
  }

  /** The response holds what the browser has to be told. */
  markAnswered(): void {
    this.#toDestroy = undefined
    this.#clearsCookie = false
    this.#isCookieChanged = false
  }

  #stand(standing: Standing, origin: Origin | undefined): Origin {
    this.#standing = standing
    this.#origin = origin
    return origin as Origin
  }
}

function newerError({ name, version }: ResolvedDefinition, { record }: Origin): Error {
  return new NewerError(
    name,
    `version ${record.v} of it is stored, and this process, of version ${version}, would replace what it can't read: nothing was saved; finish the deploy, or give the step of migrate a down`
  )
}
