import type { PageWanted, StoredSession } from '../../types/register.js'
import type { ListedRecord, RecordPage, RecordStore } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { ConfigError, StoreUnsupportedError } from '../errors.js'
import { parseRecord } from '../records/record.js'
import { subjectsOf } from '../records/subjects.js'
import { endedBy } from '../session/lifetime.js'
import { otherOption } from '../util/objects.js'

/** Of a page, where nothing else is said. */
const LIMIT = 100

/** What a page holds in memory at once, and an engine is asked for. */
const MOST = 1000

/** What `list` was told, checked. */
interface Wanted {
  readonly store: string | undefined
  readonly limit: number
  readonly after: string | undefined
}

/** @throws FST_SESSIONS_CONFIG */
export function pageWanted(options: PageWanted | undefined): Wanted {
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    refuse(`expected { store, limit, after } or nothing, got ${options === null ? 'null' : typeof options}`)
  }
  const other = otherOption(options ?? {}, ['store', 'limit', 'after'])
  if (other !== undefined) refuse(other)
  const { store, limit = LIMIT, after } = options ?? {}
  if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST)) {
    refuse(`limit: expected a whole number from 1 to ${MOST}, got ${typeof limit === 'number' ? limit : typeof limit}`)
  }
  if (after !== undefined && (typeof after !== 'string' || after === '')) refuse('after: expected the next of a page')
  return { store, limit, after }
}

/**
 * A page of all records of a store, also of those that the plugin keeps for itself.
 * @throws FST_SESSIONS_UNSUPPORTED
 */
export async function recordPage(name: string, store: RecordStore, limit: number, after?: string): Promise<RecordPage> {
  requireList(name, store)
  return store.list({ limit, after })
}

/** @throws FST_SESSIONS_UNSUPPORTED */
export function requireList(
  name: string,
  store: RecordStore
): asserts store is RecordStore & Pick<Required<RecordStore>, 'list'> {
  if (store.list !== undefined) return
  throw new StoreUnsupportedError(name, 'can not list its records: its engine has no way to go through them all')
}

/** The live sessions among records. Lists of a subject's sessions, and what stays of a replaced or ended one, are none. */
export function sessionsIn(
  records: readonly ListedRecord[],
  definitions: readonly ResolvedDefinition[],
  cutoffs: { readonly now: number; readonly clearedAt: number }
): readonly StoredSession[] {
  return records.flatMap(({ id, text, expires }) => {
    const record = parseRecord(text)
    if (record === undefined || record.n !== undefined || record.x !== undefined) return []
    const definition = definitionOf(record.d, definitions)
    if (endedBy(record.c, expires, definition?.absolute ?? Number.POSITIVE_INFINITY, cutoffs) !== undefined) return []
    return {
      id,
      name: definition?.name,
      subjects: subjectsOf(record),
      createdAt: new Date(record.c),
      expiresAt: new Date(expires)
    }
  })
}

/** Where a store has the sessions of one definition, they do not tell its name. */
export function definitionOf(
  name: string | undefined,
  ofStore: readonly ResolvedDefinition[]
): ResolvedDefinition | undefined {
  if (name !== undefined) return ofStore.find((definition) => definition.name === name)
  return ofStore.length === 1 ? ofStore[0] : undefined
}

function refuse(reason: string): never {
  throw new ConfigError(`app.sessions.list(): ${reason}`)
}
