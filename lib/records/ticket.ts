import { hash, randomBytes } from 'node:crypto'
import { isTime } from '../util/parse.js'

/** What the cookie of a record store carries: the secret from which the record's id is made, and the dates. */
export interface Ticket {
  readonly secret: string
  /** The record's id in the store. */
  readonly id: string
  readonly createdAt: number
  /** Until when the cookie is good: for one that outlives the browser the idle end, else the absolute. */
  readonly expires: number
}

/** 144 random bits: OWASP asks for at least 64 of entropy. */
export function newSecret(): string {
  return randomBytes(18).toString('base64url')
}

/** The id in the store is a hash, so that whoever reads the store can't make cookies from it. */
export function storeId(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** The id of a record that the plugin keeps for itself: of the same purpose, each app that shares a store has its own. */
export function reservedId(purpose: string, app: string | undefined): string {
  return storeId(app === undefined ? purpose : `app ${JSON.stringify(app)} ${purpose}`)
}

/** Whether it looks like one: what comes from outside, or from a record, could be meant for a file system's eyes. */
export function isStoreId(id: unknown): id is string {
  return typeof id === 'string' && STORE_ID.test(id)
}

/** A ticket that no browser has yet: it ended in 1970, so its cookie is due at once. */
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

/** Times are in base 36; lifetimes that are no whole number of ms leave a fraction behind the second. */
const TICKET = /^[\w-]{16,64}\.-?[\da-z]{1,11}\.-?[\da-z]{1,11}(?:\.[\da-z]+)?$/

/** SHA-256 in base64url; or 32 bytes in base32, as a Go app makes the ids of sessions that it shares. */
const STORE_ID = /^(?:[\w-]{43}|[A-Z2-7]{52})$/
