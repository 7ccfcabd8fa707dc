import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server in this process that a test can stop, pause, slow down and cut off. Its data outlives a stop. */
export abstract class FragileServer {
  /** How long an answer takes, in milliseconds. */
  delay = 0
  /** Cuts the connection of the next write: before it is carried out, or after that but before the answer. */
  cut: 'before' | 'after' | undefined
  /** How many requests it has received and not answered yet, because it is paused. */
  waiting = 0
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port: number
  #standing: Promise<void> | undefined
  #goOn = () => {}

  constructor(port = 0) {
    this.#port = port
  }

  protected abstract create(): Server

  get port(): number {
    return this.#port
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size
  }

  async start(): Promise<this> {
    this.#server = this.create()
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** Stops the server and cuts all connections, like a crash. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.cutAll()
    this.resume()
    if (!server) return
    server.close()
    await once(server, 'close')
  }

  /** Accepts requests and answers none until `resume`. */
  pause(): void {
    this.#standing ??= new Promise((resolve) => {
      this.#goOn = resolve
    })
  }

  resume(): void {
    this.#goOn()
    this.#standing = undefined
  }

  /**
   * Closes all connections. They are not reset: after a reset of a socket that is about to be shut down, Node never
   * exits.
   */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /**
   * Waits until it is time to answer. `false`: the client is gone, and like a server that has died, this one does
   * nothing more.
   */
  protected async isTime(socket: Socket, delay = this.delay): Promise<boolean> {
    if (this.#standing) {
      this.waiting++
      await this.#standing
      this.waiting--
    }
    if (delay > 0 && !socket.destroyed) await sleep(delay)
    return !socket.destroyed
  }

  /** Whether to cut the connection now. Each request of the test is honoured once. */
  protected cutNow(when: 'before' | 'after'): boolean {
    if (this.cut !== when) return false
    this.cut = undefined
    return true
  }
}
