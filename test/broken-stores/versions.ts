import { createHash } from 'node:crypto'
import type { Version } from '../../types/store.js'
import { type Bug, SoundStore } from './sound-store.js'

/** Stores that use a version twice. */
export const versionBugs: readonly Bug[] = [
  {
    bug: 'the version starts at 1 again after remove',
    promise: 'a version is not used again when a record is removed and created anew',
    Store: class extends SoundStore {
      override nextVersion(id: string) {
        return Number(this.live(id)?.version ?? 0) + 1
      }
    }
  },
  {
    bug: 'create over an expired row leaves its version as it was',
    promise: 'a version is not used again when a record expires and is created anew',
    Store: class extends SoundStore {
      override nextVersion(id: string, text: string) {
        const row = this.rows.get(this.key(id))
        return row && !this.isLive(row) ? row.version : super.nextVersion(id, text)
      }
    }
  },
  {
    bug: 'every client counts versions of its own',
    promise: 'a version is not used again by a client that was opened later',
    Store: class extends SoundStore {
      #last = 0
      override nextVersion() {
        return ++this.#last
      }
    }
  },
  {
    bug: 'the version is a hash of the text',
    promise: 'every update makes a version that the id has not had before',
    Store: class extends SoundStore {
      override nextVersion(_id: string, text: string) {
        return createHash('sha256').update(text).digest('hex')
      }
    }
  },
  {
    bug: 'the version is the time in milliseconds',
    promise: 'every update makes a version that the id has not had before',
    Store: class extends SoundStore {
      override nextVersion() {
        return Date.now()
      }
    }
  },
  {
    bug: 'clear starts the versions again',
    promise: 'clear removes all records, for every client, and the store goes on',
    Store: class extends SoundStore {
      override async clear() {
        await super.clear()
        this.engine.lastVersion = 0
      }
    }
  },
  {
    bug: 'create and update answer another version than read does',
    promise: 'what create wrote is read, by this client and by another',
    Store: class extends SoundStore {
      override put(id: string, text: string, expires: number) {
        return String(super.put(id, text, expires))
      }
      override async update(id: string, text: string, expires: number, version: Version) {
        return super.update(id, text, expires, Number(version))
      }
    }
  }
]
