import type { Write, WriteResult } from '../../../types/store.js'
import { freshVersion, wholeEnd } from '../internal/envelope.js'

/** One write as the server is told it: change the document, or without `update` delete it, if the filter matches. */
export interface Operation {
  readonly filter: object
  readonly update?: object
  readonly upsert: boolean
  /** What to answer if a document was changed, made or deleted; and what if not. */
  readonly done: WriteResult
  readonly undone: WriteResult
}

/** The server's code for E11000. */
export const duplicateKey = 11000

/** All ends are compared with the app's clock, which also reads by; only the TTL monitor goes by the server's. */
export function operationOf(write: Write): Operation {
  const { id: _id } = write
  const live = { _id, expires: { $gt: new Date() } }
  switch (write.kind) {
    case 'create': {
      // Replaces what has expired. Where nothing has, the server tries to insert: over a live record, that is E11000.
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
