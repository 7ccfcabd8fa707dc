import type { Payload } from '../schema/codec.js'
import { isObject } from '../util/objects.js'
import { isTime, parseJson } from '../util/parse.js'
import { isStoreId } from './ticket.js'

/**
 * What is kept of one session, as JSON with short names, since for the cookie store every byte travels with every
 * request:
 *
 * | | |
 * | --- | --- |
 * | `d` | the name of its definition, where several have one store |
 * | `c` | when it was created, in ms since the epoch |
 * | `e` | when it ends, in ms since the epoch; on the cookie store only, elsewhere the store knows |
 * | `v` | version of the schema its payload was written under; absent for 1 |
 * | `o` | older forms: the payload as processes of older versions read it, by version |
 * | `p` | payload; absent when the session is empty |
 * | `f` | flashes by kind: the name of each message, then the message; under `""` what other plugins keep, by key; under `"@"` further subjects |
 * | `m` | "remember me": seconds, or `false` for a cookie that ends with the browser; absent when never switched |
 * | `s` | subject, the first where there are several |
 * | `n` | retired: where to, and until when requests in flight may go on with this one |
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
 * The id of the record that replaced one, in the store; until when the old id is good; the secret of the new one's cookie,
 * sealed; and how the old id was cut off from the new one, if it was.
 */
export type Successor = readonly [id: string, until: number, sealed?: string, cut?: Cut]

/** By a sign-in, which named another user than before, or by other new rights. */
export type Cut = 'user' | 'rights'

/** By kind: the name of a message, the message, the next name, and so on; or the number of the first, then messages. */
export type FlashRecord = Readonly<Record<string, readonly unknown[]>>

/**
 * The kind under which the record keeps what other plugins put into the session, each value by its key. A process that
 * knows nothing of such values keeps the messages of kinds that it does not define, whatever it saves: so these survive a
 * deploy and its roll-back.
 */
export const PLUGIN_VALUES = ''

/** By version, below the record's own. */
export type OlderForms = Readonly<Record<string, Payload>>

/** `undefined` if the text is not a record. */
export function parseRecord(text: string): SessionRecord | undefined {
  const value = parseJson(text)
  return isRecord(value) ? value : undefined
}

/** Whether the text has more bytes than `most`. Those of a long text are only counted where its length leaves it open. */
export function isLonger(text: string, most: number): boolean {
  return 3 * text.length > most && (text.length > most || Buffer.byteLength(text) > most)
}

/** A record and its text. */
export interface Written {
  readonly text: string
  readonly record: SessionRecord
}

/** A record whose text can be taken over, but for the lines of the keys that changed. */
export interface Former extends Written {
  readonly changed: readonly string[]
}

/**
 * JSON with the keys of the payload on lines of their own. When the keys are those of the `former` record, all of its text
 * that did not change is taken over: to count in a session of 600 bytes then costs a sixth of writing its JSON again.
 */
export function formatRecord(record: SessionRecord, former?: Former): string {
  return (former && patched(record, former)) ?? `${start(record)}${end(record.p)}`
}

/** By hand: JSON.stringify of this one small object would take as long as all the rest. */
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
 * The former text with what changed replaced. `undefined` if the keys are others, or have to be escaped, or the text is
 * not of our make. JSON itself never holds a bare line break.
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
  // What follows the last line ends the record; else there were more keys, or the breaks are not ours.
  return text.length === line + 2 ? result + text.slice(from) : undefined
}

/** Whether the texts are alike up to the payload: that of a session which lives on mostly is. */
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

/** Two quotes and a colon. */
const KEY_MARKS = 3
const QUOTE = 34
const COLON = 58
const COMMA = 44

/** Whether `"key":` stands there. No string is made for it: to compare would cost a third of that. */
function isLineOf(key: string, text: string, start: number): boolean {
  const end = start + key.length
  return (
    text.charCodeAt(start) === QUOTE &&
    text.startsWith(key, start + 1) &&
    text.charCodeAt(end + 1) === QUOTE &&
    text.charCodeAt(end + 2) === COLON
  )
}

/** JSON.stringify takes five times as long for a number. */
function jsonOf(value: unknown): string {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : JSON.stringify(value)
}

/** Whether every member is what this plugin writes: whoever goes on with a record relies on it. */
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

/** Names and messages in turn. */
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
