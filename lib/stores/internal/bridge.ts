import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AsyncRecordStore, StoredRecord, Version } from '../../../types/store.js'
import { envelope, freshVersion, openEnvelope, wholeEnd } from './envelope.js'
import { turnsOf } from './turns.js'

/** What a bridge needs of the other side: values by key, and nothing else. */
export interface Engine {
  /** What `put` was given, or anything else when there is none. */
  get(id: string): Promise<unknown>
  put(id: string, value: string, expires: number): Promise<void>
  drop(id: string): Promise<void>
  /** For engines that can forget all of this store's records at once. */
  clear?(): Promise<void>
  /** For engines that can tell what they hold; needed where nothing else removes what has expired. */
  ids?(): Promise<readonly string[]>
}

/** A record store whose methods take turns by id, which makes each of them atomic within this process. */
export type Bridge = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'clear' | 'sweep'>>

/**
 * A record store over an engine that can only get and put: to look and then to write is not atomic there, so whatever
 * concerns one id waits its turn. Reads do as well, for some engines show a value that is half written.
 *
 * @param client what the user handed in: two bridges over the same one take turns with each other.
 */
export function bridge(client: object, engine: Engine): Bridge {
  const turns = turnsOf(client)
  const live = async (id: string) => liveRecord(await engine.get(id))

  const put = async (id: string, text: string, expires: number, version = freshVersion()): Promise<Version> => {
    const end = wholeEnd(expires)
    if (end > Date.now()) await engine.put(id, envelope(version, end, text), end)
    else await engine.drop(id)
    return version
  }

  return {
    kind: 'record',
    capabilities: {
      compareAndSet: 'process',
      note: 'parallel requests to several processes can overwrite one another, and undo a sign-out'
    },

    read: (id) => turns.take(id, () => live(id)),

    create: (id, text, expires) =>
      turns.take(id, async () => ((await live(id)) === undefined ? put(id, text, expires) : undefined)),

    update: (id, text, expires, version) =>
      turns.take(id, async () => ((await live(id))?.version === version ? put(id, text, expires) : undefined)),

    touch: (id, expires) =>
      turns.take(id, async () => {
        const record = await live(id)
        if (record !== undefined) await put(id, record.text, expires, String(record.version))
        return record !== undefined
      }),

    remove: (id) =>
      turns.take(id, async () => {
        const record = await live(id)
        if (record !== undefined) await engine.drop(id)
        return record !== undefined
      }),

    clear: () =>
      turns.alone(async () => {
        if (engine.clear) return engine.clear()
        for (const id of (await engine.ids?.()) ?? []) await engine.drop(id)
      }),

    sweep: async ({ signal } = {}) => {
      let swept = 0
      if (signal?.aborted) return swept
      for (const id of (await engine.ids?.()) ?? []) {
        if (signal?.aborted) break
        if (await turns.take(id, () => dropExpired(engine, id))) swept++
        await nextTurn()
      }
      return swept
    }
  }
}

async function dropExpired(engine: Engine, id: string): Promise<boolean> {
  const value = await engine.get(id)
  if (!isEnvelope(value) || openEnvelope(value).expires > Date.now()) return false
  await engine.drop(id)
  return true
}

function liveRecord(value: unknown): StoredRecord | undefined {
  if (!isEnvelope(value)) return undefined
  const record = openEnvelope(value)
  return record.expires > Date.now() ? record : undefined
}

function isEnvelope(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{12} \d{16}\n/.test(value)
}
