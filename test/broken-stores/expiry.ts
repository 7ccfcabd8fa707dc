import type { StoredRecord, Version } from '../../types/store.js'
import { type Bug, type Row, SoundStore } from './sound-store.js'

const end = (bug: string, promise: string, keep: (expires: number) => number): Bug => ({
  bug,
  promise,
  Store: class extends SoundStore {
    override end(expires: number) {
      return keep(expires)
    }
  }
})

/** A store in which one method does not check the end of a record. */
const forgets = (method: 'read' | 'create' | 'update' | 'touch' | 'remove', promise: string): Bug => ({
  bug: `${method} takes an expired record for a live one`,
  promise,
  Store: class extends SoundStore {
    #forgetting = false
    override isLive(row: Row | undefined) {
      return this.#forgetting ? row !== undefined : super.isLive(row)
    }
    override read(id: string) {
      return this.#in('read', () => super.read(id))
    }
    override create(id: string, text: string, expires: number) {
      return this.#in('create', () => super.create(id, text, expires))
    }
    override update(id: string, text: string, expires: number, version: Version) {
      return this.#in('update', () => super.update(id, text, expires, version))
    }
    override touch(id: string, expires: number) {
      return this.#in('touch', () => super.touch(id, expires))
    }
    override remove(id: string) {
      return this.#in('remove', () => super.remove(id))
    }
    #in<T>(name: string, call: () => T): T {
      this.#forgetting = name === method
      const answer = call()
      this.#forgetting = false
      return answer
    }
  }
})

const day = 86_400_000

/** Stores that miscalculate ends, and methods that do not check them. */
export const expiryBugs: readonly Bug[] = [
  forgets('read', 'an expired record is not read'),
  forgets('create', 'an id whose record has expired can be created anew'),
  forgets('update', 'an expired record cannot be updated by one who read it in time'),
  forgets('touch', 'touch does not bring an expired record back'),
  forgets('remove', 'remove answers false for an expired record'),
  end('the end is taken for seconds', 'an expired record is not read', (expires) => expires * 1000),
  end('the end is kept in seconds and not multiplied again', 'a near end comes back as it was given', (expires) =>
    Math.ceil(expires / 1000)
  ),
  end(
    'the end is rounded down to whole seconds',
    'a near end comes back as it was given',
    (expires) => Math.floor(expires / 1000) * 1000
  ),
  end('an end more than 30 days away is cut', 'an end 400 days away is kept', (expires) =>
    Math.min(expires, Date.now() + 30 * day)
  ),
  end('the time left overflows 31 bits', 'an end 400 days away is kept', (expires) => {
    const left = (expires - Date.now()) | 0
    return Date.now() + left
  }),
  end('a past end means no end', 'a record that is created with a past end is absent', (expires) =>
    expires < Date.now() ? Date.now() + day : expires
  ),
  {
    bug: 'touch and update take a past end for no change',
    promise: 'touch and update with a past end end the record',
    Store: class extends SoundStore {
      override async touch(id: string, expires: number) {
        return expires > Date.now() ? super.touch(id, expires) : this.live(id) !== undefined
      }
    }
  },
  {
    bug: 'the engine’s timer is not moved by touch',
    promise: 'touch and update keep a record alive past its first end',
    Store: class extends SoundStore {
      #ends = timers(this)
      override put(id: string, text: string, expires: number) {
        if (!this.live(id)) this.#ends.set(this.key(id), expires)
        return super.put(id, text, expires)
      }
      override live(id: string) {
        return (this.#ends.get(this.key(id)) ?? 0) > Date.now() ? super.live(id) : undefined
      }
    }
  },
  {
    bug: 'an end is shown nearer, but the record stays until the old one',
    promise: 'touch and update can bring the end nearer',
    Store: class extends SoundStore {
      #ends = timers(this)
      override put(id: string, text: string, expires: number) {
        this.#ends.set(this.key(id), Math.max(expires, this.#ends.get(this.key(id)) ?? 0))
        return super.put(id, text, expires)
      }
      override live(id: string): Row | undefined {
        const stillThere = (this.#ends.get(this.key(id)) ?? 0) > Date.now()
        return stillThere ? this.rows.get(this.key(id)) : undefined
      }
    }
  },
  {
    bug: 'readMany does not look at the end',
    promise: 'readMany leaves out what has expired',
    Store: class extends SoundStore {
      override async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
        return ids.map((id) => this.rows.get(this.key(id)))
      }
    }
  },
  {
    bug: 'a retired record stays as long as it would have lived',
    promise: 'a retired record is gone when its grace is over, and its successor is not',
    Store: class extends SoundStore {
      override isLive(row: Row | undefined) {
        return row !== undefined && (super.isLive(row) || row.text.startsWith('see '))
      }
    }
  }
]

const allTimers = new WeakMap<object, Map<string, number>>()

/** The times at which the engine drops records; shared by the clients of an engine. */
function timers({ engine }: SoundStore): Map<string, number> {
  const known = allTimers.get(engine) ?? new Map<string, number>()
  allTimers.set(engine, known)
  return known
}
