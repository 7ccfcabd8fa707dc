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
 * JSON with the keys of the payload on lines of their own. When the keys are those of the `former` text, the lines of all
 * that did not change are taken over: to count in a session of 600 bytes then costs a sixth of writing its JSON again.
 */
export function formatRecord({ c, e, v, m, s, f, n, x, p }: SessionRecord, former?: Former): string {
  // By hand: JSON.stringify of this one small object would take as long as all the rest.
  const meta = `{"c":${c}${field('e', e)}${field('v', v)}${field('m', m)}${field('s', s)}${field('f', f)}${field('n', n)}${field('x', x)}`
  if (p === undefined) return `${meta}}`
  return `${meta},"p":{\n${(former && patched(p, former)) ?? lines(p)}\n}}`
}

function field(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`
}

function lines(payload: Payload): string {
  let text = ''
  for (const key of Object.keys(payload)) {
    if (payload[key] === undefined) continue
    const line = `${JSON.stringify(key)}:${JSON.stringify(payload[key])}`
    text = text === '' ? line : `${text},\n${line}`
  }
  return text
}

/**
 * The lines of the former text with those of changed values replaced. `undefined` if the keys are others, or have to be
 * escaped, or the text is not of our make. JSON itself never holds a bare line break.
 */
function patched(payload: Payload, { text, payload: old, changed }: Former): string | undefined {
  let result = ''
  let start = text.indexOf('\n') + 1
  let from = start
  for (const key of Object.keys(payload)) {
    if (!isLineOf(key, text, start)) return undefined
    const end = text.indexOf('\n', start)
    const value = payload[key]
    if (value !== old[key] || changed.includes(key)) {
      if (value === undefined || !Object.hasOwn(old, key)) return undefined
      result += text.slice(from, start + key.length + KEY_MARKS) + JSON.stringify(value)
      from = text[end - 1] === ',' ? end - 1 : end
    }
    start = end + 1
  }
  // What follows the last line ends the record; else there were more keys, or the breaks are not ours.
  return text.length === start + 2 ? result + text.slice(from, start - 1) : undefined
}

/** Two quotes and a colon. */
const KEY_MARKS = 3

/** Whether `"key":` stands there. No string is made for it: to compare would cost a third of that. */
function isLineOf(key: string, text: string, start: number): boolean {
  const end = start + key.length
  return text[start] === '"' && text.startsWith(key, start + 1) && text[end + 1] === '"' && text[end + 2] === ':'
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
