import type { Problem } from '../../types/session.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { newSecret, storeId, type Ticket } from '../records/ticket.js'
import { idOf, type Origin, withoutTicket, withTicket } from './origin.js'

/**
 * How a session stands to the record that is stored of it:
 *
 * - `new`: nothing is stored under its id yet
 * - `stored`: it goes on from a record
 * - `replacing`: `regenerate()` gave it a new id, and the record with the old one is still to be replaced
 * - `unread`: there is a record that this process can't read; the session begins anew beside it, or is read-only
 */
type Stand = 'new' | 'stored' | 'replacing' | 'unread'

/** Where one session stands during one request: the record that it goes on from, the one that it ends, and its id. */
export class Standing {
  readonly definition: ResolvedDefinition
  #stand: Stand = 'new'
  /** The record that the stand is about; `undefined` for a new session. */
  #origin: Origin | undefined
  /** The record that `destroy()` ended, until it is ended in the store too. */
  #toDestroy: Origin | undefined
  /** `destroy()` was called: the browser is to forget the cookie, unless a new session follows. */
  #clearsCookie = false
  #problem: Problem | undefined
  /** `destroy()` was called while a save of that session was under way. */
  #former: Standing | undefined
  #secret: string | undefined

  constructor(definition: ResolvedDefinition, problem: Problem | undefined) {
    this.definition = definition
    this.#problem = problem
  }

  /** The record that the session goes on from; `undefined` unless it is stored, under the id that it has now. */
  get origin(): Origin | undefined {
    return this.#stand === 'stored' ? this.#origin : undefined
  }

  /** The record that is to point to this session when it is saved. */
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
    return this.#stand === 'new' || (this.#stand === 'unread' && !this.isReadOnly)
  }

  /** A newer process stored it: nothing that this one saves may replace that. */
  get isReadOnly(): boolean {
    return this.#stand === 'unread' && this.#problem === 'newer'
  }

  /** Before a save: what an earlier save left of the session that this one follows is what is to be ended. */
  resolveToDestroy(): void {
    const former = this.#former
    this.#former = undefined
    this.#toDestroy ??= former?.toDestroy ?? former?.origin ?? former?.replaced
  }

  /** The new id came too late: goes on from the record with the old one. */
  keepId(origin: Origin): Origin {
    return this.goOnAs(withoutTicket(origin))
  }

  /** What `origin` says is stored now. */
  markSaved(origin: Origin): void {
    this.goOn(origin)
  }

  /** The end of the record was moved, and nothing else. */
  markRenewed(expires: number): void {
    this.goOn({ ...(this.#origin as Origin), expires })
  }

  /** The id was replaced meanwhile, so this request gets no cookie of it. */
  markReplaced(): void {
    this.goOn(withoutTicket(this.#origin as Origin))
  }

  /** It was one of another plugin, and what the request goes on from is stored now as `stored` says. */
  markArrived(mapped: Origin, stored: Origin): void {
    if (this.#origin === mapped) this.#origin = stored
  }

  /** The browser gets a cookie with this ticket. */
  markCookie(ticket: Ticket): void {
    this.goOn(withTicket(this.#origin as Origin, ticket))
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

  /** The response holds what the browser has to be told. */
  markAnswered(): void {
    this.#toDestroy = undefined
    this.#clearsCookie = false
  }

  protected goOn(origin: Origin | undefined): void {
    this.#stand = 'stored'
    this.#origin = origin
  }

  /** Goes on from a record that brings its own id. */
  protected goOnAs(origin: Origin): Origin {
    this.#secret = undefined
    this.goOn(origin)
    return origin
  }

  /** @param unread the record, if there is one, that this process can't read because of that problem */
  protected beginAnew(unread: Origin | undefined, problem: Problem | undefined): void {
    this.#stand = unread === undefined ? 'new' : 'unread'
    this.#origin = unread
    this.#problem = problem
  }

  protected changeId(): void {
    this.#secret = undefined
    if (this.#stand === 'stored') this.#stand = 'replacing'
  }

  /** Ends the record; what comes now is a new session. */
  protected end(): void {
    this.#toDestroy ??= this.#origin
    this.#clearsCookie ||= this.#toDestroy !== undefined || this.#problem !== undefined
    this.#secret = undefined
    this.#stand = 'new'
    this.#origin = undefined
  }

  /** Begins after another one that was ended while it was being saved. */
  protected follow(former: Standing): void {
    this.#clearsCookie = true
    this.#former = former
  }
}
