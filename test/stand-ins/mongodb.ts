import { createServer, type Server, type Socket } from 'node:net'
import type { Document } from 'bson'
import { FragileServer } from './fragile-server.js'
import { Databases } from './mongodb/commands.js'
import { type Request, Requests } from './mongodb/wire.js'

export interface MongoStandInOptions {
  /** The version of the server. `8.0` is the first with the command bulkWrite. */
  readonly version?: '7.0' | '8.0'
  readonly port?: number
}

const writes = new Set(['insert', 'update', 'delete', 'bulkWrite'])

/** Commands of the driver's monitoring, which the app does not cause. */
const greetings = new Set(['hello', 'ismaster', 'isMaster', 'endSessions'])

/**
 * A stand-in for a MongoDB server: it speaks the wire protocol over TCP, so that the real driver connects to it. It is
 * faithful in the properties that the store relies on: one document is changed atomically, `_id` is unique, values
 * compare only with values of their own type, retryable writes are done once, and expired documents stay until the TTL
 * monitor runs.
 */
export class MongoStandIn extends FragileServer {
  /** The names of the commands that were received, without those of monitoring. */
  readonly commands: string[] = []
  /** How many writes to refuse, like a primary that has just stepped down. */
  refusals = 0
  readonly #databases: Databases

  constructor({ version = '8.0', port = 0 }: MongoStandInOptions = {}) {
    super(port)
    this.#databases = new Databases(version, () => `127.0.0.1:${this.port}`)
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}/?replicaSet=stand-in&heartbeatFrequencyMS=500`
  }

  /** Runs the TTL monitor once; a real server does so about once a minute. */
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
