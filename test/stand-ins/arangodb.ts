import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { FragileServer } from './fragile-server.js'

interface Document {
  readonly _key: string
  readonly _rev: string
  readonly [name: string]: unknown
}

interface Answer {
  readonly status: number
  readonly body: object
}

/**
 * A stand-in for an ArangoDB server: it answers those requests of arangojs that the store causes, after the
 * documentation of the HTTP API. It is faithful in the properties that the store relies on: one document is changed at
 * a time, every change gives it a new revision, and `If-Match` is compared in the same step. Its TTL index removes
 * nothing until a test tells it to.
 */
export class ArangoStandIn extends FragileServer {
  /** The method and kind of each request: `GET document`. */
  readonly requests: string[] = []
  /** Called right before a write is carried out. */
  beforeWrite: (() => Promise<void>) | undefined
  readonly #collections = new Map<string, Map<string, Document>>()
  readonly #indexes = new Map<string, object>()
  #revision = 0

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** The options with which each collection was created. */
  readonly made = new Map<string, object>()

  indexOf(collection: string): object | undefined {
    return this.#indexes.get(collection)
  }

  protected create(): Server {
    return createServer((request, response) => void this.#serve(request, response))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await textOf(request).catch(() => '')
    if (!(await this.isTime(request.socket))) return
    const { status, body } = await this.#answer(request, sent === '' ? undefined : JSON.parse(sent))
    if (request.socket.destroyed) return
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }

  async #answer({ method = '', url = '', headers }: IncomingMessage, sent: unknown): Promise<Answer> {
    const { pathname, searchParams } = new URL(url, 'http://stand-in')
    const [kind = '', name = '', key] = pathname
      .replace(/^(\/_db\/[^/]+)?\/_api\//, '')
      .split('/')
      .map(decodeURIComponent)
    this.requests.push(`${method} ${kind}`)
    if (kind === 'collection') return this.#collection(method, name, key, sent)
    if (kind === 'index') return this.#index(searchParams.get('collection') ?? '', sent as object)
    if (kind !== 'document') return failed(404, 404, `the stand-in does not know ${kind}`)
    const documents = this.#collections.get(name)
    if (documents === undefined) return failed(404, 1203, 'collection or view not found')
    if (searchParams.has('onlyget'))
      return done(
        200,
        (sent as string[]).map((each) => documents.get(each) ?? missing)
      )
    if (method === 'GET') return documents.has(key ?? '') ? done(200, documents.get(key ?? '') as object) : missing404
    await this.beforeWrite?.()
    return this.#write(documents, method, key, sent as object, headers['if-match'])
  }

  #write(
    documents: Map<string, Document>,
    method: string,
    key: string | undefined,
    sent: object,
    match?: string
  ): Answer {
    const put = (id: string, status: number) => {
      const document = { ...sent, _key: id, _rev: `_r${++this.#revision}` }
      documents.set(id, document)
      return done(status, { _key: id, _rev: document._rev })
    }
    if (method === 'POST') {
      const { _key } = sent as Document
      return documents.has(_key) ? failed(409, 1210, 'unique constraint violated') : put(_key, 202)
    }
    const present = documents.get(key ?? '')
    if (present === undefined) return missing404
    if (match !== undefined && match !== present._rev) return failed(412, 1200, 'conflict, _rev values do not match')
    if (method === 'PUT') return put(present._key, 202)
    documents.delete(present._key)
    return done(202, { _key: present._key, _rev: present._rev })
  }

  #collection(method: string, name: string, action: string | undefined, sent: unknown): Answer {
    if (method === 'POST') {
      const { name: wanted } = sent as { name: string }
      if (this.#collections.has(wanted)) return failed(409, 1207, 'duplicate name')
      this.#collections.set(wanted, new Map())
      this.made.set(wanted, sent as object)
      return done(200, { name: wanted })
    }
    const documents = this.#collections.get(name)
    if (documents === undefined) return failed(404, 1203, 'collection or view not found')
    if (action === 'truncate') documents.clear()
    return done(200, { name })
  }

  #index(collection: string, index: object): Answer {
    const isNew = !this.#indexes.has(collection)
    this.#indexes.set(collection, index)
    return done(isNew ? 201 : 200, { ...index, isNewlyCreated: isNew })
  }
}

const missing = { error: true, errorNum: 1202, errorMessage: 'document not found' }
const missing404 = failed(404, 1202, 'document not found')

function done(status: number, body: object): Answer {
  return { status, body }
}

function failed(code: number, errorNum: number, errorMessage: string): Answer {
  return { status: code, body: { error: true, code, errorNum, errorMessage } }
}
