import { inTime } from '../../util/in-time.js'

/** What the store uses of `fetch`. */
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

/** The nodes of one cluster; any of them serves any request. Stays with one until that fails. */
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
   * The answer of the first node that gives one. A write goes to a second node only if it never left for the first:
   * otherwise it may have been done.
   *
   * @param timeout For each node, in milliseconds.
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

  /** Gives the connection up when the time is over. */
  #ask(url: string, request: RiakRequest, timeout: number): Promise<Answer> {
    const ask = async (signal: AbortSignal) => {
      const response = await this.#fetch(url, { ...request, signal })
      const { status, headers } = response
      const body = await response.text()
      // A node that has lost the others, is starting or is overloaded; what became of a write is not known.
      if (status >= 500) throw new Error(`riak store: ${status} from ${url}: ${body.trim().slice(0, 200)}`)
      return { status, headers, body }
    }
    return inTime(ask, timeout, 'riak')
  }
}

/** Codes of a connection that did not come about. */
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
