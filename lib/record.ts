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

/** A text of which lines can be taken over, the payload that it holds, and the keys whose lines can not. */
export interface Former {
  readonly text: string
  readonly payload: Payload
  readonly changed: readonly string[]
}

/**
 * JSON with the keys of the payload on lines of their own. The lines of keys that did not change are taken over from
 * the `former` text: to count in a session of 600 bytes then costs a quarter of writing all its JSON again.
 */
export function formatRecord({ c, e, v, m, s, f, n, x, p: payload }: SessionRecord, former?: Former): string {
  const text = JSON.stringify({ c, e, v, m, s, f, n, x })
  if (payload === undefined) return text
  const lines = former && new Lines(former)
  let body = ''
  for (const key of Object.keys(payload)) {
    const value = payload[key]
    if (value === undefined) continue
    const name = `${JSON.stringify(key)}:`
    const line = lines?.find(key, name, value) ?? name + JSON.stringify(value)
    body = body === '' ? line : `${body},\n${line}`
  }
  return `${text.slice(0, -1)},"p":{\n${body}\n}}`
}

/** Finds the line of a key; JSON itself never holds a bare line break. Nothing is found in a text of another make. */
class Lines {
  readonly #former: Former
  #keys: readonly string[]
  readonly #breaks: number[] = []

  constructor(former: Former) {
    const { text, payload } = former
    this.#former = former
    this.#keys = Object.keys(payload)
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#breaks.push(at)
    if (this.#breaks.length !== this.#keys.length + 1) this.#keys = []
  }

  find(key: string, name: string, value: unknown): string | undefined {
    const { text, payload, changed } = this.#former
    const index = payload[key] === value && !changed.includes(key) ? this.#keys.indexOf(key) : -1
    if (index === -1) return undefined
    const start = (this.#breaks[index] as number) + 1
    const end = this.#breaks[index + 1] as number
    if (!text.startsWith(name, start)) return undefined
    return text.slice(start, text[end - 1] === ',' ? end - 1 : end)
  }
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

export function formatTicket({ secret, createdAt, expires }: Omit<Ticket, 'id'>): string {
  return `${secret}.${createdAt.toString(36)}.${expires.toString(36)}`
}

export function parseTicket(text: string): Ticket | undefined {
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  const createdAt = Number.parseInt(text.slice(first + 1, second), 36)
  const expires = Number.parseInt(text.slice(second + 1), 36)
  if (first < 1 || second === -1 || Number.isNaN(createdAt + expires)) return undefined
  const secret = text.slice(0, first)
  return { secret, id: storeId(secret), createdAt, expires }
}
