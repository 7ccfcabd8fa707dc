import { inTime } from '../../util/in-time.js'

/** The part of `fetch` that the store uses. */
export type RiakFetch = (url: string, init: RiakRequest & { readonly signal: AbortSignal }) => Promise<RiakResponse>

export interface RiakRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly headers?: Record<string, string>
  readonly body?: string
}

export interface RiakResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}

export interface Answer {
  readonly status: number
  readonly headers: RiakResponse['headers']
  readonly body: string
}

/** The nodes of one cluster. Any node serves any request. One node is used until it fails. */
export class Nodes {
  readonly #urls: readonly string[]
  readonly #fetch: RiakFetch
  #current = 0

  constructor(urls: readonly string[], fetch: RiakFetch) {
    this.#urls = urls
    this.#fetch = fetch
  }

  get address(): string {
    return this.#urls.map((url) => new URL(url).host).join(', ')
  }

  /**
   * Resolves to the answer of the first node that gives one. A write is sent to a second node only if no connection to
   * the first came about; otherwise the first node may have carried it out.
   *
   * @param timeout The limit for each node, in milliseconds.
   * @throws the last node's error; an Error for a status of 500 or more
   */
  async send(path: string, request: RiakRequest, timeout: number): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      const at = this.#current
      try {
        return await this.#ask(this.#urls[at] + path, request, timeout)
      } catch (error) {
        if (at === this.#current) this.#current = (at + 1) % this.#urls.length
        const again = request.method === 'GET' || neverLeft(error)
        if (!again || tried === this.#urls.length) throw error
      }
    }
  }

  /** Sends a request to one node, and aborts it at the timeout. */
  #ask(url: string, request: RiakRequest, timeout: number): Promise<Answer> {
    const ask = async (signal: AbortSignal) => {
      const response = await this.#fetch(url, { ...request, signal })
      const { status, headers } = response
      const body = await response.text()
      // The node may have lost the other nodes, be starting or be overloaded. The outcome of a write is unknown.
      if (status >= 500) throw new Error(`riak store: ${status} from ${url}: ${body.trim().slice(0, 200)}`)
      return { status, headers, body }
    }
    return inTime(ask, timeout, 'riak')
  }
}

/** The error codes of a connection that could not be opened. */
const unconnected = new Set<unknown>([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT'
])

function neverLeft(error: unknown): boolean {
  return unconnected.has((error as { cause?: { code?: unknown } }).cause?.code)
}
