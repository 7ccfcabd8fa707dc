import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AsyncRecordStore, StoredRecord, Version } from '../../../types/store.js'
import { envelope, freshVersion, openEnvelope, wholeEnd } from './envelope.js'
import { asking, defaultTimeout } from './in-time.js'
import { turnsOf } from './turns.js'

/** The engine behind a bridge: values by key, and nothing else. */
export interface Engine {
  /** Resolves to the value that `put` was given, or to anything that is no such value when the key has none. */
  get(id: string): Promise<unknown>
  put(id: string, value: string, expires: number): Promise<void>
  drop(id: string): Promise<void>
  /** Removes all records of this store. Only for engines that can do so at once. */
  clear?(): Promise<void>
  /**
   * Lists the ids of all records. Only for engines that can list their keys; needed where nothing else removes expired
   * records.
   */
  ids?(): Promise<readonly string[]>
}

/**
 * A record store in which the calls for one id run one after another, so that each call is atomic within this process.
 */
export type Bridge = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup' | 'clear' | 'sweep'>>

export interface BridgeOptions {
  /** How long a call may take, in milliseconds, before it rejects. Default: 5000. */
  readonly timeout?: number | undefined
}

/**
 * Makes a record store over an engine that can only get and put. Reading and then writing is not atomic in such an
 * engine, so the calls for one id run one after another. That includes reads, because some engines return a value that
 * is half written.
 *
 * A call that exceeds the timeout rejects and sends nothing more to the engine. A request that it has already sent may
 * still be carried out. So the call holds its turn until the engine has answered that request, and later calls for the
 * same id wait behind it; they reject after the timeout too.
 *
 * @param name The store's name, for errors.
 * @param client The client that the app passed in. Bridges over the same client share their turns.
 * @throws StoreConfigError when the timeout is not a duration that a timer can wait
 */
export function bridge(name: string, client: object, engine: Engine, options: BridgeOptions = {}): Bridge {
  const turns = turnsOf(client)
  const ask = asking(options.timeout ?? defaultTimeout, name)
  const turn = <T>(id: string, task: (engine: Engine) => Promise<T>) =>
    ask((late) => turns.take(id, () => task(whileInTime(engine, late))))

  return {
    kind: 'record',
    capabilities: {
      compareAndSet: 'process',
      note: 'parallel requests to several processes can overwrite one another, and undo a sign-out'
    },

    read: (id) => turn(id, (engine) => live(engine, id)),

    create: (id, text, expires) =>
      turn(id, async (engine) => ((await live(engine, id)) === undefined ? put(engine, id, text, expires) : undefined)),

    update: (id, text, expires, version) =>
      turn(id, async (engine) =>
        (await live(engine, id))?.version === version ? put(engine, id, text, expires) : undefined
      ),

    touch: (id, expires) =>
      turn(id, async (engine) => {
        const record = await live(engine, id)
        if (record !== undefined) await put(engine, id, record.text, expires, String(record.version))
        return record !== undefined
      }),

    remove: (id) =>
      turn(id, async (engine) => {
        const record = await live(engine, id)
        if (record !== undefined) await engine.drop(id)
        return record !== undefined
      }),

    setup: async () => void (await ask(() => engine.get('setup'))),

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
        if (await turn(id, (engine) => dropExpired(engine, id))) swept++
        await nextTurn()
      }
      return swept
    }
  }
}

/**
 * The engine as one call sees it. Every operation throws once the call has timed out, because no caller waits for the
 * outcome any more.
 */
function whileInTime(engine: Engine, late: AbortSignal): Engine {
  return {
    get: async (id) => {
      late.throwIfAborted()
      return engine.get(id)
    },
    put: async (id, value, expires) => {
      late.throwIfAborted()
      return engine.put(id, value, expires)
    },
    drop: async (id) => {
      late.throwIfAborted()
      return engine.drop(id)
    }
  }
}

async function live(engine: Engine, id: string): Promise<StoredRecord | undefined> {
  return liveRecord(await engine.get(id))
}

async function put(
  engine: Engine,
  id: string,
  text: string,
  expires: number,
  version = freshVersion()
): Promise<Version> {
  const end = wholeEnd(expires)
  if (end > Date.now()) await engine.put(id, envelope(version, end, text), end)
  else await engine.drop(id)
  return version
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
