import { hash } from 'node:crypto'
import { GoValueError } from '../errors.js'
import { isObject } from '../util/objects.js'
import { isTime, parseJson } from '../util/parse.js'

/*
 * What a Go app and this plugin share of a session is a map of values. All that a record of ours holds beside its payload
 * (when it began and ends, its version, flashes, its subject) stands in that map as well, as one text under a key of its
 * own, which Go keeps as it keeps any value that it does not know. Flashes that Go is to see stand where it has them: in
 * lists, each under the key that is its kind.
 */

export type Values = Readonly<Record<string, unknown>>

/** The key of what only this plugin reads. */
export const OWN = '_fastify'

/** The values, and what stands beside them; `own` is `undefined` where Go made the session, or lost it. */
export interface SharedSession {
  readonly values: Values
  readonly own: string | undefined
}

/**
 * What of a record's text Go is to hold. An id that was replaced, or signed out, holds nothing for Go; and what is no
 * session, such as the list of a user's sessions, stands under our key as it is.
 * @throws FST_SESSIONS_GO_VALUE when a value of the payload would stand where something else does
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
 * The record that Go's map makes, and the text of ours where that says all.
 * @param begun what the session is otherwise taken to have begun with
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

/** By kind: the name of a message, the mark of what it says, the next name, and so on. */
type Names = Readonly<Record<string, readonly string[]>>

function isLive(record: unknown): record is Values {
  return isObject(record) && isTime(record['c']) && record['n'] === undefined && record['x'] === undefined
}

function named(list: readonly unknown[] = []): readonly (readonly [name: string, message: unknown])[] {
  if (typeof list[0] === 'number')
    return list.slice(1).map((message, index) => [String(Number(list[0]) + index), message])
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]] as const] : []))
}

/** Messages keep the names that they had, by what they say; one that Go added is named after that. */
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

/** 36 bits. */
function markOf(message: unknown): string {
  return hash('sha256', JSON.stringify(message), 'base64url').slice(0, 6)
}
