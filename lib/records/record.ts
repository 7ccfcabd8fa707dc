import type { Payload } from '../schema/codec.js'
import { isObject } from '../util/objects.js'
import { isTime, parseJson } from '../util/parse.js'
import { isStoreId } from './ticket.js'

/**
 * One session as it is stored: JSON with short names, because with the cookie store every byte travels with every
 * request.
 *
 * | | |
 * | --- | --- |
 * | `d` | name of the definition, if several share one store |
 * | `c` | when the session was created, in ms since the epoch |
 * | `e` | when it ends, in ms since the epoch; with the cookie store only, because a record store knows the end itself |
 * | `v` | version of the schema under which the payload was written; absent for 1 |
 * | `o` | older forms: the payload as processes of older versions read it, by version |
 * | `p` | payload; absent when the session is empty |
 * | `f` | flash messages by kind: the name of each message, then the message; under `""` values of other plugins, by key; under `"@"` further subjects |
 * | `m` | "remember me": seconds, or `false` for a cookie that ends with the browser; absent if never set |
 * | `s` | subject; the first one if there are several |
 * | `n` | retired: the successor, and until when requests in flight may go on with this record |
 * | `x` | destroyed |
 */
export interface SessionRecord {
  readonly c: number
  readonly d?: string | undefined
  readonly e?: number | undefined
  readonly v?: number | undefined
  readonly o?: OlderForms | undefined
  readonly p?: Payload | undefined
  readonly f?: FlashRecord | undefined
  readonly m?: number | false | undefined
  readonly s?: string | undefined
  readonly n?: Successor | undefined
  readonly x?: true | undefined
}

/**
 * Points from a retired record to its successor: the successor's id in the store; until when the old id is accepted, in
 * ms since the epoch; the secret of the successor's cookie, sealed; and, if the new session was cut off from the old
 * one, why.
 */
export type Successor = readonly [id: string, until: number, sealed?: string, cut?: Cut]

/** Why a new id was cut off from the old one: a sign-in named another user than before, or gave other new rights. */
export type Cut = 'user' | 'rights'

/**
 * Messages by kind: a name, its message, the next name, and so on; or the number of the first message, then messages.
 */
export type FlashRecord = Readonly<Record<string, readonly unknown[]>>

/**
 * The kind under which the record keeps values that other plugins put into the session, each by its key. A process of
 * an older version knows nothing of such values, but it keeps the messages of kinds that it does not define. So the
 * values survive a deploy and its roll-back.
 */
export const PLUGIN_VALUES = ''

/** Payloads by version, each lower than the record's own. */
export type OlderForms = Readonly<Record<string, Payload>>

/** Parses a record. `undefined`: the text is not a record. */
export function parseRecord(text: string): SessionRecord | undefined {
  const value = parseJson(text)
  return isRecord(value) ? value : undefined
}

/**
 * Whether the text has more bytes than `most`. The bytes are counted only when the number of characters does not decide
 * it.
 */
export function isLonger(text: string, most: number): boolean {
  return 3 * text.length > most && (text.length > most || Buffer.byteLength(text) > most)
}

/** A record and its text. */
export interface Written {
  readonly text: string
  readonly record: SessionRecord
}

/** A record whose text can be reused, except for the lines of the changed keys. */
export interface Former extends Written {
  readonly changed: readonly string[]
}

/**
 * Formats a record as JSON with each key of the payload on its own line. If the `former` record has the same keys, the
 * unchanged parts of its text are reused: a small change to a session then costs far less than writing all of its JSON
 * again.
 */
export function formatRecord(record: SessionRecord, former?: Former): string {
  return (former && patched(record, former)) ?? `${start(record)}${end(record.p)}`
}

/**
 * Formats the members before the payload by hand, because JSON.stringify of this small object would take as long as
 * everything else.
 */
function start({ c, d, e, v, o, m, s, f, n, x }: SessionRecord): string {
  return `{"c":${c}${field('d', d)}${field('e', e)}${field('v', v)}${field('o', o)}${field('m', m)}${field('s', s)}${field('f', f)}${field('n', n)}${field('x', x)}`
}

