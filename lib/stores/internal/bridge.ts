import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AsyncRecordStore, StoredRecord, Version } from '../../../types/store.js'
import { envelope, freshVersion, openEnvelope, wholeEnd } from './envelope.js'
import { asking, defaultTimeout } from './in-time.js'
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
export type Bridge = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup' | 'clear' | 'sweep'>>

export interface BridgeOptions {
  /** How long a call may take, in milliseconds, before it rejects. Default: 5000. */
  readonly timeout?: number | undefined
}

/**
 * A record store over an engine that can only get and put: to look and then to write is not atomic there, so whatever
 * concerns one id waits its turn. Reads do as well, for some engines show a value that is half written.
 *
 * A call that takes too long rejects, and asks for nothing more. What it did ask for may still be done, so its turn ends
 * only when the engine has answered: until then the calls for the same id that come after it reject in time as well.
 *
 * @param name the store's, in errors
 * @param client what the user handed in: two bridges over the same one take turns with each other.
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

/** What a call may ask of the engine, until it is given up: nobody waits for the outcome any more. */
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
