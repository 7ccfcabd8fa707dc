import type { Write, WriteResult } from '../../../types/store.js'
import { freshVersion, wholeEnd } from '../internal/envelope.js'

/**
 * One write in MongoDB's terms. If a document matches the filter, it is changed, or deleted where there is no `update`.
 */
export interface Operation {
  readonly filter: object
  readonly update?: object
  readonly upsert: boolean
  /** The result if a document was changed, created or deleted, and the result if not. */
  readonly done: WriteResult
  readonly undone: WriteResult
}

/** The server's code for E11000. */
export const duplicateKey = 11000

/**
 * Converts a write. Ends are compared with the app's clock, as in reads; only the TTL monitor uses the server's clock.
 */
export function operationOf(write: Write): Operation {
  const { id: _id } = write
  const live = { _id, expires: { $gt: new Date() } }
  switch (write.kind) {
    case 'create': {
      // Replaces an expired record. If none matches, the server tries to insert, which fails with E11000 if a live
      // record has the id.
      const filter = { _id, expires: { $lte: new Date() } }
      return { ...written(filter, write.text, write.expires), upsert: true }
    }
    case 'update':
      return { ...written({ ...live, version: write.version }, write.text, write.expires), upsert: false }
    case 'touch':
      return {
        filter: live,
        update: { $set: { expires: dateOf(write.expires) } },
        upsert: false,
        done: true,
        undone: false
      }
    case 'remove':
      return { filter: live, upsert: false, done: true, undone: false }
  }
}

function written(filter: object, text: string, expires: number) {
  const version = freshVersion()
  return { filter, update: { $set: { text, version, expires: dateOf(expires) } }, done: version, undone: undefined }
}

function dateOf(expires: number): Date {
  return new Date(wholeEnd(expires))
}
