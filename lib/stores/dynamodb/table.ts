import { setTimeout as sleep } from 'node:timers/promises'
import { StoreConfigError } from '../../errors.js'
import { type DynamodbClient, isNamed, type TimeToLive } from './client.js'

const keySchema = [{ AttributeName: 'id', KeyType: 'HASH' }]
const attributes = [{ AttributeName: 'id', AttributeType: 'S' }]
const timeToLive = { AttributeName: 'ttl', Enabled: true }

/** Makes the table unless it is there, waits until it can be used, and switches its TTL on. */
export async function prepareTable(client: DynamodbClient, table: string): Promise<void> {
  if ((await statusOf(client, table)) === undefined) await create(client, table)
  await untilActive(client, table)
  if (!(await hasTimeToLive(client, table))) await switchTimeToLiveOn(client, table)
}

/** What `setup` does, for whoever does it by hand: two commands of the AWS CLI. */
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

/** The same table as a resource of a CloudFormation template, to be put under `Resources`. */
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

/** `undefined`: there is no such table. */
async function statusOf(client: DynamodbClient, table: string): Promise<string | undefined> {
  try {
    const { Table } = await client.describeTable({ TableName: table })
    const keys = Table?.KeySchema?.map(({ AttributeName }) => AttributeName).join(', ')
    if (keys === 'id') return Table?.TableStatus
    throw new StoreConfigError('dynamodb', `the table "${table}" must have the partition key "id" alone, not ${keys}`)
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined
    throw error
  }
}

async function create(client: DynamodbClient, table: string): Promise<void> {
  const input = { TableName: table, KeySchema: keySchema, AttributeDefinitions: attributes }
  try {
    await client.createTable({ ...input, BillingMode: 'PAY_PER_REQUEST' })
  } catch (error) {
    if (!isNamed(error, 'ResourceInUseException')) throw error // another process is about it
  }
}

async function untilActive(client: DynamodbClient, table: string): Promise<void> {
  for (let turn = 0; turn < patience; turn++) {
    if ((await statusOf(client, table)) === 'ACTIVE') return
    await sleep(pause)
  }
  throw new Error(`dynamodb store: the table "${table}" is still not active`)
}

async function hasTimeToLive(client: DynamodbClient, table: string): Promise<boolean> {
  const { TimeToLiveDescription: description } = await client.describeTimeToLive({ TableName: table })
  if (!isOn(description)) return false
  if (description?.AttributeName === timeToLive.AttributeName) return true
  const other = description?.AttributeName
  throw new StoreConfigError('dynamodb', `the TTL of the table "${table}" must go by "ttl", not by "${other}"`)
}

async function switchTimeToLiveOn(client: DynamodbClient, table: string): Promise<void> {
  try {
    await client.updateTimeToLive({ TableName: table, TimeToLiveSpecification: timeToLive })
  } catch (error) {
    if (isNamed(error, 'UnknownOperationException')) return // an emulator without TTL: items stay, and are not read
    if (!(await hasTimeToLive(client, table))) throw error // else another process was quicker
  }
}

function isOn(description: TimeToLive | undefined): boolean {
  return description?.TimeToLiveStatus === 'ENABLED' || description?.TimeToLiveStatus === 'ENABLING'
}

/** A table takes some ten seconds to be made; two minutes are waited for. */
const patience = 240
const pause = 500
