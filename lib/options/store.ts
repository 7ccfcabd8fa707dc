import type { RecordStore, Store } from '../../types/store.js'
import { ConfigError } from '../errors.js'
import { isPromise } from '../util/awaitable.js'

const REQUIRED = ['read', 'create', 'update', 'touch', 'remove'] as const satisfies (keyof RecordStore)[]
const OPTIONAL = [
  'readMany',
  'saveMany',
  'list',
  'setup',
  'clear',
  'sweep',
  'close'
] as const satisfies (keyof RecordStore)[]

/**
 * Checks that a store has every method. Otherwise it would fail at the first request that needs the missing one,
 * perhaps at the first sign-out.
 * @throws FST_SESSIONS_CONFIG
 */
export function checkStore(name: string, store: Store): void {
  const refuse = (reason: string): never => {
    throw new ConfigError(`stores: "${name}" ${reason}`)
  }
  if (isPromise(store)) refuse('is a promise: await it')
  if (store?.kind === 'cookie') return
  if (store?.kind !== 'record') {
    refuse('is not a store: expected what a store function returns, such as fileStore({…})')
  }
  const record = store as RecordStore
  const missing = REQUIRED.find((method) => typeof record[method] !== 'function')
  if (missing !== undefined) refuse(`has no ${missing}(): a record store has ${REQUIRED.join('(), ')}()`)
  const wrong = OPTIONAL.find((method) => record[method] !== undefined && typeof record[method] !== 'function')
  if (wrong !== undefined) refuse(`has a ${wrong} that is not a function`)
}
