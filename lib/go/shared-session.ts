import { hash } from 'node:crypto'
import { GoValueError } from '../errors.js'
import { isObject } from '../util/objects.js'
import { isTime, parseJson } from '../util/parse.js'

/**
 * A Go app and this plugin share a session as a map of values. Everything else in a record (when it began and ends, its
 * version, flash messages, its subject) is in that map too, as one text under a key of its own, which Go preserves like
 * any value that it does not know. Flash messages that Go is to see are where Go keeps them: in lists, each under the
 * key that is its kind.
 */

export type Values = Readonly<Record<string, unknown>>

/** The key of the text that only this plugin reads. */
export const OWN = '_fastify'

/**
 * The values of a session, and the rest of its record as text. `own` is `undefined` if Go made the session, or lost the
 * text.
 */
export interface SharedSession {
  readonly values: Values
  readonly own: string | undefined
}

/**
 * Splits a record's text into the values for Go and the rest. A record that was replaced or signed out has no values
 * for Go. A text that is no session, such as the list of a user's sessions, is stored under the plugin's key as it is.
 * @throws FST_SESSIONS_GO_VALUE when a key of the payload is taken by flash messages or by the plugin
 */
export function toShared(text: string, flashKeys: readonly string[]): SharedSession {
  const record = parseJson(text)
  if (!isLive(record)) return { values: {}, own: text }
  const { p = {}, f = {}, ...rest } = record as Record<string, unknown> & Parts
  const kinds = flashKeys.filter((kind) => Object.hasOwn(f, kind))
  const taken = [OWN, ...kinds].find((key) => Object.hasOwn(p, key))
  if (taken !== undefined) throw new GoValueError(`the key "${taken}" is where flashes stand, or what the plugin keeps`)
  const lists = Object.fromEntries(kinds.map((kind) => [kind, named(f[kind]).map(([, message]) => message)]))
  const names = Object.fromEntries(
    kinds.map((kind) => [kind, named(f[kind]).flatMap(([name, m]) => [name, markOf(m)])])
  )
  const others = Object.entries(f).filter(([kind]) => !kinds.includes(kind))
  const own = {
    ...rest,
    ...(others.length > 0 && { f: Object.fromEntries(others) }),
    ...(kinds.length > 0 && { g: names })
  }
  return { values: { ...p, ...lists }, own: JSON.stringify(own) }
}

/**
 * Makes a record from Go's map; or returns the plugin's own text if that says everything.
 * @param begun The members to use if the plugin's own text is missing, such as when the session began.
 */
export function fromShared(
  { values, own }: SharedSession,
  flashKeys: readonly string[],
  begun: Values
): Values | string {
  const held = own === undefined ? {} : parseJson(own)
  if (own !== undefined && !isLive(held)) return own
  const { f, g = {}, ...rest } = held as Record<string, unknown> & { readonly f?: Values; readonly g?: Names }
  const kinds = flashKeys.filter((kind) => Array.isArray(values[kind]))
  const payload = Object.entries(values).filter(([key]) => !kinds.includes(key))
  const lists = kinds.map((kind) => [kind, withNames(values[kind] as readonly unknown[], g[kind])] as const)
  const flashes = [...Object.entries(f ?? {}), ...lists.filter(([, list]) => list.length > 0)]
  return {
    ...begun,
    ...rest,
    ...(flashes.length > 0 && { f: Object.fromEntries(flashes) }),
    ...(payload.length > 0 && { p: Object.fromEntries(payload) })
  }
}

interface Parts {
  readonly p?: Values
  readonly f?: Readonly<Record<string, readonly unknown[]>>
}

/** By kind: the name of a message, the mark of its contents, the next name, and so on. */
type Names = Readonly<Record<string, readonly string[]>>

function isLive(record: unknown): record is Values {
  return isObject(record) && isTime(record['c']) && record['n'] === undefined && record['x'] === undefined
}

function named(list: readonly unknown[] = []): readonly (readonly [name: string, message: unknown])[] {
  if (typeof list[0] === 'number')
    return list.slice(1).map((message, index) => [String(Number(list[0]) + index), message])
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]] as const] : []))
}

/**
 * Gives messages their names back, which are found by the contents. A message that Go added gets a name derived from
 * its contents.
 */
function withNames(list: readonly unknown[], names: readonly string[] = []): readonly unknown[] {
  const left = names.flatMap((name, at) => (at % 2 === 0 ? [{ name, mark: names[at + 1] }] : []))
  return list.flatMap((message, index) => {
    const mark = markOf(message)
    const at = left.findIndex((one) => one.mark === mark)
    const name =
      at === -1
        ? `${mark}${list.slice(0, index).filter((other) => markOf(other) === mark).length}`
        : left.splice(at, 1)[0]?.name
    return [name, message]
  })
}

/** A hash of a message's contents, of 36 bits. */
function markOf(message: unknown): string {
  return hash('sha256', JSON.stringify(message), 'base64url').slice(0, 6)
}
