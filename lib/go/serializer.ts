import type { GoNumber, SharedWithGo } from '../../types/go.js'
import { GoValueError } from '../errors.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { readTyped } from './gob-reader.js'
import { gobOfMap } from './gob-writer.js'
import { goJson } from './json.js'
import { fromShared, OWN, type SharedSession, toShared, type Values } from './shared-session.js'
import { type GoValue, goValue, NUMBERS, plainValue } from './values.js'

/** Converts the text of a record to the bytes that a Go app reads as a session, and back. */
export interface Serializer {
  /**
   * @param mark A text that identifies this write.
   * @param before The bytes that are replaced.
   * @throws FST_SESSIONS_GO_VALUE when Go could not read a value of the session, or would lose a value of a type that
   * only Go knows
   */
  write(text: string, mark: string, before?: Uint8Array): Buffer
  /** Reads a session. `undefined`: the bytes are no session. Never throws. */
  read(bytes: Uint8Array): ReadSession | undefined
}

export interface ReadSession {
  /** The mark that was passed to `write`; `undefined` if Go made the session, or lost the mark. */
  readonly mark: string | undefined
  /**
   * Returns the record, or this plugin's own text if that says everything.
   * @param begun The members that {@link fromShared} uses if the plugin's own text is missing.
   */
  record(begun: Values): Values | string
}

/**
 * @param lineEnd The text that the Go app's JSON encoder writes after a value.
 * @throws what `refuse` throws, when an option is wrong
 */
export function serializerFor(
  { serializer, types = {}, flashes = ['_flash'] }: SharedWithGo,
  refuse: (reason: string) => never,
  lineEnd: '' | '\n' = ''
): Serializer {
  if (serializer !== 'json' && serializer !== 'gob') refuse('serializer: expected "json" or "gob"')
  if (!Array.isArray(flashes) || !flashes.every((kind) => typeof kind === 'string' && kind !== '' && kind !== OWN)) {
    refuse(`flashes: expected an array of kinds, without "${OWN}"`)
  }
  if (!isObject(types)) refuse('types: expected an object of types by key')
  const other = Object.entries(types).find(([, type]) => !NUMBERS.includes(type))
  if (other !== undefined) refuse(`types: ${other[0]}: expected one of ${NUMBERS.join(', ')}`)
  if (serializer === 'json' && Object.keys(types).length > 0)
    refuse('types: JSON knows one kind of number: leave it out')
  const { encode, decode } = serializer === 'json' ? jsonMaps(lineEnd) : gobMaps(types)
  return {
    write: (text, mark, before) => {
      const { values, own } = toShared(text, flashes)
      return encode({ ...values, [OWN]: `${mark} ${own}` }, before, isEnd(text))
    },
    read: (bytes) => {
      const values = decode(bytes)
      return values && readSession(values, flashes)
    }
  }
}

interface Maps {
  encode(values: Values, before: Uint8Array | undefined, isEnd: boolean): Buffer
  decode(bytes: Uint8Array): Values | undefined
}

function readSession({ [OWN]: held, ...values }: Values, flashes: readonly string[]): ReadSession {
  const space = typeof held === 'string' ? held.indexOf(' ') : -1
  const own = space === -1 ? undefined : (held as string).slice(space + 1)
  const shared: SharedSession = { values, own }
  return {
    mark: own === undefined ? undefined : (held as string).slice(0, space),
    record: (begun) => fromShared(shared, flashes, begun)
  }
}

function jsonMaps(lineEnd: string): Maps {
  return {
    encode: (values) => Buffer.from(goJson(values) + lineEnd),
    decode: (bytes) => {
      const values = parseJson(Buffer.from(bytes).toString())
      return isObject(values) ? values : undefined
    }
  }
}

function gobMaps(types: Readonly<Record<string, GoNumber>>): Maps {
  return {
    encode: (values, before, isEnd) => {
      const former = before && readTyped(before)
      const known = typeof former === 'object' ? former : undefined
      if (known?.isWhole === false && !isEnd) throw new GoValueError(ONLY_GO)
      const entries = Object.entries(values).filter(([, value]) => value !== undefined)
      const typed = entries.map(([key, value]) => [key, goValue(key, value, own(types, key), known?.values.get(key))])
      return gobOfMap(new Map(typed as [string, GoValue][]))
    },
    decode: (bytes) => {
      const map = readTyped(bytes)
      if (typeof map !== 'object') return undefined
      return Object.fromEntries([...map.values].map(([key, value]) => [key, plainValue(value)]))
    }
  }
}

const ONLY_GO = 'the session holds values of types that only the Go app knows, which would be lost: nothing was saved'

/** Whether the record is being ended, so that none of its values is kept. */
function isEnd(text: string): boolean {
  return (parseJson(text) as { readonly x?: unknown } | undefined)?.x === true
}

function own(types: Readonly<Record<string, GoNumber>>, key: string): GoNumber | undefined {
  return Object.hasOwn(types, key) ? types[key] : undefined
}
