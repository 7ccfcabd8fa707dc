import type { StoredRecord } from '../../types/store.js'
import { parseRecord, type SessionRecord } from '../records/record.js'
import { subjectsOf } from '../records/subjects.js'

/** What a record holds; its values only where they are asked for. */
export function describe(record: SessionRecord, isWithValues: boolean) {
  const { c, v = 1, m, n, x, p = {}, f = {} } = record
  const messages = Object.entries(f).filter(([kind]) => /^\w/.test(kind))
  return {
    subjects: subjectsOf(record),
    createdAt: new Date(c),
    version: v,
    persist: m,
    state: stateOf(n, x),
    keys: Object.fromEntries(Object.entries(p).map(([key, value]) => [key, kindOf(value)])),
    messages: messages.map(([kind]) => kind),
    ...(isWithValues && { values: p })
  }
}

/** The same of what a store gave; what is no record of a session is only called so. */
export function describeStored(store: string, { text, expires, version }: StoredRecord, isWithValues: boolean) {
  const record = parseRecord(text)
  const recordBytes = Buffer.byteLength(text)
  const about = { store, recordBytes, recordVersion: version, expiresAt: new Date(expires) }
  return record === undefined
    ? { ...about, state: 'no record of a session' }
    : { ...about, ...describe(record, isWithValues) }
}

function stateOf(n: SessionRecord['n'], x: SessionRecord['x']): string {
  if (x) return 'ended'
  return n === undefined ? 'live' : `replaced by ${n[0]}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? `array of ${value.length}` : typeof value
}
