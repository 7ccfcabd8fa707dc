import { hash, randomBytes } from 'node:crypto'
import { isTime } from '../util/parse.js'

/** The contents of the cookie with a record store: the secret from which the record's id is derived, and two dates. */
export interface Ticket {
  readonly secret: string
  /** The record's id in the store. */
  readonly id: string
  readonly createdAt: number
  /**
   * Until when the cookie is valid: the idle end for a cookie that outlives the browser, otherwise the absolute end.
   */
  readonly expires: number
}

/** Returns a secret of 144 random bits; OWASP's Session Management Cheat Sheet asks for at least 64 bits of entropy. */
export function newSecret(): string {
  return randomBytes(18).toString('base64url')
}

/**
 * Returns the record's id in the store. It is a hash, so that someone who can read the store can't make cookies from
 * it.
 */
export function storeId(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/**
 * Returns the id of a record that the plugin keeps for itself. Each app that shares a store has its own for a given
 * purpose.
 */
export function reservedId(purpose: string, app: string | undefined): string {
  return storeId(app === undefined ? purpose : `app ${JSON.stringify(app)} ${purpose}`)
}

/**
 * Whether the value has the form of a record's id. An id from outside, or from a record, could otherwise contain a file
 * path.
 */
export function isStoreId(id: unknown): id is string {
  return typeof id === 'string' && STORE_ID.test(id)
}

/** Returns a ticket that no browser has yet. Its end is in 1970, so its cookie is due to be sent at once. */
export function newTicket(secret: string, id: string, createdAt: number): Ticket {
  return { secret, id, createdAt, expires: 0 }
}

export function formatTicket({ secret, createdAt, expires }: Omit<Ticket, 'id'>): string {
  return `${secret}.${createdAt.toString(36)}.${expires.toString(36)}`
}

export function parseTicket(text: string): Ticket | undefined {
  if (!TICKET.test(text)) return undefined
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  const createdAt = Number.parseInt(text.slice(first + 1, second), 36)
  const expires = Number.parseInt(text.slice(second + 1), 36)
  if (!isTime(createdAt) || !isTime(expires)) return undefined
  const secret = text.slice(0, first)
  return { secret, id: storeId(secret), createdAt, expires }
}

/** Times are in base 36. A lifetime that is not a whole number of ms leaves a fraction after the second one. */
const TICKET = /^[\w-]{16,64}\.-?[\da-z]{1,11}\.-?[\da-z]{1,11}(?:\.[\da-z]+)?$/

/** A SHA-256 in base64url; or 32 bytes in base32, which is how a Go app makes the ids of sessions that it shares. */
const STORE_ID = /^(?:[\w-]{43}|[A-Z2-7]{52})$/
