import type { StoredRecord, Version } from '../../types/store.js'
import { type Bug, roundTrip, SoundStore } from './sound-store.js'

/** Stores that read and then write, with a round trip to the engine in between. */
export const raceBugs: readonly Bug[] = [
  {
    bug: 'create looks first and writes later',
    promise: 'of many creates of one id at once, one wins',
    Store: class extends SoundStore {
      override async create(id: string, text: string, expires: number) {
        if (this.live(id)) return undefined
        await roundTrip()
        return this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'create clears an expired record away first, and writes over what came meanwhile',
    promise: 'of many that create an expired id anew at once, one wins',
    Store: class extends SoundStore {
      override async create(id: string, text: string, expires: number) {
        if (this.live(id)) return undefined
        if (!this.rows.delete(this.key(id))) return this.put(id, text, expires)
        await roundTrip()
        return this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'update compares first and writes later',
    promise: 'of many updates of one version at once, one wins',
    Store: class extends SoundStore {
      override async update(id: string, text: string, expires: number, version: Version) {
        if (this.live(id)?.version !== version) return undefined
        await roundTrip()
        return this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'update compares under a lock of its own client only',
    promise: 'fifty increments by two clients at once add up to fifty',
    Store: class extends SoundStore {
      #turn: Promise<unknown> = Promise.resolve()
      override update(id: string, text: string, expires: number, version: Version) {
        const mine = this.#turn.then(async () => {
          if (this.live(id)?.version !== version) return undefined
          await roundTrip()
          return this.put(id, text, expires)
        })
        this.#turn = mine
        return mine
      }
    }
  },
  {
    bug: 'update writes only if the record is still there, and asks too early',
    promise: 'remove wins over an update at the same time',
    Store: class extends SoundStore {
      override async update(id: string, text: string, expires: number, version: Version) {
        const row = this.live(id)
        if (row?.version !== version) return undefined
        await roundTrip()
        const now = this.live(id)
        return now === undefined || now.version === version ? this.put(id, text, expires) : undefined
      }
    }
  },
  {
    bug: 'touch reads and writes the whole record back',
    promise: 'touching a record never makes an update of it fail, nor undoes it',
    Store: class extends SoundStore {
      override async touch(id: string, expires: number) {
        const row = this.live(id)
        if (!row) return false
        await roundTrip()
        if (this.live(id)) this.rows.set(this.key(id), { ...row, expires })
        return true
      }
    }
  },
  {
    bug: 'touch brings back what was removed meanwhile',
    promise: 'remove wins over a touch at the same time',
    Store: class extends SoundStore {
      override async touch(id: string, expires: number) {
        const row = this.live(id)
        if (!row) return false
        await roundTrip()
        this.rows.set(this.key(id), { ...(this.live(id) ?? row), expires })
        return true
      }
    }
  },
  {
    bug: 'remove looks first and removes later',
    promise: 'of two removes at once, one removed the record',
    Store: class extends SoundStore {
      override async remove(id: string) {
        if (!this.live(id)) return false
        await roundTrip()
        this.rows.delete(this.key(id))
        return true
      }
    }
  },
  {
    bug: 'remove gives up when someone else writes',
    promise: 'remove wins over an update at the same time',
    Store: class extends SoundStore {
      override async remove(id: string) {
        const version = this.live(id)?.version
        await roundTrip()
        return version !== undefined && this.live(id)?.version === version && super.remove(id)
      }
    }
  },
  {
    bug: 'remove takes a record away that was created since',
    promise: 'a remove and a create at the same time leave what their answers say',
    Store: class extends SoundStore {
      override async remove(id: string) {
        const removed = await super.remove(id)
        await roundTrip()
        this.rows.delete(this.key(id))
        return removed
      }
    }
  },
  {
    bug: 'update removes the old state before it writes the new one',
    promise: 'a reader beside a writer sees whole states, each with its own version',
    Store: class extends SoundStore {
      override async update(id: string, text: string, expires: number, version: Version) {
        if (this.live(id)?.version !== version) return undefined
        this.rows.delete(this.key(id))
        await Promise.resolve()
        return this.put(id, text, expires)
      }
    }
  },
  {
    bug: 'read takes the text and the version one after the other',
    promise: 'a reader beside a writer sees whole states, each with its own version',
    Store: class extends SoundStore {
      override async read(id: string): Promise<StoredRecord | undefined> {
        const text = this.live(id)?.text
        await Promise.resolve()
        const row = this.live(id)
        return row && text !== undefined ? { ...row, text } : undefined
      }
    }
  }
]
