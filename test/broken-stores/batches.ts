import type { StoredRecord, Write, WriteResult } from '../../types/store.js'
import { type Bug, roundTrip, SoundStore } from './sound-store.js'

/** Batches that differ from the single calls. */
export const batchBugs: readonly Bug[] = [
  {
    bug: 'readMany answers in the order of the engine',
    promise: 'readMany answers what read answers, in the order of the ids',
    Store: class extends SoundStore {
      override readMany(ids: readonly string[]) {
        const keys = this.keys()
        return super.readMany(ids.toSorted((a, b) => keys.indexOf(this.key(a)) - keys.indexOf(this.key(b))))
      }
    }
  },
  {
    bug: 'readMany leaves out what it does not find',
    promise: 'readMany answers what read answers, in the order of the ids',
    Store: class extends SoundStore {
      override async readMany(ids: readonly string[]) {
        return (await super.readMany(ids)).filter((record) => record !== undefined)
      }
    }
  },
  {
    bug: 'readMany answers an id once',
    promise: 'readMany answers an id that is asked twice twice',
    Store: class extends SoundStore {
      override readMany(ids: readonly string[]) {
        return super.readMany([...new Set(ids)])
      }
    }
  },
  {
    bug: 'readMany refuses an empty list',
    promise: 'readMany of no ids answers an empty list',
    Store: class extends SoundStore {
      override async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
        if (ids.length === 0) throw new Error('syntax error near "IN ()"')
        return super.readMany(ids)
      }
    }
  },
  {
    bug: 'readMany takes 50 ids at the most',
    promise: 'readMany reads a hundred records',
    Store: class extends SoundStore {
      override readMany(ids: readonly string[]) {
        return super.readMany(ids.slice(0, 50))
      }
    }
  },
  {
    bug: 'saveMany stops at the first write that did not work',
    promise: 'saveMany does what the single methods do, each write on its own',
    Store: class extends SoundStore {
      override async saveMany(writes: readonly Write[]) {
        const results: WriteResult[] = []
        for (const write of writes) {
          const failed = results.length > 0 && !results.at(-1)
          results.push(failed ? undefined : await this.save(write))
        }
        return results
      }
    }
  },
  {
    bug: 'saveMany does nothing unless all works',
    promise: 'saveMany does what the single methods do, each write on its own',
    Store: class extends SoundStore {
      override async saveMany(writes: readonly Write[]) {
        const before = new Map(this.rows)
        const results = await super.saveMany(writes)
        if (results.every(Boolean)) return results
        this.rows.clear()
        for (const [key, row] of before) this.rows.set(key, row)
        return results.map(() => undefined)
      }
    }
  },
  {
    bug: 'saveMany answers sorted by kind',
    promise: 'saveMany does what the single methods do, each write on its own',
    Store: class extends SoundStore {
      override saveMany(writes: readonly Write[]) {
        return super.saveMany(writes.toSorted((a, b) => a.kind.localeCompare(b.kind)))
      }
    }
  },
  {
    bug: 'saveMany forgets the touches',
    promise: 'saveMany does what the single methods do, each write on its own',
    Store: class extends SoundStore {
      override async saveMany(writes: readonly Write[]) {
        const answer = async (write: Write) =>
          write.kind === 'touch' ? this.live(write.id) !== undefined : this.save(write)
        return Promise.all(writes.map(answer))
      }
    }
  },
  {
    bug: 'saveMany answers the version that was there',
    promise: 'saveMany does what the single methods do, each write on its own',
    Store: class extends SoundStore {
      override async saveMany(writes: readonly Write[]) {
        const results = await super.saveMany(writes)
        return results.map((result, at) => {
          const write = writes[at]
          return write?.kind === 'update' && result ? write.version : result
        })
      }
    }
  },
  {
    bug: 'saveMany refuses an empty list',
    promise: 'saveMany of no writes answers an empty list',
    Store: class extends SoundStore {
      override async saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
        if (writes.length === 0) throw new Error('an empty transaction')
        return super.saveMany(writes)
      }
    }
  },
  {
    bug: 'saveMany writes 25 records at the most',
    promise: 'saveMany writes a hundred records',
    Store: class extends SoundStore {
      override async saveMany(writes: readonly Write[]) {
        const results = await super.saveMany(writes.slice(0, 25))
        return writes.map((_, at) => results[at])
      }
    }
  },
  {
    bug: 'saveMany compares first and writes later',
    promise: 'of two batches that write the same records, one wins each record',
    Store: class extends SoundStore {
      override async saveMany(writes: readonly Write[]) {
        const fits = writes.map((write) => write.kind !== 'update' || this.live(write.id)?.version === write.version)
        await roundTrip()
        return Promise.all(writes.map((write, at) => (fits[at] ? this.#force(write) : undefined)))
      }
      async #force(write: Write): Promise<WriteResult> {
        return write.kind === 'update' ? this.put(write.id, write.text, write.expires) : this.save(write)
      }
    }
  },
  {
    bug: 'saveMany does not look at the end',
    promise: 'saveMany finds expired records absent',
    Store: class extends SoundStore {
      #many = false
      override isLive(row: Parameters<SoundStore['isLive']>[0]) {
        return this.#many ? row !== undefined : super.isLive(row)
      }
      override saveMany(writes: readonly Write[]) {
        this.#many = true
        const results = super.saveMany(writes)
        this.#many = false
        return results
      }
    }
  }
]
