import type { PageWanted, StoredSession } from '../../types/register.js'
import type { ListedRecord, RecordPage, RecordStore } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { ConfigError, StoreUnsupportedError } from '../errors.js'
import { parseRecord } from '../records/record.js'
import { subjectsOf } from '../records/subjects.js'
import { endedBy } from '../session/lifetime.js'
import { otherOption } from '../util/objects.js'

/** The default for the number of records of a page. */
const LIMIT = 100

/** The most records of a page. An engine has to return all of them at once, and the process holds them in memory. */
const MOST = 1000

/** The options of `app.sessions.list()`, checked. */
interface Wanted {
  readonly store: string | undefined
  readonly limit: number
  readonly after: string | undefined
}

/** Checks the options of `app.sessions.list()`. @throws FST_SESSIONS_CONFIG */
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
 * Returns a page of all records of a store, including those that the plugin uses internally. Rejects with
 * FST_SESSIONS_UNSUPPORTED if the store can't list its records.
 */
export async function recordPage(name: string, store: RecordStore, limit: number, after?: string): Promise<RecordPage> {
  requireList(name, store)
  return store.list({ limit, after })
}

/** Checks that a store can list its records. @throws FST_SESSIONS_UNSUPPORTED when it can't */
export function requireList(
  name: string,
  store: RecordStore
): asserts store is RecordStore & Pick<Required<RecordStore>, 'list'> {
  if (store.list !== undefined) return
  throw new StoreUnsupportedError(name, 'can not list its records: its engine has no way to go through them all')
}

/**
 * Returns the live sessions among records. A subject's index, a replaced record and the mark of an ended session are
 * not sessions.
 */
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

/** Returns the definition of a record. A record has no name if the store holds the sessions of a single definition. */
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
