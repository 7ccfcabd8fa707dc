import type { AsyncRecordStore, Capabilities, StoredRecord, Version } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { type ConditionalEngine, ConditionalRecords, type Held } from './internal/conditional.js'
import { envelope, openEnvelope } from './internal/envelope.js'
import { defaultTimeout, requireTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'
import { Turns } from './internal/turns.js'
import { allDone } from './internal/writes.js'
import { Nodes, type RiakFetch } from './riak/nodes.js'
import { type RiakObject, RiakObjects } from './riak/objects.js'

export type { RiakFetch, RiakRequest, RiakResponse } from './riak/nodes.js'

export interface RiakStoreOptions {
  /**
   * The address at which a node serves HTTP, such as `'http://10.0.0.5:8098'`, or several nodes, so that another one is
   * used when one fails.
   */
  readonly url: string | readonly string[]
  /** The bucket type, which must be strongly consistent: see `riakSetup`. Default: `'sessions'`. */
  readonly type?: string
  /** The bucket, which must hold only this store's records. Default: `'sessions'`. */
  readonly bucket?: string
  /**
   * Accepts a bucket type that is not strongly consistent, with `allow_mult: false`. Two processes that change a
   * session at the same time then overwrite one another, and an ended session can come back.
   */
  readonly eventual?: boolean
  /** How long to wait for one node, in milliseconds. `clear` and `sweep` wait longer. Default: 5000. */
  readonly timeout?: number
  /** A replacement of the global `fetch`, to add credentials, certificates or a dispatcher of undici. */
  readonly fetch?: RiakFetch
}

export type RiakStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup' | 'clear' | 'sweep'>>

/**
 * Keeps records in a bucket of Riak KV 2.0 or later, through its HTTP API: one object each, in a strongly consistent
 * bucket type, where the vector clock makes every write a compare-and-set. Tested against a stand-in for Riak, written
 * after its documentation and sources; never against a real server.
 *
 * - Riak calls strong consistency experimental. It is off unless `riak.conf` says `strong_consistency = on`, and needs
 *   at least three nodes. `setup` refuses a bucket type without it, unless `eventual` is set.
 * - A read or a create is one request. Any other change is two, because it starts with a read. Several changes are sent
 *   at once: Riak has no batches.
 * - The end of a record is kept in its value and judged by the app's clock. Riak removes nothing by itself. `sweep` and
 *   `clear` list the keys of the bucket, for which Riak looks through all keys of the cluster. So sweep rarely, in one
 *   process only, and turn it off in the others.
 *
 * @throws StoreConfigError when an option can't work.
 * @example
 * ```ts
 * riakStore({ url: ['http://10.0.0.5:8098', 'http://10.0.0.6:8098'] })
 * ```
 */
export function riakStore(options: RiakStoreOptions): RiakStore {
  const known = { url: true, type: true, bucket: true, eventual: true, timeout: true, fetch: true } as const
  const given = storeOptions('riak', options, known)
  const {
    type = 'sessions',
    bucket = 'sessions',
    eventual = false,
    timeout = defaultTimeout,
    fetch = globalThis.fetch
  } = given
  for (const [option, name] of Object.entries({ type, bucket })) {
    if (!/^\w[\w.-]{0,99}$/.test(name)) {
      throw new StoreConfigError('riak', `${option} must be 1 to 100 letters, digits, _, - or ., not ${name}`)
    }
  }
  requireTimeout('riak', timeout)
  const nodes = new Nodes(nodesAt(options.url), fetch)
  return new InRiak(new RiakObjects(nodes, type, bucket, eventual, timeout), type, eventual)
}

/** Returns the commands to run on one node of the cluster before the first start. Riak's HTTP API can't do it. */
export function riakSetup(type = 'sessions'): string {
  return [
    `riak admin bucket-type create ${type} '{"props":{"consistent":true}}'`,
    `riak admin bucket-type activate ${type}`
  ].join('\n')
}

interface HeldObject extends Held, RiakObject {}

class InRiak implements RiakStore {
  readonly kind = 'record'
  declare readonly capabilities?: Capabilities
  readonly #objects: RiakObjects
  readonly #records: ConditionalRecords<HeldObject>
  readonly #type: string
  readonly #eventual: boolean
  /**
   * The turns of the ids. In a bucket that is not strongly consistent, the writes of an id run one after another within
   * this process.
   */
  readonly #turns = new Turns()

  constructor(objects: RiakObjects, type: string, eventual: boolean) {
    this.#objects = objects
    this.#records = new ConditionalRecords(engineOn(objects), 'riak')
    this.#type = type
    this.#eventual = eventual
    if (eventual) this.capabilities = eventually
  }

  read(id: string): Promise<StoredRecord | undefined> {
    return this.#records.read(id)
  }

  create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return this.#inTurn(id, () => this.#records.create(id, text, expires))
  }

  update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    return this.#inTurn(id, () => this.#records.update(id, text, expires, version))
  }

  touch(id: string, expires: number): Promise<boolean> {
    return this.#inTurn(id, () => this.#records.touch(id, expires))
  }

  remove(id: string): Promise<boolean> {
    return this.#inTurn(id, () => this.#records.remove(id))
  }

  async address(): Promise<string | undefined> {
    return this.#objects.address
  }

  async setup(): Promise<void> {
    const props = await this.#objects.props()
    if (!props) throw this.#misfit(`is not there or not active: make it by\n${riakSetup(this.#type)}`)
    if (!this.#eventual && props.consistent !== true) {
      throw this.#misfit('is not strongly consistent, so that parallel requests would undo each other: see riakSetup()')
    }
    if (this.#eventual && props.consistent === true) throw this.#misfit('is strongly consistent: leave eventual out')
    if (this.#eventual && props.allow_mult !== false) throw this.#misfit('must have allow_mult: false')
  }

  async clear(): Promise<void> {
    await this.#removeAll(() => true)
  }

  sweep({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    return this.#removeAll(({ value }) => openEnvelope(value).expires <= Date.now(), signal)
  }

  #inTurn<T>(id: string, write: () => Promise<T>): Promise<T> {
    return this.#eventual ? this.#turns.take(id, write) : write()
  }

  async #removeAll(isMeant: (held: RiakObject) => boolean, signal?: AbortSignal): Promise<number> {
    if (signal?.aborted) return 0
    let removed = 0
    const removeOne = async (id: string) => {
      for (let held = await this.#objects.get(id); held && isMeant(held); held = await this.#objects.get(id)) {
        if (await this.#objects.delete(id, held)) return void removed++
      }
    }
    const ids = await this.#objects.keys()
    for (let at = 0; at < ids.length && !signal?.aborted; at += slice) {
      await allDone(ids.slice(at, at + slice).map(removeOne))
    }
    return removed
  }

  #misfit(what: string): Error {
    return new StoreConfigError('riak', `the bucket type "${this.#type}" ${what}`)
  }
}

const eventually = {
  compareAndSet: 'process',
  note: 'the bucket type of Riak is eventually consistent: parallel changes can be lost, ended sessions can come back'
} as const

/** How many records `sweep` and `clear` handle at a time. */
const slice = 20

function engineOn(objects: RiakObjects): ConditionalEngine<HeldObject> {
  return {
    async get(id) {
      const held = await objects.get(id)
      return held && { ...held, record: openEnvelope(held.value) }
    },
    put: (id, { version, expires, text }, held) => objects.put(id, envelope(String(version), expires, text), held),
    delete: (id, held) => objects.delete(id, held)
  }
}

/** @throws StoreConfigError when there is no URL, or one of another form */
function nodesAt(url: string | readonly string[]): readonly string[] {
  const urls = [url].flat()
  if (urls.length === 0) throw new StoreConfigError('riak', 'url must name one node at least: http://host:8098')
  return urls.map((each) => {
    const { protocol, origin, username, pathname } = URL.canParse(each) ? new URL(each) : new URL('none:')
    if (/^https?:$/.test(protocol) && !username && pathname === '/') return origin
    throw new StoreConfigError(
      'riak',
      'url must be like http://host:8098: credentials are added by a fetch of your own'
    )
  })
}
