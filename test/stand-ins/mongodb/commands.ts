import type { Document } from 'bson'
import { Documents, largest, Refusal } from './documents.js'

const maxMessage = 48_000_000

/** Answers commands as a server does. It knows nothing about connections. */
export class Databases {
  readonly #collections = new Map<string, Documents>()
  readonly #answers = new Map<string, { readonly txnNumber: string; readonly answer: Document }>()
  /** The validator of all collections. */
  isValid: (document: Document) => boolean = () => true
  readonly #wireVersion: number
  readonly #address: () => string

  /** @param version `8.0`, the first with the command bulkWrite, or `7.0`. */
  constructor(version: '7.0' | '8.0', address: () => string) {
    this.#wireVersion = version === '8.0' ? 25 : 21
    this.#address = address
  }

  removeExpired(now: number): void {
    for (const collection of this.#collections.values()) collection.removeExpired(now)
  }

  answer(command: Document): Document {
    try {
      return { ...this.#once(command), ok: 1 }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { ok: 0, code: error.code, codeName: error.codeName, errmsg: error.message }
    }
  }

  /** Answers a command. A repeated retryable write gets the answer of the first attempt. */
  #once(command: Document): Document {
    const { lsid, txnNumber } = command
    if (lsid === undefined || txnNumber === undefined) return this.#answer(command)
    const session = lsid['id'].toString('hex')
    const done = this.#answers.get(session)
    if (done?.txnNumber === String(txnNumber)) return done.answer
    const answer = this.#answer(command)
    this.#answers.set(session, { txnNumber: String(txnNumber), answer })
    return answer
  }

  #answer(command: Document): Document {
    const [name = ''] = Object.keys(command)
    const namespace = `${command['$db']}.${command[name]}`
    switch (name.toLowerCase()) {
      case 'hello':
      case 'ismaster':
        return this.#hello()
      case 'ping':
      case 'endsessions':
        return {}
      case 'find':
        return this.#find(namespace, command)
      case 'insert':
        return eachOf(command['documents'], (document) => {
          this.#collection(namespace).insert(document)
          return { n: 1 }
        })
      case 'update':
        return this.#update(namespace, command)
      case 'delete':
        return eachOf(command['deletes'], ({ q, limit }) => ({ n: this.#collection(namespace).delete(q, limit) }))
      case 'createindexes':
        return this.#createIndexes(namespace, command)
      case 'listindexes':
        return { cursor: { id: 0n, ns: namespace, firstBatch: this.#collection(namespace).indexes } }
      case 'bulkwrite':
        if (this.#wireVersion >= 25) return this.#bulkWrite(command)
    }
    throw new Refusal(59, 'CommandNotFound', `no such command: '${name}'`)
  }

  /**
   * Describes a replica set of one server, so that the driver uses sessions and retryable writes. Without
   * `topologyVersion` the driver polls.
   */
  #hello(): Document {
    const address = this.#address()
    return {
      helloOk: true,
      ismaster: true,
      isWritablePrimary: true,
      secondary: false,
      setName: 'stand-in',
      setVersion: 1,
      hosts: [address],
      primary: address,
      me: address,
      maxBsonObjectSize: largest,
      maxMessageSizeBytes: maxMessage,
      maxWriteBatchSize: 100_000,
      logicalSessionTimeoutMinutes: 30,
      localTime: new Date(),
      minWireVersion: 0,
      maxWireVersion: this.#wireVersion,
      readOnly: false
    }
  }

  /** Returns a single batch without a cursor. A larger result is refused, so that the test notices. */
  #find(
    namespace: string,
    { filter = {}, sort, limit = 0, batchSize = 101, singleBatch, projection }: Document
  ): Document {
    const found = sorted(this.#collection(namespace).find(filter), sort)
    const wanted = limit === 0 ? found : found.slice(0, limit)
    if (wanted.length > batchSize || (wanted.length === batchSize && !singleBatch && limit !== wanted.length)) {
      throw new Refusal(2, 'BadValue', 'the stand-in has no cursors: the answer must fit into the first batch')
    }
    return { cursor: { id: 0n, ns: namespace, firstBatch: wanted.map((document) => project(document, projection)) } }
  }

  #update(namespace: string, { updates }: Document): Document {
    const upserted: Document[] = []
    let nModified = 0
    const answer = eachOf(updates, ({ q, u, multi, upsert }, index) => {
      const done = this.#collection(namespace).update(q, u, { multi, upsert })
      if ('upserted' in done) upserted.push({ index, _id: done.upserted })
      nModified += done.modified
      return { n: done.matched + ('upserted' in done ? 1 : 0) }
    })
    return { ...answer, nModified, ...(upserted.length > 0 ? { upserted } : {}) }
  }

  #createIndexes(namespace: string, { indexes }: Document): Document {
    const collection = this.#collection(namespace)
    const before = collection.indexes.length
    for (const index of indexes) collection.createIndex(index)
    return { numIndexesBefore: before, numIndexesAfter: collection.indexes.length }
  }

  #bulkWrite({ ops, nsInfo, errorsOnly }: Document): Document {
    const counts = { nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 }
    const results: Document[] = ops.map((operation: Document, idx: number) => {
      try {
        return { ok: 1, idx, ...this.#bulkOne(operation, nsInfo, counts) }
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return { ok: 0, idx, n: 0, code: error.code, errmsg: error.message }
      }
    })
    const firstBatch = errorsOnly ? results.filter(({ ok }) => ok === 0) : results
    const nErrors = results.filter(({ ok }) => ok === 0).length
    return { cursor: { id: 0n, firstBatch, ns: 'admin.$cmd.bulkWrite' }, nErrors, ...counts }
  }

  #bulkOne(operation: Document, nsInfo: readonly Document[], counts: Record<string, number>): Document {
    const count = (name: string, by: number) => {
      counts[name] = Number(counts[name]) + by
    }
    const { update, filter, updateMods, multi, upsert } = operation
    const namespace = nsInfo[update ?? operation['delete']]?.['ns']
    if (update === undefined) {
      const n = this.#collection(namespace).delete(filter, multi ? 0 : 1)
      count('nDeleted', n)
      return { n }
    }
    const done = this.#collection(namespace).update(filter, updateMods, { multi, upsert })
    count('nMatched', done.matched)
    count('nModified', done.modified)
    if (!('upserted' in done)) return { n: done.matched, nModified: done.modified }
    count('nUpserted', 1)
    return { n: 1, nModified: 0, upserted: { _id: done.upserted } }
  }

  #collection(namespace: string): Documents {
    const held = this.#collections.get(namespace) ?? new Documents(namespace, (document) => this.isValid(document))
    this.#collections.set(namespace, held)
    return held
  }
}

/** Carries out the statements of a write command independently: the store's writes are either unordered or single. */
function eachOf(statements: readonly Document[], carryOut: (statement: Document, index: number) => { n: number }) {
  let n = 0
  const writeErrors: Document[] = []
  for (const [index, statement] of statements.entries()) {
    try {
      n += carryOut(statement, index).n
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      writeErrors.push({ index, code: error.code, errmsg: error.message })
    }
  }
  return { n, ...(writeErrors.length > 0 ? { writeErrors } : {}) }
}

function project(document: Document, projection: Document | undefined): Document {
  if (!projection) return document
  const kept = Object.entries(document).filter(([field]) => (projection[field] ?? (field === '_id' ? 1 : 0)) !== 0)
  return Object.fromEntries(kept)
}

/** Sorts by one text field, which is all that the store asks for. */
function sorted(documents: readonly Document[], sort: Document | undefined): readonly Document[] {
  const [key] = Object.keys(sort ?? {})
  if (key === undefined) return documents
  return [...documents].sort((one, other) => (String(one[key]) < String(other[key]) ? -1 : 1))
}
