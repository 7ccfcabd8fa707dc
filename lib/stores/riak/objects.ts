import { LONGEST_TIMER } from '../../util/durations.js'
import type { Answer, Nodes } from './nodes.js'

/** What a key holds, and what Riak takes to change exactly that. */
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
 * The objects of one bucket by Riak's HTTP API (https://docs.riak.com/riak/kv/latest/developing/api/http/).
 *
 * In a strongly consistent bucket, a write with `X-Riak-Vclock` is a compare-and-set, and one without only creates; the
 * other conditions, which serve in other buckets, are checked before the write and not along with it.
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

  /** `undefined`: there is no such bucket type. */
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

  /** Creates, or replaces exactly what is given as `held`. `false`: the key holds something else. */
  async put(id: string, value: string, held?: RiakObject): Promise<boolean> {
    const condition = held ? this.#unchanged(held) : { 'if-none-match': '*' }
    const headers = { 'content-type': 'application/octet-stream', ...condition }
    const answer = await this.#nodes.send(this.#key(id), { method: 'PUT', headers, body: value }, this.#timeout)
    return isDone(answer)
  }

  /** `false`: the key holds something else than `held`, or nothing any more. */
  async delete(id: string, held: RiakObject): Promise<boolean> {
    const request = { method: 'DELETE', headers: this.#unchanged(held) } as const
    const answer = await this.#nodes.send(this.#key(id), request, this.#timeout)
    return answer.status !== 404 && isDone(answer)
  }

  /** All keys of the bucket, for which Riak looks through all keys of the cluster: waits for as long as that takes. */
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

/** 409 is what `X-Riak-If-Not-Modified` answers, 412 what all else does. */
function isDone(answer: Answer): boolean {
  if (answer.status === 409 || answer.status === 412) return false
  expected(answer, 200, 201, 204)
  return true
}

function expected(answer: Answer, ...statuses: readonly number[]): Answer {
  if (statuses.includes(answer.status)) return answer
  throw new Error(`riak store: unexpected status ${answer.status}: ${answer.body.trim().slice(0, 200)}`)
}
