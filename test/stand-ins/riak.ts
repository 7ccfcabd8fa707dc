import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { FragileServer } from './fragile-server.js'

interface RiakObject {
  readonly value: Buffer
  readonly contentType: string
  readonly vclock: string
  readonly etag: string
  /** Whether it was deleted: Riak keeps a tombstone for a while, also in the list of keys. */
  readonly isTombstone: boolean
}

interface Reply {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

/**
 * A stand-in for a node of Riak KV 3 with its HTTP API, written after the documentation and the sources of riak_kv:
 * objects with vector clocks and ETags, without siblings; bucket types; conditions. As in Riak, a write to a strongly
 * consistent type compares the vector clock atomically with the write, and a write to another type checks its
 * conditions some time before. All data is in memory.
 */
export class RiakStandIn extends FragileServer {
  /** Bucket types by name, with their properties. */
  readonly types = new Map<string, object>([
    ['sessions', { consistent: true, allow_mult: true, n_val: 3 }],
    ['eventual', { allow_mult: false, n_val: 3 }],
    ['siblings', { allow_mult: true, n_val: 3 }]
  ])
  /** The method and path of each request. */
  readonly requests: string[] = []
  /** A status to answer the next requests with, and how many of them. */
  refusals = { status: 503, count: 0 }
  /** Whether it supports `X-Riak-If-Not-Modified`, as Riak does since 3.0.13. */
  isRecent = true
  /** Called when a write has been received, and when it has passed its conditions and is about to be carried out. */
  beforeConditions: (() => Promise<void>) | undefined
  beforeWrite: (() => Promise<void>) | undefined
  readonly #objects = new Map<string, RiakObject>()

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  protected create(): Server {
    return createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', socket } = request
    this.requests.push(`${method} ${url}`)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    if (!(await this.isTime(socket))) return
    const isWrite = method !== 'GET'
    if (isWrite && this.cutNow('before')) return void socket.destroy()
    const reply = this.#refusal() ?? (await this.#reply(request, Buffer.concat(parts)))
    if (isWrite && this.cutNow('after')) return void socket.destroy()
    response.writeHead(reply.status, reply.headers).end(reply.body)
  }

  #refusal(): Reply | undefined {
    if (this.refusals.count === 0) return undefined
    this.refusals.count--
    return { status: this.refusals.status, body: 'request timed out\n' }
  }

  async #reply(request: IncomingMessage, body: Buffer): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    const [, types, type = '', ...rest] = pathname.split('/').map(decodeURIComponent)
    const props = this.types.get(type)
    if (types !== 'types') return notFound
    if (!props) return { status: 404, body: `Unknown bucket type: ${type}` }
    if (rest.at(-1) === 'props') return { status: 200, body: JSON.stringify({ props: { ...props, name: rest[1] } }) }
    const [buckets, bucket, keys, key] = rest
    if (buckets !== 'buckets' || !bucket || keys !== 'keys') return notFound
    const place = `${type}/${bucket}/`
    if (key === undefined) return searchParams.get('keys') === 'true' ? this.#keys(place) : { status: 400 }
    if (request.method === 'GET') return found(this.#objects.get(place + key))
    const isConsistent = (props as { consistent?: boolean }).consistent === true
    return this.#write(request, body, place + key, isConsistent)
  }

  #keys(place: string): Reply {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(place)).map((key) => key.slice(place.length))
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ keys }) }
  }

  async #write(
    { method, headers }: IncomingMessage,
    value: Buffer,
    key: string,
    isConsistent: boolean
  ): Promise<Reply> {
    const contentType = headers['content-type']
    if (method === 'PUT' && !contentType) return { status: 400, body: 'Missing Content-Type request header' }
    const vclock = headers['x-riak-vclock']
    await this.beforeConditions?.()
    const refusal = unmet(headers, method, existing(this.#objects.get(key)), this.isRecent)
    if (refusal) return { status: refusal }
    await this.beforeWrite?.()
    if (!isConsistent) await sleep(1)
    const held = existing(this.#objects.get(key))
    const isUnchanged = vclock ? held?.vclock === vclock : method === 'DELETE' || !held
    if (isConsistent && !isUnchanged) return { status: 412 }
    this.#objects.set(key, {
      value,
      contentType: contentType ?? '',
      vclock: randomBytes(24).toString('base64'),
      etag: `"${randomBytes(12).toString('base64url')}"`,
      isTombstone: method === 'DELETE'
    })
    return { status: 204 }
  }
}

const notFound: Reply = { status: 404, headers: { 'content-type': 'text/plain' }, body: 'not found\n' }

function existing(object: RiakObject | undefined): RiakObject | undefined {
  return object?.isTombstone ? undefined : object
}

function found(object: RiakObject | undefined): Reply {
  if (!object) return notFound
  const { value, contentType, vclock, etag, isTombstone } = object
  if (isTombstone) return { ...notFound, headers: { 'x-riak-vclock': vclock, 'x-riak-deleted': 'true' } }
  return { status: 200, headers: { 'content-type': contentType, 'x-riak-vclock': vclock, etag }, body: value }
}

/**
 * Returns the status of an unmet condition. Webmachine checks the conditions before a write begins, and riak_kv itself
 * checks `X-Riak-If-Not-Modified`. An ETag in If-Match does not keep webmachine from creating a missing object.
 */
function unmet(
  headers: IncomingMessage['headers'],
  method: unknown,
  held: RiakObject | undefined,
  isRecent: boolean
): number | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch, 'x-riak-if-not-modified': notModified } = headers
  if (method === 'DELETE' && !held) return 404
  if (noneMatch === '*' && held) return 412
  if (match !== undefined && held && match !== held.etag) return 412
  if (isRecent && method === 'PUT' && notModified !== undefined && notModified !== held?.vclock) return 409
  return undefined
}
