import type { Problem } from '../../types/session.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { newSecret, storeId, type Ticket } from '../records/ticket.js'
import { idOf, type Origin, withoutTicket, withTicket } from './origin.js'

/**
 * How a session relates to its stored record:
 *
 * - `new`: no record is stored under its id yet
 * - `stored`: the session is based on a record
 * - `replacing`: `regenerate()` gave the session a new id, and the record with the old id is still to be replaced
 * - `unread`: there is a record that this process can't read. The session begins anew beside it, or is read-only
 */
type Stand = 'new' | 'stored' | 'replacing' | 'unread'

/**
 * The storage side of one session during one request: the record that it is based on, the record to end, and its id.
 */
export class Standing {
  readonly definition: ResolvedDefinition
  #stand: Stand = 'new'
  /** The record that `#stand` refers to; `undefined` for a new session. */
  #origin: Origin | undefined
  /** The record of a destroyed session, until it is ended in the store too. */
  #toDestroy: Origin | undefined
  /** Whether `destroy()` was called, so that the response clears the cookie unless a new session follows. */
  #clearsCookie = false
  #problem: Problem | undefined
  /** The session before this one, if `destroy()` was called while a save of it was under way. */
  #former: Standing | undefined
  #secret: string | undefined

  constructor(definition: ResolvedDefinition, problem: Problem | undefined) {
    this.definition = definition
    this.#problem = problem
  }

  /** The record that the session is based on; `undefined` unless it is stored under the present id. */
  get origin(): Origin | undefined {
    return this.#stand === 'stored' ? this.#origin : undefined
  }

  /** The record that has to point to this session once it is saved. */
  get replaced(): Origin | undefined {
    return this.#stand === 'replacing' ? this.#origin : undefined
  }

  /** The record that this process can't read. */
  get unread(): Origin | undefined {
    return this.#stand === 'unread' ? this.#origin : undefined
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

  /** The record's id in the store. A new session gets its id when it is first read. */
  get id(): string | undefined {
    if (this.definition.store === undefined) return undefined
    const stored = this.isReadOnly ? this.#origin : this.origin
    return stored === undefined ? storeId(this.secret) : idOf(stored)
  }

  /** The secret that the cookie of a new session carries; the id is its hash. */
  get secret(): string {
    this.#secret ??= newSecret()
    return this.#secret
  }

  /** Whether no record is stored for it, under any id, that this process can read. */
  get isNew(): boolean {
    return this.#stand === 'new' || (this.#stand === 'unread' && !this.isReadOnly)
  }

  /** Whether a newer process stored it, so that this process must not overwrite it. */
  get isReadOnly(): boolean {
    return this.#stand === 'unread' && this.#problem === 'newer'
  }

  /**
   * Called before a save: if this session follows a destroyed one, the record that an earlier save left of that one is
   * the record to end.
   */
  resolveToDestroy(): void {
    const former = this.#former
    this.#former = undefined
    this.#toDestroy ??= former?.toDestroy ?? former?.origin ?? former?.replaced
  }

  /** Drops the new id, because another request was first, and goes on from the record with the old one. */
  keepId(origin: Origin): Origin {
    return this.goOnAs(withoutTicket(origin))
  }

  /** Notes that `origin` is stored now. */
  markSaved(origin: Origin): void {
    this.goOn(origin)
  }

  /** Notes that the end of the record was moved, and nothing else. */
  markRenewed(expires: number): void {
    this.goOn({ ...(this.#origin as Origin), expires })
  }

  /** Notes that the id was replaced meanwhile, so this request gets no cookie for it. */
  markReplaced(): void {
    this.goOn(withoutTicket(this.#origin as Origin))
  }

  /**
   * Notes that a session of another plugin was stored: `mapped` is what the request started from, `stored` its record.
   */
  markArrived(mapped: Origin, stored: Origin): void {
    if (this.#origin === mapped) this.#origin = stored
  }

  /** Notes that the browser gets a cookie with this ticket. */
  markCookie(ticket: Ticket): void {
    this.goOn(withTicket(this.#origin as Origin, ticket))
  }

  /** Sets the record to end, which perhaps another request stored. */
  destroyInstead(origin: Origin | undefined): void {
    this.#toDestroy = origin
  }

  markDestroyed(): void {
    this.#toDestroy = undefined
  }

  /** Notes that the session was ended elsewhere. */
  markGone(): void {
    this.#problem = 'gone'
  }

  /** Notes that the response holds all cookies that the browser needs. */
  markAnswered(): void {
    this.#toDestroy = undefined
    this.#clearsCookie = false
  }

  protected goOn(origin: Origin | undefined): void {
    this.#stand = 'stored'
    this.#origin = origin
  }

  /** Bases the session on a record that brings its own id. */
  protected goOnAs(origin: Origin): Origin {
    this.#secret = undefined
    this.goOn(origin)
    return origin
  }

  /**
   * Begins a new session.
   * @param unread the record that this process can't read because of `problem`, if there is one
   */
  protected beginAnew(unread: Origin | undefined, problem: Problem | undefined): void {
    this.#stand = unread === undefined ? 'new' : 'unread'
    this.#origin = unread
    this.#problem = problem
  }

  protected changeId(): void {
    this.#secret = undefined
    if (this.#stand === 'stored') this.#stand = 'replacing'
  }

  /** Ends the session. What is set after this belongs to a new session. */
  protected end(): void {
    this.#toDestroy ??= this.#origin
    this.#clearsCookie ||= this.#toDestroy !== undefined || this.#problem !== undefined
    this.#secret = undefined
    this.#stand = 'new'
    this.#origin = undefined
  }

  /** Makes this session follow one that was destroyed while it was being saved. */
  protected follow(former: Standing): void {
    this.#clearsCookie = true
    this.#former = former
  }
}
