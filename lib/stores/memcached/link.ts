import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Address } from './address.js'
import { type Reply, ReplyReader } from './replies.js'

export interface LinkOptions {
  /** How long a reply may take, including the time to connect, in milliseconds. */
  readonly timeout: number
  readonly tls?: ConnectionOptions | undefined
  readonly auth?: Credentials | undefined
}

/** Credentials for a server with an `--auth-file`, or for MemCachier. */
export interface Credentials {
  readonly username: string
  readonly password: string
  /**
   * How to authenticate: `'memcachier'` for MemCachier's servers, which differ from the others. Default: `'memcached'`.
   */
  readonly scheme?: 'memcached' | 'memcachier'
}

interface Asked {
  resolve(reply: Reply): void
  reject(error: Error): void
  readonly timer: NodeJS.Timeout
}

/**
 * One connection, which is never opened again after its end. Commands are sent without waiting for the replies to
 * earlier ones, and replies come in the order of the commands. So a missing reply ends the connection: the replies
 * after it could no longer be matched to their commands.
 */
export class Link {
  readonly #socket: Socket
  readonly #name: string
  readonly #timeout: number
  readonly #asked: Asked[] = []
  readonly #replies = new ReplyReader()
  readonly #onEnd: (link: Link) => void
  #error: Error | undefined
  #proven = false

  constructor(address: Address, options: LinkOptions, onEnd: (link: Link) => void = () => {}) {
    this.#onEnd = onEnd
    this.#name = address.name
    this.#timeout = options.timeout
    this.#socket = open(address, options)
    this.#socket.on('data', (bytes) => this.#hear(bytes))
    this.#socket.on('error', (error) => this.end(error))
    this.#socket.on('close', () => this.end(new Error('the server closed the connection')))
    if (options.auth) this.#logIn(options.auth)
  }

  get open(): boolean {
    return this.#error === undefined
  }

  /** Whether the server has ever answered on this connection. */
  get proven(): boolean {
    return this.#proven
  }

  /** Sends a command, which must end in CRLF. Rejects if the reply is an error or does not come in time. */
  ask(command: string): Promise<Reply> {
    if (this.#error) return Promise.reject(this.#error)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.end(new Error(`no answer within ${this.#timeout} ms`)), this.#timeout)
      this.#asked.push({ resolve, reject, timer })
      this.#send(command)
    })
  }

  /** Closes the connection, and rejects the commands without a reply. */
  end(cause: Error): void {
    if (this.#error) return
    const error = new Error(`memcached ${this.#name}: ${cause.message}`, { cause })
    this.#error = error
    this.#socket.destroy()
    for (const { reject, timer } of this.#asked) {
      clearTimeout(timer)
      reject(error)
    }
    this.#onEnd(this)
  }

  /** Corks the socket until the next tick, so that commands sent together travel in one packet. */
  #send(command: string): void {
    this.#socket.cork()
    this.#socket.write(command)
    process.nextTick(() => this.#socket.uncork())
  }

  #hear(bytes: Buffer): void {
    for (const reply of this.#replies.read(bytes)) {
      const asked = this.#asked.shift()
      if (asked) this.#answer(asked, reply)
      else this.end(new Error(`the server said "${reply.line}" without being asked`))
    }
  }

  #answer({ resolve, reject, timer }: Asked, reply: Reply): void {
    clearTimeout(timer)
    this.#proven = true
    if (refusal.test(reply.line)) reject(new Error(`memcached ${this.#name}: ${reply.line}`))
    else resolve(reply)
  }

  /** Sends the credentials. They are the first bytes on the connection, so no command has to wait for the reply. */
  #logIn(credentials: Credentials): void {
    const [key, secret] = loginOf(credentials)
    this.ask(`set ${key} 0 0 ${Buffer.byteLength(secret)}\r\n${secret}\r\n`).catch((error) => {
      this.#proven = false
      this.end(error)
    })
  }
}

/** memcached accepts the credentials under any key; MemCachier expects the user name as the key. */
function loginOf({ username, password, scheme }: Credentials): readonly [key: string, secret: string] {
  return scheme === 'memcachier' ? [username, password] : ['auth', `${username} ${password}`]
}

const refusal = /^(?:ERROR|CLIENT_ERROR|SERVER_ERROR)/

function open(address: Address, { tls }: LinkOptions): Socket {
  const target = 'path' in address ? { path: address.path } : { host: address.host, port: address.port }
  const socket = tls ? connectTls({ ...tls, ...target }) : connect(target)
  return socket.setNoDelay(true).setKeepAlive(true, 30_000)
}
