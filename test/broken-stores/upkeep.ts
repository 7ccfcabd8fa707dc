import { type Bug, roundTrip, SoundStore } from './sound-store.js'

type Method = 'readMany' | 'saveMany' | 'list' | 'setup' | 'clear' | 'sweep'

const lacks = (method: Method): Bug => ({
  bug: `${method} is missing and nobody said so`,
  promise: `the store has ${method}`,
  Store: class extends SoundStore {
    constructor(...args: ConstructorParameters<typeof SoundStore>) {
      super(...args)
      Object.defineProperty(this, method, { value: undefined })
    }
  }
})

/** Stores with mistakes in setup, sweep, clear and close. */
export const upkeepBugs: readonly Bug[] = [
  lacks('readMany'),
  lacks('saveMany'),
  lacks('list'),
  lacks('setup'),
  lacks('clear'),
  lacks('sweep'),
  {
    bug: 'setup drops the table and makes it anew',
    promise: 'setup is harmless when it is repeated, also by several clients at once',
    Store: class extends SoundStore {
      override setup() {
        return this.clear()
      }
    }
  },
  {
    bug: 'setup fails when the table is there',
    promise: 'setup is harmless when it is repeated, also by several clients at once',
    Store: class extends SoundStore {
      #done = false
      override async setup() {
        if (this.#done) throw new Error('the table exists')
        this.#done = true
      }
    }
  },
  {
    bug: 'sweep removes live records too',
    promise: 'sweep removes what has expired, says how many, and leaves the rest',
    Store: class extends SoundStore {
      override async sweep() {
        return this.keys().filter((key) => this.rows.delete(key)).length
      }
    }
  },
  {
    bug: 'sweep removes nothing',
    promise: 'sweep removes what has expired, says how many, and leaves the rest',
    Store: class extends SoundStore {
      override async sweep() {
        return 0
      }
    }
  },
  {
    bug: 'sweep counts what it looked at',
    promise: 'sweep removes what has expired, says how many, and leaves the rest',
    Store: class extends SoundStore {
      override async sweep() {
        const seen = this.keys().length
        await super.sweep()
        return seen
      }
    }
  },
  {
    bug: 'sweep does not heed its signal',
    promise: 'sweep stops when its signal has aborted, and the next one does the rest',
    Store: class extends SoundStore {
      override sweep() {
        return super.sweep()
      }
    }
  },
  {
    bug: 'sweep rejects when its signal has aborted',
    promise: 'sweep stops when its signal has aborted, and the next one does the rest',
    Store: class extends SoundStore {
      override async sweep(options: { readonly signal?: AbortSignal } = {}) {
        options.signal?.throwIfAborted()
        return super.sweep()
      }
    }
  },
  {
    bug: 'sweep lists what has expired first and removes it by id later',
    promise: 'a record that is created anew while a sweep runs is kept',
    Store: class extends SoundStore {
      override async sweep({ signal }: { readonly signal?: AbortSignal } = {}) {
        const expired = this.keys().filter((key) => !signal?.aborted && !this.isLive(this.rows.get(key)))
        await roundTrip()
        return expired.filter((key) => this.rows.delete(key)).length
      }
    }
  },
  {
    bug: 'clear does nothing',
    promise: 'clear removes all records, for every client, and the store goes on',
    Store: class extends SoundStore {
      override async clear() {}
    }
  },
  {
    bug: 'clear empties the whole engine',
    promise: 'clear leaves another store on the same engine alone',
    Store: class extends SoundStore {
      override async clear() {
        this.rows.clear()
      }
    }
  },
  {
    bug: 'close ends the connection that all clients share',
    promise: 'closing one client leaves another at work',
    Store: class extends SoundStore {
      override async setup() {
        this.engine.isUp = true
      }
      override async close() {
        this.engine.isUp = false
      }
    }
  },
  {
    bug: 'an engine out of reach is taken for an empty one',
    promise: 'a store whose engine is out of reach rejects, and does not answer that a record is absent',
    Store: class extends SoundStore {
      override get rows() {
        return this.engine.isUp ? super.rows : new Map()
      }
    }
  }
]
