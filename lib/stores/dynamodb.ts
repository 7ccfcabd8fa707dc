import type { AsyncRecordStore, StoredRecord, Version, Write, WriteResult } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { perform } from '../util/perform.js'
import { chunks, mostReads, mostWrites, untilProcessed } from './dynamodb/batches.js'
import { type Attributes, type CallOptions, type DynamodbClient, isNamed } from './dynamodb/client.js'
import { endsOf, itemOf, numberOf, recordIn } from './dynamodb/items.js'
import { prepareTable } from './dynamodb/table.js'
import { addressOf } from './internal/address.js'
import { kindOf } from './internal/clients.js'
import { freshVersion } from './internal/envelope.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'
import { allDone } from './internal/writes.js'

export type { DynamodbClient } from './dynamodb/client.js'
export { dynamodbResource, dynamodbSetup } from './dynamodb/table.js'

export interface DynamodbStoreOptions {
  /**
   * A `DynamoDB` of the package `@aws-sdk/client-dynamodb`, which has a method for each operation (not a
   * `DynamoDBClient`).
   */
  readonly client: DynamodbClient
  /** The table, which must hold only this store's records. Default: `'sessions'`. */
  readonly table?: string
  /**
   * How long a call waits for an answer, including all retries of the client, before it rejects, in milliseconds. By
   * default the client itself has no limit. Default: 5000.
   */
  readonly timeout?: number
}

export type DynamodbStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany' | 'setup' | 'clear'>>

/**
 * Keeps records in a table of DynamoDB, one item each. DynamoDB removes expired items by its TTL, which may take days.
 * Until then the store does not return them, by the app's clock. Tested with client-dynamodb 3 against dynalite, which
 * emulates DynamoDB without TTL; not against DynamoDB itself.
 *
 * - All reads are strongly consistent, which costs twice as much as eventually consistent reads.
 * - Several reads are one BatchGetItem for each hundred. Several writes are sent one by one and all at once:
 *   BatchWriteItem has no conditions, and TransactWriteItems does all or nothing, at twice the price.
 * - A record can't be larger than an item may be, 400 KiB: the write rejects with a `RangeError`.
 * - In a global table with eventual consistency, compare-and-set holds within a region, and between regions the later
 *   write wins: route each visitor to one region.
 * - `setup` creates the table if necessary (on demand, with TTL). For an existing table it needs the permissions
 *   DescribeTable and DescribeTimeToLive. Everything else needs GetItem, BatchGetItem, PutItem, UpdateItem and
 *   DeleteItem, and `clear` needs Scan and BatchWriteItem.
 *
 * @throws StoreConfigError when the client is of another kind, or an option can't work.
 * @example
 * ```ts
 * import { DynamoDB } from '@aws-sdk/client-dynamodb'
 *
 * const client = new DynamoDB({ region: 'eu-central-1' })
 * const options = defineSessions({ stores: { dynamodb: dynamodbStore({ client }) }, … })
 * ```
 */
export function dynamodbStore(options: DynamodbStoreOptions): DynamodbStore {
  const {
    client,
    table = 'sessions',
    timeout = defaultTimeout
  } = storeOptions('dynamodb', options, { client: true, table: true, timeout: true })
  if (typeof client?.putItem !== 'function') {
    throw new StoreConfigError(
      'dynamodb',
      `client must be a DynamoDB of the package "@aws-sdk/client-dynamodb": new DynamoDB({}), not new DynamoDBClient({}); it is ${kindOf(client)}`
    )
  }
  if (typeof table !== 'string' || !/^[\w.-]{3,255}$/.test(table)) {
    throw new StoreConfigError('dynamodb', `table must be 3 to 255 letters, digits, _, - or ., not ${String(table)}`)
  }
  return new InDynamodb(client, table, asking(timeout, 'dynamodb'))
}

class InDynamodb implements DynamodbStore {
  readonly kind = 'record'
  readonly #client: DynamodbClient
  readonly #table: string
  readonly #ask: Ask

