import type {
  PageOptions,
  RecordPage,
  RecordStore,
  StoredRecord,
  Version,
  Write,
  WriteResult
} from '../../types/store.js'

/** A stand-in for a database server, which several clients and several stores may share. */
export class Engine {
  readonly rows = new Map<string, Row>()
  lastVersion = 0
  isUp = true
}

export interface Row {
  readonly text: string
  readonly version: Version
  readonly expires: number
}

/** A store that keeps the contract. Its methods are small steps that a broken store can override. */
export class SoundStore implements Required<Omit<RecordStore, 'capabilities' | 'address'>> {
  readonly kind = 'record'
  readonly engine: Engine
  readonly table: string

  constructor(engine: Engine, table: string) {
    this.engine = engine
    this.table = table
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return this.live(id)
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return this.live(id) ? undefined : this.put(id, text, expires)
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    return this.live(id)?.version === version ? this.put(id, text, expires) : undefined
  }

  async touch(id: string, expires: number): Promise<boolean> {
    const row = this.live(id)
    if (row) this.rows.set(this.key(id), { ...row, expires: this.end(expires) })
    return row !== undefined
  }

  async remove(id: string): Promise<boolean> {
    return this.live(id) !== undefined && this.rows.delete(this.key(id))
  }

  readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    return Promise.all(ids.map((id) => this.read(id)))
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return Promise.all(writes.map((write) => this.save(write)))
  }

  async list({ after = '', limit }: PageOptions): Promise<RecordPage> {
    const idOf = (key: string) => key.slice(key.indexOf(':') + 1)
    const live = this.keysToList().filter((key) => this.isListed(this.rows.get(key)))
    const behind = live.map((key) => ({ id: idOf(key), ...(this.rows.get(key) as Row) })).filter(({ id }) => id > after)
    const records = behind.sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit)
    return { records, next: behind.length > limit ? records.at(-1)?.id : undefined }
  }

  keysToList(): string[] {
    return [...this.keys()]
  }

  isListed(row: Row | undefined): boolean {
    return this.isLive(row)
  }

  async setup(): Promise<void> {}

  async clear(): Promise<void> {
    for (const key of this.keys()) this.rows.delete(key)
  }

  async sweep({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    const expired = this.keys().filter((key) => !signal?.aborted && !this.isLive(this.rows.get(key)))
    return expired.filter((key) => this.rows.delete(key)).length
  }

  async close(): Promise<void> {}

  get rows(): Map<string, Row> {
    if (!this.engine.isUp) throw new Error('connection refused')
    return this.engine.rows
  }

  key(id: string): string {
    return `${this.table}:${id}`
  }

  keys(): readonly string[] {
    return [...this.rows.keys()].filter((key) => key.startsWith(`${this.table}:`))
  }

  live(id: string): Row | undefined {
    const row = this.rows.get(this.key(id))
    return this.isLive(row) ? row : undefined
  }

  isLive(row: Row | undefined): boolean {
    return row !== undefined && row.expires > Date.now()
  }

  put(id: string, text: string, expires: number): Version {
    const version = this.nextVersion(id, text)
    this.rows.set(this.key(id), { text: this.keep(text), version, expires: this.end(expires) })
    return version
  }

  /** Returns the text as the engine keeps it. */
  keep(text: string): string {
    return text
  }

  /** Returns the end as the engine keeps it. */
  end(expires: number): number {
    return expires
  }

  nextVersion(_id: string, _text: string): Version {
    return ++this.engine.lastVersion
  }

  save(write: Write): Promise<WriteResult> {
    switch (write.kind) {
      case 'create':
        return this.create(write.id, write.text, write.expires)
      case 'update':
        return this.update(write.id, write.text, write.expires, write.version)
      case 'touch':
        return this.touch(write.id, write.expires)
      case 'remove':
        return this.remove(write.id)
    }
  }
}

/** A mistake that the author of a store can make. */
export interface Bug {
  readonly bug: string
  /** The conformance case for this mistake; others may notice it too. */
  readonly promise: string
  readonly Store: new (engine: Engine, table: string) => SoundStore
}

/** A round trip to the engine, during which other clients get their turn. */
export function roundTrip(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
