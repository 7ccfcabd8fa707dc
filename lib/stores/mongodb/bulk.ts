import type { WriteResult } from '../../../types/store.js'
import { duplicateKey, type Operation } from './operations.js'

/** What the store uses of a `MongoClient`; a driver before 6.10 has no `bulkWrite` there. */
export interface MongoBulkClient {
  bulkWrite?(models: never, options: object): Promise<BulkResult>
}

interface BulkResult {
  readonly updateResults?: ReadonlyMap<number, { readonly matchedCount: number; readonly didUpsert: boolean }>
  readonly deleteResults?: ReadonlyMap<number, { readonly deletedCount: number }>
}

interface BulkError {
  readonly cause?: { readonly code?: unknown }
  readonly writeErrors?: ReadonlyMap<number, { readonly code: number }>
  readonly writeConcernErrors?: readonly unknown[]
  readonly partialResult?: BulkResult
}

/**
 * Several writes as one command, bulkWrite of MongoDB 8.0, which tells for each whether it found its document. The
 * older bulk of a collection tells only how many did, which is no answer to a compare-and-set.
 */
export class BulkWrites {
  readonly #client: MongoBulkClient
  readonly #collection: { readonly namespace: string; readonly writeConcern?: unknown }
  #known = true

  constructor(client: MongoBulkClient, collection: { readonly namespace: string; readonly writeConcern?: unknown }) {
    this.#client = client
    this.#collection = collection
    this.#known = typeof client?.bulkWrite === 'function'
  }

  /** `undefined`: nothing was done, for the server or the driver knows no such command. */
  async carryOut(operations: readonly Operation[]): Promise<readonly WriteResult[] | undefined> {
    if (!this.#known) return undefined
    try {
      return answers(operations, await this.#send(operations))
    } catch (error) {
      if (isUnknown(error as BulkError)) {
        this.#known = false
        return undefined
      }
      if (!isAboutDuplicates(error as BulkError, operations)) throw error
      return answers(operations, (error as BulkError).partialResult)
    }
  }

  async #send(operations: readonly Operation[]): Promise<BulkResult | undefined> {
    const { namespace, writeConcern } = this.#collection
    const models = operations.map(({ filter, update, upsert }) =>
      update ? { namespace, name: 'updateOne', filter, update, upsert } : { namespace, name: 'deleteOne', filter }
    )
    const options = { ordered: false, verboseResults: true, ...(writeConcern ? { writeConcern } : {}) }
    return this.#client.bulkWrite?.(models as never, options)
  }
}

function answers(operations: readonly Operation[], result: BulkResult | undefined): readonly WriteResult[] {
  return operations.map(({ done, undone }, index) => {
    const updated = result?.updateResults?.get(index)
    const deleted = result?.deleteResults?.get(index)
    const found = (updated && updated.matchedCount > 0) || updated?.didUpsert || (deleted && deleted.deletedCount > 0)
    return found ? done : undone
  })
}

/** CommandNotFound, CommandNotSupported, APIStrictError: the server did not even begin. */
const unknownCommand = new Set<unknown>([59, 115, 323])

function isUnknown({ cause, writeErrors }: BulkError): boolean {
  return unknownCommand.has(cause?.code) && !writeErrors?.size
}

/** Whether all that went wrong is that some records could not be created because live ones have their ids. */
function isAboutDuplicates({ writeErrors, writeConcernErrors }: BulkError, operations: readonly Operation[]): boolean {
  if (!writeErrors?.size || writeConcernErrors?.length) return false
  return [...writeErrors].every(([index, { code }]) => code === duplicateKey && operations[index]?.upsert === true)
}
