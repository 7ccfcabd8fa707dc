import type { WriteResult } from '../../../types/store.js'
import { duplicateKey, type Operation } from './operations.js'

/** The method of a `MongoClient` that the store uses. Drivers before 6.10 lack it. */
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
 * Sends several writes as one command: MongoDB 8.0's bulkWrite, which reports for each write whether it found its
 * document. The older bulk write of a collection reports only how many did, which is not enough for compare-and-set.
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

  /** Carries out the writes. `undefined`: nothing was done, because the server or the driver lacks the command. */
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

/** CommandNotFound, CommandNotSupported, APIStrictError: the server has not carried out anything. */
const unknownCommand = new Set<unknown>([59, 115, 323])

function isUnknown({ cause, writeErrors }: BulkError): boolean {
  return unknownCommand.has(cause?.code) && !writeErrors?.size
}

/** Whether the only errors are creates that failed because live records have their ids. */
function isAboutDuplicates({ writeErrors, writeConcernErrors }: BulkError, operations: readonly Operation[]): boolean {
  if (!writeErrors?.size || writeConcernErrors?.length) return false
  return [...writeErrors].every(([index, { code }]) => code === duplicateKey && operations[index]?.upsert === true)
}
