import { hash, randomBytes } from 'node:crypto'
import type { Payload } from './codec.js'

/**
 * What is kept of one session, as JSON with short names, since for the cookie store every byte travels with every
 * request:
 *
 * | | |
 * | --- | --- |
 * | `c` | when it was created, in ms since the epoch |
 * | `e` | when it ends, in ms since the epoch; on the cookie store only, elsewhere the store knows |
 * | `v` | version of the schema its payload was written under; absent for 1 |
 * | `p` | payload; absent when the session is empty |
 * | `f` | flashes by kind: the number of the first message, then the messages |
 * | `m` | "remember me": seconds, or `false` for a cookie that ends with the browser; absent when never switched |
 * | `s` | subject |
 * | `n` | retired: the store's id of the successor, and until when requests in flight may go on with this one |
 * | `x` | destroyed |
 */
export interface SessionRecord {
  readonly c: number
  readonly e?: number | undefined
  readonly v?: number | undefined
  readonly p?: Payload | undefined
  readonly f?: FlashRecord | undefined
  readonly m?: number | false | undefined
  readonly s?: string | undefined
  readonly n?: readonly [id: string, until: number] | undefined
  readonly x?: true | undefined
}

/** By kind: the number of the first message, then the messages. Numbers never come twice. */
export type FlashRecord = Readonly<Record<string, readonly [number, ...unknown[]]>>

/** `undefined` if the text is not a record. */
export function parseRecord(text: string): SessionRecord | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function formatRecord(record: SessionRecord): string {
  return JSON.stringify(record)
}

/** Sealed by us or kept by the app's own store, so this guards against other programs' data, not against attackers. */
function isRecord(value: unknown): value is SessionRecord {
  if (typeof value !== 'object' || value === null || !('c' in value) || typeof value.c !== 'number') return false
  const { p, f } = value as { readonly p?: unknown; readonly f?: unknown }
  return isObject(p) && isObject(f)
}

function isObject(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))
}

/** What the cookie of a record store carries: the secret from which the record's id is made, and the dates. */
export interface Ticket {
  readonly secret: string
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

export function formatTicket({ secret, createdAt, expires }: Ticket): string {
  return `${secret}.${createdAt.toString(36)}.${expires.toString(36)}`
}

export function parseTicket(text: string): Ticket | undefined {
  const [secret, created, expires, more] = text.split('.')
  if (!secret || !created || !expires || more !== undefined) return undefined
  return { secret, createdAt: Number.parseInt(created, 36), expires: Number.parseInt(expires, 36) }
}
