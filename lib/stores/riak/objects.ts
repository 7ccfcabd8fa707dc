import { LONGEST_TIMER } from '../../util/durations.js'
import type { Answer, Nodes } from './nodes.js'

/** The value of a key, with the headers by which a write replaces exactly this state. */
export interface RiakObject {
  readonly value: string
  readonly vclock: string
  readonly etag: string
}

export interface BucketProps {
  readonly consistent?: unknown
  readonly allow_mult?: unknown
}

/**
 * The objects of one bucket, through Riak's HTTP API (https://docs.riak.com/riak/kv/latest/developing/api/http/).
 *
 * In a strongly consistent bucket, a write with `X-Riak-Vclock` is a compare-and-set, and a write without it only
 * creates. The other conditions are for other buckets, where they are checked before the write and not atomically with
 * it.
 */
export class RiakObjects {
  readonly #nodes: Nodes
  readonly #path: string
  readonly #eventual: boolean
  readonly #timeout: number

  constructor(nodes: Nodes, type: string, bucket: string, eventual: boolean, timeout: number) {
    this.#nodes = nodes
    this.#path = `/types/${type}/buckets/${bucket}`
    this.#eventual = eventual
    this.#timeout = timeout
  }

  get address(): string {
    return this.#nodes.address
  }

  /** Resolves to the bucket's properties. `undefined`: there is no such bucket type. */
  async props(): Promise<BucketProps | undefined> {
    const answer = await this.#nodes.send(`${this.#path}/props`, { method: 'GET' }, this.#timeout)
    if (answer.status === 404) return undefined
    return (JSON.parse(expected(answer, 200).body) as { props: BucketProps }).props
  }

  async get(id: string): Promise<RiakObject | undefined> {
    const answer = await this.#nodes.send(this.#key(id), { method: 'GET' }, this.#timeout)
    if (answer.status === 404 && !answer.body.startsWith('Unknown bucket type')) return undefined
    const { headers, body } = expected(answer, 200)
    return { value: body, vclock: headers.get('x-riak-vclock') ?? '', etag: headers.get('etag') ?? '' }
  }

  /**
   * Creates the object when `held` is left out; otherwise replaces exactly `held`. `false`: the key holds something
   * else.
   */
  async put(id: string, value: string, held?: RiakObject): Promise<boolean> {
    const condition = held ? this.#unchanged(held) : { 'if-none-match': '*' }
    const headers = { 'content-type': 'application/octet-stream', ...condition }
    const answer = await this.#nodes.send(this.#key(id), { method: 'PUT', headers, body: value }, this.#timeout)
    return isDone(answer)
  }

  /** Deletes exactly `held`. `false`: the key holds something else, or nothing. */
  async delete(id: string, held: RiakObject): Promise<boolean> {
    const request = { method: 'DELETE', headers: this.#unchanged(held) } as const
    const answer = await this.#nodes.send(this.#key(id), request, this.#timeout)
    return answer.status !== 404 && isDone(answer)
  }

  /**
   * Resolves to all keys of the bucket, without a timeout in practice: Riak looks through all keys of the cluster for
   * them.
   */
  async keys(): Promise<readonly string[]> {
    const answer = await this.#nodes.send(`${this.#path}/keys?keys=true`, { method: 'GET' }, LONGEST_TIMER)
    return (JSON.parse(expected(answer, 200).body) as { keys: readonly string[] }).keys
  }

  #key(id: string): string {
    return `${this.#path}/keys/${encodeURIComponent(id)}`
  }

  #unchanged({ vclock, etag }: RiakObject): Record<string, string> {
    if (!this.#eventual) return { 'x-riak-vclock': vclock }
    return { 'x-riak-vclock': vclock, 'if-match': etag, 'x-riak-if-not-modified': vclock }
  }
}

/**
 * Whether a write was done. A failed `X-Riak-If-Not-Modified` answers 409, every other failed condition 412.
 *
 * @throws Error for any other status
 */
function isDone(answer: Answer): boolean {
  if (answer.status === 409 || answer.status === 412) return false
  expected(answer, 200, 201, 204)
  return true
}

/** @throws Error when the status is another one */
function expected(answer: Answer, ...statuses: readonly number[]): Answer {
  if (statuses.includes(answer.status)) return answer
  throw new Error(`riak store: unexpected status ${answer.status}: ${answer.body.trim().slice(0, 200)}`)
}
