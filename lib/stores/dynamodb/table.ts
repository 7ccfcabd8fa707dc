import { setTimeout as sleep } from 'node:timers/promises'
import { StoreConfigError } from '../../errors.js'
import { type CallOptions, type DynamodbClient, isNamed, type TimeToLive } from './client.js'

const keySchema = [{ AttributeName: 'id', KeyType: 'HASH' }]
const attributes = [{ AttributeName: 'id', AttributeType: 'S' }]
const timeToLive = { AttributeName: 'ttl', Enabled: true }

/** Sends one call, and rejects when there is no answer in time. */
export type Send = <T>(call: (options: CallOptions) => Promise<T>) => Promise<T>

/**
 * Creates the table if it does not exist, waits until it is active, and turns its TTL on.
 *
 * @throws StoreConfigError when the table exists with another key or another TTL attribute
 * @throws Error when the table is not active in time
 */
export async function prepareTable(client: DynamodbClient, table: string, send: Send): Promise<void> {
  const asked = new TableAsked(client, table, send)
  if ((await asked.status()) === undefined) await asked.create()
  await untilActive(asked, table)
  if (!(await asked.hasTimeToLive())) await asked.switchTimeToLiveOn()
}

/**
 * Returns the commands of the AWS CLI that do what `setup` does, to run them by hand or in a script of your own. They
 * create the table, wait until it exists, and turn its TTL on.
 */
export function dynamodbSetup(table: string): string {
  return [
    `aws dynamodb create-table --table-name ${table} --billing-mode PAY_PER_REQUEST`,
    '  --key-schema AttributeName=id,KeyType=HASH --attribute-definitions AttributeName=id,AttributeType=S',
    `aws dynamodb wait table-exists --table-name ${table}`,
    `aws dynamodb update-time-to-live --table-name ${table}`,
    '  --time-to-live-specification Enabled=true,AttributeName=ttl'
  ]
    .join('\n')
    .replaceAll('\n  ', ' \\\n  ')
}

/** Returns the same table as a resource of a CloudFormation template, to be put under `Resources`. */
export function dynamodbResource(table: string): object {
  return {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keySchema,
      AttributeDefinitions: attributes,
      TimeToLiveSpecification: timeToLive
    }
  }
}

/** The requests about one table. */
class TableAsked {
  readonly #client: DynamodbClient
  readonly #name: string
  readonly #send: Send

  constructor(client: DynamodbClient, name: string, send: Send) {
    this.#client = client
    this.#name = name
    this.#send = send
  }

  /**
   * Resolves to the table's status. `undefined`: there is no such table.
   *
   * @throws StoreConfigError when its key is another one
   */
  async status(): Promise<string | undefined> {
    try {
      const { Table } = await this.#send((options) => this.#client.describeTable({ TableName: this.#name }, options))
      const keys = Table?.KeySchema?.map(({ AttributeName }) => AttributeName).join(', ')
      if (keys === 'id') return Table?.TableStatus
      throw this.#misfit(`must have the partition key "id" alone, not ${keys}`)
    } catch (error) {
      if (isNamed(error, 'ResourceNotFoundException')) return undefined
      throw error
    }
  }

  async create(): Promise<void> {
    const input = { TableName: this.#name, KeySchema: keySchema, AttributeDefinitions: attributes }
    try {
      await this.#send((options) => this.#client.createTable({ ...input, BillingMode: 'PAY_PER_REQUEST' }, options))
    } catch (error) {
      if (!isNamed(error, 'ResourceInUseException')) throw error // another process is creating it
    }
  }

  /** @throws StoreConfigError when the TTL uses another attribute */
  async hasTimeToLive(): Promise<boolean> {
    const input = { TableName: this.#name }
    const { TimeToLiveDescription: description } = await this.#send((options) =>
      this.#client.describeTimeToLive(input, options)
    )
    if (!isOn(description)) return false
    if (description?.AttributeName === timeToLive.AttributeName) return true
    throw this.#misfit(`must have its TTL go by "ttl", not by "${description?.AttributeName}"`)
  }

  async switchTimeToLiveOn(): Promise<void> {
    const input = { TableName: this.#name, TimeToLiveSpecification: timeToLive }
    try {
      await this.#send((options) => this.#client.updateTimeToLive(input, options))
    } catch (error) {
      if (isNamed(error, 'UnknownOperationException')) return // an emulator without TTL: expired items stay, unread
      if (!(await this.hasTimeToLive())) throw error // otherwise another process was faster
    }
  }

  #misfit(what: string): Error {
    return new StoreConfigError('dynamodb', `the table "${this.#name}" ${what}`)
  }
}

/** @throws Error when the table is not active in time */
async function untilActive(table: TableAsked, name: string): Promise<void> {
  const deadline = performance.now() + longestWait
  while ((await table.status()) !== 'ACTIVE') {
    if (performance.now() + pause > deadline) {
      throw new Error(
        `the table "${name}" is still being made, which takes DynamoDB some ten seconds: start again, or make it before, by what dynamodbSetup() tells`
      )
    }
    await sleep(pause)
  }
}

function isOn(description: TimeToLive | undefined): boolean {
  return description?.TimeToLiveStatus === 'ENABLED' || description?.TimeToLiveStatus === 'ENABLING'
}

/**
 * In milliseconds. `setup` must reject, with its reason, before Fastify's own timeout for plugins (10 seconds by
 * default).
 */
const longestWait = 7000
const pause = 500
