import type { PageOptions, RecordPage } from '../../types/store.js'
import { type Bug, SoundStore } from './sound-store.js'

/** Stores with wrong pages. */
export const listingBugs: readonly Bug[] = [
  {
    bug: 'list leaves out the last record of each page',
    promise: 'list gives every live record once, page by page, as read gives it',
    Store: class extends SoundStore {
      override async list(options: PageOptions): Promise<RecordPage> {
        const { records, next } = await super.list(options)
        return { records: records.slice(0, -1), next }
      }
    }
  },
  {
    bug: 'list gives the last record of a page again on the next',
    promise: 'list gives every live record once, page by page, as read gives it',
    Store: class extends SoundStore {
      override async list({ after, limit }: PageOptions): Promise<RecordPage> {
        const { records, next } = await super.list({ after, limit })
        const again = after === undefined ? undefined : await this.read(after)
        return { records: again ? [{ id: after as string, ...again }, ...records] : records, next }
      }
    }
  },
  {
    bug: 'list gives texts as the engine keeps them',
    promise: 'list gives every live record once, page by page, as read gives it',
    Store: class extends SoundStore {
      override async list(options: PageOptions): Promise<RecordPage> {
        const { records, next } = await super.list(options)
        return { records: records.map((record) => ({ ...record, text: `envelope ${record.text}` })), next }
      }
    }
  },
  {
    bug: 'list gives all records on one page',
    promise: 'a page has about as many records as were asked for, and leads on by what another client takes as well',
    Store: class extends SoundStore {
      override list({ after }: PageOptions): Promise<RecordPage> {
        return super.list({ after, limit: Number.POSITIVE_INFINITY })
      }
    }
  },
  {
    bug: 'list remembers in the client where a page ended',
    promise: 'a page has about as many records as were asked for, and leads on by what another client takes as well',
    Store: class extends SoundStore {
      readonly #places = new Map<string, string>()
      override async list({ after, limit }: PageOptions): Promise<RecordPage> {
        const from = after === undefined ? undefined : (this.#places.get(after) ?? '~')
        const { records, next } = await super.list({ after: from, limit })
        if (next === undefined) return { records, next }
        const place = `place ${this.#places.size}`
        this.#places.set(place, next)
        return { records, next: place }
      }
    }
  },
  {
    bug: 'list counts how many records came before',
    promise: 'records that stay are listed once each, while others come, change and go',
    Store: class extends SoundStore {
      override async list({ after = '0', limit }: PageOptions): Promise<RecordPage> {
        const { records } = await super.list({ limit: Number.POSITIVE_INFINITY })
        const end = Number(after) + limit
        return { records: records.slice(Number(after), end), next: end < records.length ? String(end) : undefined }
      }
    }
  },
  {
    bug: 'list gives what has expired and was not swept',
    promise: 'list leaves out what has expired, and what was removed',
    Store: class extends SoundStore {
      override isListed() {
        return true
      }
    }
  },
  {
    bug: 'list gives what other tables have as well',
    promise: "list gives none of another store's records on the same engine",
    Store: class extends SoundStore {
      override keysToList() {
        return [...this.rows.keys()]
      }
    }
  }
]