function end(payload: Payload | undefined): string {
  return payload === undefined ? '}' : `,"p":{\n${lines(payload)}\n}}`
}

function field(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${jsonOf(value)}`
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
 * Returns the former text with the changed values replaced. `undefined`: the keys differ, a key would have to be
 * escaped, or the text was not written by `formatRecord`. JSON itself never contains a bare line break, so lines can be
 * told apart.
 */
function patched(record: SessionRecord, { text, record: old, changed }: Former): string | undefined {
  const { p: payload } = record
  if (payload === undefined || old.p === undefined) return undefined
  const first = text.indexOf('\n') + 1
  let result = ''
  let from = 0
  if (!startsAlike(record, old)) {
    result = `${start(record)},"p":{\n`
    from = first
  }
  let line = first
  for (const key in payload) {
    if (!isLineOf(key, text, line)) return undefined
    const next = text.indexOf('\n', line)
    const value = payload[key]
    if (value !== old.p[key] || changed.includes(key)) {
      if (value === undefined || !Object.hasOwn(old.p, key)) return undefined
      result += text.slice(from, line + key.length + KEY_MARKS) + jsonOf(value)
      from = text.charCodeAt(next - 1) === COMMA ? next - 1 : next
    }
    line = next + 1
  }
  // After the last line the record must end. Otherwise the text has more keys, or line breaks of another origin.
  return text.length === line + 2 ? result + text.slice(from) : undefined
}

/** Whether the texts of two records are equal up to the payload. They usually are for a session that continues. */
function startsAlike(a: SessionRecord, b: SessionRecord): boolean {
  return (
    a.c === b.c &&
    a.d === b.d &&
    a.e === b.e &&
    a.v === b.v &&
    a.o === b.o &&
    a.m === b.m &&
    a.s === b.s &&
    a.f === b.f &&
    a.n === b.n &&
    a.x === b.x
  )
}

/** The characters around a key in its line: two quotes and a colon. */
const KEY_MARKS = 3
const QUOTE = 34
const COLON = 58
const COMMA = 44

/** Whether `"key":` stands at this position. It compares characters, because making a string for it would cost more. */
function isLineOf(key: string, text: string, start: number): boolean {
  const end = start + key.length
  return (
    text.charCodeAt(start) === QUOTE &&
    text.startsWith(key, start + 1) &&
    text.charCodeAt(end + 1) === QUOTE &&
    text.charCodeAt(end + 2) === COLON
  )
}

/** Formats numbers without JSON.stringify, which is much slower for them. */
function jsonOf(value: unknown): string {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : JSON.stringify(value)
}

/** Whether every member has a type that this plugin writes. All code that uses a record relies on this. */
function isRecord(value: unknown): value is SessionRecord {
  if (!isObject(value)) return false
  const { c, d, e, v, o, p, f, m, s, n, x } = value
  return (
    isTime(c) &&
    (d === undefined || typeof d === 'string') &&
    (e === undefined || isTime(e)) &&
    (v === undefined || isVersion(v)) &&
    (o === undefined || areForms(o)) &&
    (p === undefined || isObject(p)) &&
    (f === undefined || isFlashes(f)) &&
    (m === undefined || m === false || isAge(m)) &&
    (s === undefined || (typeof s === 'string' && s !== '')) &&
    (n === undefined || isPointer(n)) &&
    (x === undefined || x === true)
  )
}

function isVersion(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function areForms(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isObject)
}

function isAge(value: unknown): boolean {
  return isTime(value) && value > 0
}

function isFlashes(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isKind)
}

function isKind(value: unknown): boolean {
  return Array.isArray(value) && (typeof value[0] === 'string' ? areNamed(value) : isTime(value[0]))
}

/** Whether the values are names and messages in turn. */
function areNamed(values: readonly unknown[]): boolean {
  return values.length % 2 === 0 && values.every((value, index) => index % 2 === 1 || typeof value === 'string')
}

function isPointer(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const [id, until, sealed, cut] = value
  return (
    isStoreId(id) &&
    isTime(until) &&
    (sealed === undefined || typeof sealed === 'string') &&
    (cut === undefined || cut === 'user' || cut === 'rights')
  )
}
