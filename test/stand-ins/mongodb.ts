import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Document } from 'bson'
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
export class MongoStandIn {
  /** Names of the commands that came, without those of monitoring. */
  readonly commands: string[] = []
  /** How long an answer takes, in milliseconds. */
  delay = 0
  /** What becomes of the connection of the next write: cut before it is carried out, or after, unanswered. */
  cut: 'before' | 'after' | undefined
  /** How many writes to refuse as a primary does that has just stepped down. */
  refusals = 0
  readonly #databases: Databases
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port: number
  #standing: Promise<void> | undefined
  #goOn = () => {}

  constructor({ version = '8.0', port = 0 }: MongoStandInOptions = {}) {
    this.#port = port
    this.#databases = new Databases(version, () => `127.0.0.1:${this.#port}`)
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.#port}/?replicaSet=stand-in&heartbeatFrequencyMS=500`
  }

  get port(): number {
    return this.#port
  }

  async start(): Promise<this> {
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as { port: number }).port
    return this
  }

  /** All connections are gone at once, as in a crash; the documents are there again after `start`. */
  async stop(): Promise<void> {
    this.resume()
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (!server) return
    server.close()
    await once(server, 'close')
  }

  /** Takes everything and answers nothing, monitoring included, until `resume`. */
  pause(): void {
    this.#standing ??= new Promise((resolve) => {
      this.#goOn = resolve
    })
  }

  resume(): void {
    this.#goOn()
    this.#standing = undefined
  }

  /** A pass of the TTL monitor, which a server makes about once a minute. */
  removeExpired(): void {
    this.#databases.removeExpired(Date.now())
  }

  /** The validator of all collections. */
  set isValid(isValid: (document: Document) => boolean) {
    this.#databases.isValid = isValid
  }

  /** Cuts every connection, whatever is under way on it. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    const requests = new Requests()
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', async (bytes) => {
      for (const request of requests.push(bytes)) await this.#answer(socket, request)
    })
  }

  async #answer(socket: Socket, request: Request): Promise<void> {
    const [name = ''] = Object.keys(request.command)
    if (!greetings.has(name)) this.commands.push(name)
    await this.#standing
    if (socket.destroyed) return // a server that died does nothing more
    if (this.delay > 0 && !greetings.has(name)) await sleep(this.delay)
    if (socket.destroyed) return
    const isWrite = writes.has(name)
    if (isWrite && this.#cutNow('before')) return void socket.destroy()
    const answer = isWrite && this.refusals > 0 ? this.#refuse() : this.#databases.answer(request.command)
    if (isWrite && this.#cutNow('after')) return void socket.destroy()
    if (!request.silent && !socket.destroyed) socket.write(request.reply(answer))
  }

  #cutNow(when: 'before' | 'after'): boolean {
    if (this.cut !== when) return false
    this.cut = undefined
    return true
  }

  #refuse() {
    this.refusals--
    const errorLabels = ['RetryableWriteError']
    return { ok: 0, code: 10107, codeName: 'NotWritablePrimary', errmsg: 'not primary', errorLabels }
  }
}
