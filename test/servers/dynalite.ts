import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { FragileServer } from '../stand-ins/fragile-server.js'

const require = createRequire(import.meta.url)
const dynalite = require('dynalite') as (options: object) => Server
const { version } = require('dynalite/package.json') as { version: string }

/**
 * dynalite, an emulator of DynamoDB, behind a server that can fail as a test wants. It keeps its data in memory, even
 * while it is stopped. dynalite ignores ReturnValuesOnConditionCheckFailure, so this class implements it.
 */
export class DynaliteServer extends FragileServer {
  readonly version = version
  /** The names of the operations that were received. */
  readonly operations: string[] = []
  readonly #emulator = dynalite({ createTableMs: 50 })

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`
  }

  protected create(): Server {
    return createServer((request, response) => void this.#serve(request, response))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? ''
    this.operations.push(operation)
    request.pause()
    if (!(await this.isTime(request.socket))) return
    const isWrite = /^(Put|Update|Delete)Item$/.test(operation)
    if (isWrite && this.cutNow('before')) return void request.socket.destroy()
    if (isWrite && this.cutNow('after'))
      response.end = () => {
        request.socket.destroy()
        return response
      }
    else if (operation === 'PutItem') this.#addRefusedItem(request, response)
    this.#emulator.emit('request', request, response)
    request.resume()
  }

  /** Adds the item that did not meet the condition to a refusal, as DynamoDB does when asked to. */
  #addRefusedItem(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    const end = response.end.bind(response)
    response.end = (body?: unknown) => {
      if (response.statusCode !== 400 || !String(body).includes('#ConditionalCheckFailedException')) return end(body)
      const { TableName, Item, ReturnValuesOnConditionCheckFailure } = JSON.parse(String(Buffer.concat(parts)))
      if (ReturnValuesOnConditionCheckFailure !== 'ALL_OLD') return end(body)
      const answer = (held: object | undefined) => {
        for (const header of ['content-length', 'x-amz-crc32']) response.removeHeader(header)
        end(JSON.stringify({ ...JSON.parse(String(body)), Item: held }))
      }
      // The connection that reads the item may be cut together with all others.
      this.#item(TableName, Item.id).then(answer, () => request.socket.destroy())
      return response
    }
  }

  async #item(TableName: string, id: { S: string }): Promise<object | undefined> {
    const client = dynamodbClient(this.endpoint)
    try {
      return (await client.getItem({ TableName, Key: { id }, ConsistentRead: true })).Item
    } finally {
      this.operations.pop()
      client.destroy()
    }
  }
}

/** Makes a client, with the credentials of the environment, or else with dummy ones, which emulators don't check. */
export function dynamodbClient(endpoint: string): DynamoDB {
  const { AWS_ACCESS_KEY_ID: own } = process.env
  const credentials = own ? {} : { credentials: { accessKeyId: 'none', secretAccessKey: 'none' } }
  return new DynamoDB({ region: process.env['AWS_REGION'] ?? 'eu-central-1', endpoint, ...credentials })
}