  constructor(client: DynamodbClient, table: string, ask: Ask) {
    this.#client = client
    this.#table = table
    this.#ask = ask
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const input = { ...this.#place(id), ConsistentRead: true }
    const { Item } = await this.#send((options) => this.#client.getItem(input, options))
    return recordIn(Item)
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const found = new Map<string, StoredRecord | undefined>()
    const read = (some: readonly string[]) =>
      untilProcessed(some, async (some) => {
        const { items, left } = await this.#batchGet(some)
        for (const item of items) found.set(idIn(item), recordIn(item))
        return left
      })
    await allDone(chunks([...new Set(ids)], mostReads).map(read))
    return ids.map((id) => found.get(id))
  }

  create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return this.#put(id, text, expires, {
      ConditionExpression: 'attribute_not_exists(#expires) OR #expires <= :now',
      ExpressionAttributeNames: { '#expires': 'expires' },
      ExpressionAttributeValues: { ':now': numberOf(Date.now()) }
    })
  }

  update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    return this.#put(id, text, expires, {
      ConditionExpression: '#expires > :now AND #version = :version',
      ExpressionAttributeNames: { '#expires': 'expires', '#version': 'version' },
      ExpressionAttributeValues: { ':now': numberOf(Date.now()), ':version': { S: String(version) } }
    })
  }

  async touch(id: string, expires: number): Promise<boolean> {
    const ends = endsOf(expires)
    const input = {
      ...this.#place(id),
      UpdateExpression: 'SET #expires = :expires, #ttl = :ttl',
      ConditionExpression: '#expires > :now',
      ExpressionAttributeNames: { '#expires': 'expires', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':now': numberOf(Date.now()), ':expires': ends.expires, ':ttl': ends.ttl }
    }
    return this.#found((options) => this.#client.updateItem(input, options))
  }

  /**
   * The client sends a delete again when it has lost the answer. If the item is gone by then, the first attempt counts
   * as the one that removed it.
   */
  remove(id: string): Promise<boolean> {
    const input = {
      ...this.#place(id),
      ConditionExpression: '#expires > :now',
      ExpressionAttributeNames: { '#expires': 'expires' },
      ExpressionAttributeValues: { ':now': numberOf(Date.now()) },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD'
    }
    return this.#found(
      (options) => this.#client.deleteItem(input, options),
      (refusal) => wasSentAgain(refusal) && !refusal.Item
    )
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return allDone(writes.map((write) => perform(this, write)))
  }

  /** The address of the endpoint if one is configured, such as an emulator's; otherwise the AWS region. */
  async address(): Promise<string | undefined> {
    const { endpoint, region } = this.#client.config ?? {}
    return endpoint ? addressOf(await endpoint()) : region?.()
  }

  setup(): Promise<void> {
    return prepareTable(this.#client, this.#table, (call) => this.#send(call))
  }

  async clear(): Promise<void> {
    for await (const ids of this.#pages()) {
      const remove = (some: readonly string[]) => untilProcessed(some, (some) => this.#batchDelete(some))
      await allDone(chunks(ids, mostWrites).map(remove))
    }
  }

  /**
   * The client sends a write again when it has lost the answer. If a repeated put finds its own version, the first
   * attempt has arrived, and the put succeeds.
   *
   * @throws the client's error when a repeated put finds another version: the first attempt may have arrived and been
   * overwritten, which can't be known
   */
  async #put(id: string, text: string, expires: number, condition: object): Promise<Version | undefined> {
    const version = freshVersion()
    const input = {
      TableName: this.#table,
      Item: itemOf(id, text, version, expires),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      ...condition
    }
    try {
      await this.#send((options) => this.#client.putItem(input, options))
      return version
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (error.Item?.['version']?.S === version) return version
      if (wasSentAgain(error)) throw error
      return undefined
    }
  }

  async #found(
    write: (options: CallOptions) => Promise<unknown>,
    otherwise: (refusal: Refusal) => boolean = () => false
  ): Promise<boolean> {
    try {
      await this.#send(write)
      return true
    } catch (error) {
      if (isRefusal(error)) return otherwise(error)
      throw error
    }
  }

  async #batchGet(ids: readonly string[]) {
    const asked = { Keys: ids.map((id) => ({ id: { S: id } })), ConsistentRead: true }
    const input = { RequestItems: { [this.#table]: asked } }
    const answer = await this.#send((options) => this.#client.batchGetItem(input, options))
    const left = answer.UnprocessedKeys?.[this.#table]?.Keys ?? []
    return { items: answer.Responses?.[this.#table] ?? [], left: left.map(idIn) }
  }

  async #batchDelete(ids: readonly string[]): Promise<readonly string[]> {
    const requests = ids.map((id) => ({ DeleteRequest: { Key: { id: { S: id } } } }))
    const input = { RequestItems: { [this.#table]: requests } }
    const answer = await this.#send((options) => this.#client.batchWriteItem(input, options))
    const left = (answer.UnprocessedItems?.[this.#table] ?? []) as typeof requests
    return left.map(({ DeleteRequest }) => idIn(DeleteRequest.Key))
  }

  async *#pages(): AsyncGenerator<readonly string[], void> {
    let after: Attributes | undefined
    do {
      const input = {
        TableName: this.#table,
        ConsistentRead: true,
        ProjectionExpression: '#id',
        ExpressionAttributeNames: { '#id': 'id' },
        ...(after ? { ExclusiveStartKey: after } : {})
      }
      const page = await this.#send((options) => this.#client.scan(input, options))
      yield (page.Items ?? []).map(idIn)
      after = page.LastEvaluatedKey
    } while (after)
  }

  /** Sends a call, and aborts it at the timeout. */
  #send<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    return this.#ask((abortSignal) => call({ abortSignal }))
  }

  #place(id: string) {
    return { TableName: this.#table, Key: { id: { S: id } } }
  }
}

function idIn(item: Attributes): string {
  return String(item['id']?.S)
}

interface Refusal extends Error {
  readonly Item?: Attributes
  readonly $metadata?: { readonly attempts?: number }
}

function isRefusal(error: unknown): error is Refusal {
  return isNamed(error, 'ConditionalCheckFailedException')
}

function wasSentAgain({ $metadata }: Refusal): boolean {
  return ($metadata?.attempts ?? 1) > 1
}
