import { createServer, type Server, type Socket } from 'node:net'
import type { Document } from 'bson'
import { FragileServer } from './fragile-server.js'
import { Databases } from './mongodb/commands.js'
import { type Request, Requests } from './mongodb/wire.js'

export interface MongoStandInOptions {
  /** Which server to be: `8.0` is the first with the command bulkWrite. */
  readonly version?: '7.0' | '8.0'
  readonly port?: number
}

const writes = new Set(['insert', 'update', 'delete', 'bulkWrite'])

/** Monitoring, not the app. */
const greetings = new Set(['hello', 'ismaster', 'isMaster', 'endSessions'])

/**
 * Stands in for a MongoDB server that is not here: speaks its wire protocol over TCP, so that the real driver talks to
 * it. Faithful in what the store builds on: one document is changed atomically, `_id` is unique, values compare only
 * with their own type, retryable writes are done once, and expired documents stay until a pass of the TTL monitor.
 */
export class MongoStandIn extends FragileServer {
  /** Names of the commands that came, without those of monitoring. */
  readonly commands: string[] = []
  /** How many writes to refuse as a primary does that has just stepped down. */
  refusals = 0
  readonly #databases: Databases

  constructor({ version = '8.0', port = 0 }: MongoStandInOptions = {}) {
    super(port)
    this.#databases = new Databases(version, () => `127.0.0.1:${this.port}`)
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}/?replicaSet=stand-in&heartbeatFrequencyMS=500`
  }

  /** A pass of the TTL monitor, which a server makes about once a minute. */
  removeExpired(): void {
    this.#databases.removeExpired(Date.now())
  }

  /** The validator of all collections. */
  set isValid(isValid: (document: Document) => boolean) {
    this.#databases.isValid = isValid
  }

  protected create(): Server {
    return createServer((socket) => this.#serve(socket))
  }

  #serve(socket: Socket): void {
    const requests = new Requests()
    socket.on('data', async (bytes) => {
      for (const request of requests.push(bytes)) await this.#answer(socket, request)
    })
  }

  async #answer(socket: Socket, request: Request): Promise<void> {
    const [name = ''] = Object.keys(request.command)
    if (!greetings.has(name)) this.commands.push(name)
    if (!(await this.isTime(socket, greetings.has(name) ? 0 : this.delay))) return
    const isWrite = writes.has(name)
    if (isWrite && this.cutNow('before')) return void socket.destroy()
    const answer = isWrite && this.refusals > 0 ? this.#refuse() : this.#databases.answer(request.command)
    if (isWrite && this.cutNow('after')) return void socket.destroy()
    if (!request.silent && !socket.destroyed) socket.write(request.reply(answer))
  }

  #refuse() {
    this.refusals--
    const errorLabels = ['RetryableWriteError']
    return { ok: 0, code: 10107, codeName: 'NotWritablePrimary', errmsg: 'not primary', errorLabels }
  }
}
