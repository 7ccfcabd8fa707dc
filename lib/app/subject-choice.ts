import type { ListOptions, Which } from '../../types/register.js'
import { ConfigError } from '../errors.js'
import { idsOf } from '../session/former-ids.js'
import type { Cursor, Wanted } from './subject-list.js'
import type { Choice } from './subject-revoke.js'

/** Checks the options of `app.sessions.of()`. @throws FST_SESSIONS_CONFIG */
export function wantedOf(options: ListOptions | undefined): Pick<Wanted, 'limit' | 'after'> {
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    refuse('of', `expected { limit, after } or nothing, got ${options === null ? 'null' : typeof options}`)
  }
  const { limit = Number.POSITIVE_INFINITY, after } = options ?? {}
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(limit) && limit >= 1)) {
    refuse('of', `limit: expected a whole number from 1, got ${typeof limit === 'number' ? limit : typeof limit}`)
  }
  return { limit, after: after === undefined ? undefined : parseCursor(after) }
}

/** Formats a cursor, which is opaque to the app: the time of entry, the id, the store and the page. */
export function formatCursor({ entered, id, store, page }: Cursor): string {
  return `${entered}.${id}.${store}.${page}`
}

function parseCursor(text: unknown): Cursor {
  const [, entered, id, store, page] =
    CURSOR.exec(String(text)) ?? refuse('of', 'after: expected the cursor of a session')
  return { entered: Number(entered), id: id as string, store: Number(store), page: Number(page) }
}

const CURSOR = /^(\d{1,16})\.([\w-]{43})\.(\d{1,9})\.(\d{1,15})$/

/** Checks the second argument of `app.sessions.revoke()`. @throws FST_SESSIONS_CONFIG */
export function choiceOf(which: Which | undefined): Choice {
  if (which === undefined) return {}
  const { except, only } = Object(which) as { readonly except?: unknown; readonly only?: unknown }
  if (except !== undefined && only !== undefined) refuse('revoke', 'expected { except } or { only }, got both')
  return except !== undefined ? { except: idsIn(except) } : { only: idsIn(only) }
}

function idsIn(named: unknown): readonly string[] {
  const id = typeof named === 'string' ? named : Object(named).id
  if (typeof id === 'string' && id !== '') return idsOf(id)
  return refuse('revoke', `expected { except } or { only }, with a session of a record store or its id`)
}

function refuse(method: string, reason: string): never {
  throw new ConfigError(`app.sessions.${method}(): ${reason}`)
}
