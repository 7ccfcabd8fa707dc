import type { SharedWithGo } from '../../types/go.js'
import type { AsyncRecordStore, StoredRecord, Version, Write, WriteResult } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { type Serializer, serializerFor } from '../go/serializer.js'
import { perform } from '../util/perform.js'
import { addressOf } from './internal/address.js'
import { kindOf } from './internal/clients.js'
import { freshVersion, wholeEnd } from './internal/envelope.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'
import { allDone } from './internal/writes.js'
import { type Commands, commandsOf, keysFrom } from './redis/client.js'
import type { Script } from './redis/scripts.js'
import { type BinaryClient, binaryOf, type RunBinary } from './redistore/client.js'
import * as scripts from './redistore/scripts.js'

export type { BinaryClient, BinaryIoredis, BinaryNodeRedis } from './redistore/client.js'

export interface GoRedistoreOptions extends SharedWithGo {
  /** A client of `ioredis` or of `redis` (node-redis, connected by the app), for one server or for a cluster. */
  readonly client: BinaryClient
  /** The key prefix, equal to the Go app's `SetKeyPrefix`. Default: `'session_'`, as in redistore. */
  readonly prefix?: string
  /**
   * How long the Go app keeps a session after saving it, in seconds, equal to its `SetMaxAge`. The store derives from
   * it when a session made by Go was last saved, and takes that for the session's beginning. Default: 30 days, as in
   * redistore.
   */
  readonly maxAge?: number
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

export type GoRedistore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany' | 'setup' | 'clear'>>

const MONTH = 30 * 24 * 60 * 60

/**
 * Keeps sessions in the keys and the format of boj/redistore, a store of Go apps, so that a Go app and this one read
 * and change the same sessions. The cookie has to be sealed as Go does it: `seal: goSecureCookie({ pairs })`, from
 * `fastify-sessions/seals/go-securecookie`.
 *
 * A write of this store never replaces a state that it has not read: it compares and sets, on the stored bytes. Go
 * writes a whole session without comparing. So a save of the Go app can undo what this app saved after the Go app had
 * read the session, including a sign-out.
 *
 * @throws StoreConfigError when an option can't work
 * @example
 * ```ts
 * stores: { go: goRedistore({ client, serializer: 'json' }) }
 * ```
 */
export function goRedistore(options: GoRedistoreOptions): GoRedistore {
  const known = {
    client: true,
    prefix: true,
    maxAge: true,
    timeout: true,
    serializer: true,
    types: true,
    flashes: true
  }
  const {
    client,
    prefix = 'session_',
    maxAge = MONTH,
    timeout = defaultTimeout
  } = storeOptions(NAME, options, known as never)
  const run = binaryOf(client)
  const commands = commandsOf(client as never)
  if (!run || !commands) refuse(`client must be a client of the package "ioredis" or "redis"; it is ${kindOf(client)}`)
  if (typeof prefix !== 'string' || prefix === '')
    refuse('prefix must be a text of at least one letter, or be left out')
  if (!Number.isSafeInteger(maxAge) || maxAge < 1) refuse('maxAge: expected a whole number of seconds, 1 or more')
  const serializer = serializerFor({ ...options, serializer: options.serializer ?? 'gob' }, refuse)
  return new InRedistore({ run, commands, serializer, prefix, maxAge }, asking(timeout, NAME), () => addressOf(client))
}

const NAME = 'redistore'

function refuse(reason: string): never {
  throw new StoreConfigError(NAME, reason)
}

interface Tools {
  readonly run: RunBinary
  readonly commands: Commands
  readonly serializer: Serializer
  readonly prefix: string
  readonly maxAge: number
}

/**
 * The version of a session is its stored bytes, as Latin-1. Each write of this store contains a random mark, which
 * makes its bytes unique.
 */
class InRedistore implements GoRedistore {
  readonly kind = 'record'
  readonly capabilities = {
    compareAndSet: 'shared',
    note: 'what a Go app saves can undo what was saved here since it read the session, also a sign-out'
  } as const
  readonly #tools: Tools
  readonly #ask: Ask
  readonly #where: () => string | undefined

  constructor(tools: Tools, ask: Ask, where: () => string | undefined) {
    this.#tools = tools
    this.#ask = ask
    this.#where = where
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const answer = (await this.#run(scripts.read, id, [])) as readonly [Buffer, number] | null
    return answer === null ? undefined : this.#opened(...answer)
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return this.#write(scripts.create, id, text, expires)
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    return this.#write(scripts.update, id, text, expires, Buffer.from(String(version), 'latin1'))
  }

  async touch(id: string, expires: number): Promise<boolean> {
    return Number(await this.#run(scripts.touch, id, [String(wholeEnd(expires))])) === 1
  }

  async remove(id: string): Promise<boolean> {
    return Number(await this.#run(scripts.remove, id, [])) === 1
  }

  readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    return allDone(ids.map((id) => this.read(id)))
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return allDone(writes.map((write) => perform(this, write)))
  }

  async address(): Promise<string | undefined> {
    return this.#where()
  }

  /**
   * Runs the command of a later request, so that an unreachable server or a missing permission is reported at start.
   */
  async setup(): Promise<void> {
    await this.touch('setup', 0)
  }

  /** Removes all sessions, including those of the Go app, because they are the same. */
  async clear(): Promise<void> {
    const { commands, prefix } = this.#tools
    const pages = keysFrom(commands, prefix)
    const next = () => this.#ask(() => pages.next())
    for (let page = await next(); !page.done; page = await next()) {
      await allDone(page.value.map((key) => this.#ask((late) => commands.del(key, late))))
    }
  }

  #opened(bytes: Buffer, ends: number): StoredRecord | undefined {
    const { serializer, maxAge } = this.#tools
    const session = serializer.read(bytes)
    if (session === undefined) return undefined
    const now = Date.now()
    const expires = ends < 0 ? now + maxAge * 1000 : ends
    const record = session.record({ c: Math.min(now, expires - maxAge * 1000) })
    const text = typeof record === 'string' ? record : JSON.stringify(record)
    return { text, version: bytes.toString('latin1'), expires }
  }

  async #write(
    script: Script,
    id: string,
    text: string,
    expires: number,
    before?: Buffer
  ): Promise<Version | undefined> {
    const bytes = this.#tools.serializer.write(text, freshVersion(), before)
    const parameters = [String(wholeEnd(expires)), bytes, ...(before ? [before] : [])]
    return Number(await this.#run(script, id, parameters)) === 1 ? bytes.toString('latin1') : undefined
  }

  #run(script: Script, id: string, parameters: readonly (string | Buffer)[]): Promise<unknown> {
    const { run, prefix } = this.#tools
    return this.#ask((late) => run(script, prefix + id, parameters, late))
  }
}
