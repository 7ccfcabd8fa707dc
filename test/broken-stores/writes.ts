import type { StoredRecord, Version } from '../../types/store.js'
import { type Bug, roundTrip, SoundStore } from './sound-store.js'

/** Mistakes of single reads and writes, without concurrency. */
export const writeBugs: readonly Bug[] = [
  {
    bug: 'the store does not say what kind it is',
    promise: 'a store says that it is a record store',
    Store: class extends SoundStore {
      override readonly kind = 'records' as 'record'
    }
  },
  {
    bug: 'read answers null when there is nothing',
    promise: 'an id that was never written is absent for every method',
    Store: class extends SoundStore {
      override async read(id: string) {
        return this.live(id) ?? (null as unknown as undefined)
      }
    }
  },
  {
    bug: 'remove answers how many rows it removed',
    promise: 'remove ends a record once, for every client',
    Store: class extends SoundStore {
      override async remove(id: string) {
        return Number(await super.remove(id)) as unknown as boolean
      }
    }
  },
  {
    bug: 'every client has records of its own',
    promise: 'what create wrote is read, by this client and by another',
    Store: class extends SoundStore {
      #own = new Map(this.engine.rows)
      override get rows() {
        return this.#own
      }
    }
  },
  {
    bug: 'records go when their client closes',
    promise: 'a record outlives the client that wrote it',
    Store: class extends SoundStore {
      override close() {
        return this.clear()
      }
    }
  },
  {
    bug: 'create overwrites',
    promise: 'create leaves a live record alone and answers undefined',
    Store: class extends SoundStore {
      override async create(id: string, text: string, expires: number) {
        return this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'a removed row keeps its id taken',
    promise: 'an id can be created again after remove',
    Store: class extends SoundStore {
      override async remove(id: string) {
        const row = this.live(id)
        if (row) this.rows.set(this.key(id), { ...row, expires: 0 })
        return row !== undefined
      }
      override async create(id: string, text: string, expires: number) {
        return this.rows.has(this.key(id)) ? undefined : this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'update writes blindly, whatever is there',
    promise: 'a slow writer cannot bring a removed record back',
    Store: class extends SoundStore {
      override async update(id: string, text: string, expires: number) {
        return this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'update asks only whether the record is there',
    promise: 'update of an older version changes nothing and answers undefined',
    Store: class extends SoundStore {
      override async update(id: string, text: string, expires: number) {
        return this.live(id) && this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'update of an older version writes nothing, yet moves the end',
    promise: 'update of an older version changes nothing and answers undefined',
    Store: class extends SoundStore {
      override async update(id: string, text: string, expires: number, version: Version) {
        const written = await super.update(id, text, expires, version)
        if (written === undefined) await this.touch(id, expires)
        return written
      }
    }
  },
  {
    bug: 'update keeps the old end',
    promise: 'update replaces the state that it names: text, version and end',
    Store: class extends SoundStore {
      override update(id: string, text: string, expires: number, version: Version) {
        return super.update(id, text, this.live(id)?.expires ?? expires, version)
      }
    }
  },
  {
    bug: 'update answers undefined when the row is the same as before',
    promise: 'update works when neither text nor end change',
    Store: class extends SoundStore {
      override async update(id: string, text: string, expires: number, version: Version) {
        const before = this.live(id)
        if (before?.text === text && before.expires === expires) return undefined
        return super.update(id, text, expires, version)
      }
    }
  },
  {
    bug: 'touch never brings the end nearer',
    promise: 'touch moves the end both ways, and neither text nor version',
    Store: class extends SoundStore {
      override touch(id: string, expires: number) {
        return super.touch(id, Math.max(expires, this.live(id)?.expires ?? 0))
      }
    }
  },
  {
    bug: 'touch answers false when the row is the same as before',
    promise: 'touch answers true when the end stays where it is',
    Store: class extends SoundStore {
      override async touch(id: string, expires: number) {
        return this.live(id)?.expires !== expires && super.touch(id, expires)
      }
    }
  },
  {
    bug: 'touch makes a new version',
    promise: 'a writer that read before a touch can still update',
    Store: class extends SoundStore {
      override async touch(id: string, expires: number) {
        const row = this.live(id)
        if (row) this.put(id, row.text, expires)
        return row !== undefined
      }
    }
  },
  {
    bug: 'touch makes a record where there is none',
    promise: 'an id that was never written is absent for every method',
    Store: class extends SoundStore {
      override async touch(id: string, expires: number) {
        const row = this.live(id)
        if (!row) this.put(id, '', expires)
        return super.touch(id, expires)
      }
    }
  },
  {
    bug: 'touch answers true for what is not there',
    promise: 'an id that was never written is absent for every method',
    Store: class extends SoundStore {
      override async touch(id: string, expires: number) {
        await super.touch(id, expires)
        return true
      }
    }
  },
  {
    bug: 'remove answers true for what is not there',
    promise: 'remove ends a record once, for every client',
    Store: class extends SoundStore {
      override async remove(id: string) {
        this.rows.delete(this.key(id))
        return true
      }
    }
  },
  {
    bug: 'remove leaves a stone that update can revive',
    promise: 'a slow writer cannot bring a removed record back',
    Store: class extends SoundStore {
      override async remove(id: string) {
        const row = this.live(id)
        if (row) this.rows.set(this.key(id), { ...row, expires: 0 })
        return row !== undefined
      }
      override async update(id: string, text: string, expires: number, version: Version) {
        return this.rows.get(this.key(id))?.version === version ? this.put(id, text, expires) : undefined
      }
    }
  },
  {
    bug: 'remove waits for a while before it happens',
    promise: 'remove ends a record once, for every client',
    Store: class extends SoundStore {
      override async remove(id: string) {
        const row = this.live(id)
        if (row) roundTrip().then(() => super.remove(id))
        return row !== undefined
      }
    }
  },
  {
    bug: 'a client goes on reading what it has read once',
    promise: 'update replaces the state that it names: text, version and end',
    Store: class extends SoundStore {
      #read = new Map<string, StoredRecord>()
      override async read(id: string) {
        const record = this.#read.get(id) ?? this.live(id)
        if (record) this.#read.set(id, record)
        return record
      }
    }
  },
  {
    bug: 'a retired record can be updated by whoever knows any version of it',
    promise: 'a slow writer cannot write over a retired record',
    Store: class extends SoundStore {
      #seen = new Map<string, Set<Version>>()
      override put(id: string, text: string, expires: number) {
        const version = super.put(id, text, expires)
        this.#seen.set(id, (this.#seen.get(id) ?? new Set()).add(version))
        return version
      }
      override async update(id: string, text: string, expires: number, version: Version) {
        const known = this.live(id)?.version === version || this.#seen.get(id)?.has(version)
        return this.live(id) && known ? this.put(id, text, expires) : undefined
      }
    }
  }
]
