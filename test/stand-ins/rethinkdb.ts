import { createHmac, pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TermType } from 'rethinkdb-ts/lib/proto/enums.js'
import { FragileServer } from './fragile-server.js'

type Row = { readonly id: string; readonly [field: string]: unknown }
type Scope = ReadonlyMap<number, unknown>
type Answer = { readonly t: number; readonly r: readonly unknown[] }

const [success, sequence, runtimeError] = [1, 2, 18]

/**
 * A stand-in for a RethinkDB server: it accepts the handshake of its drivers, and runs those terms of the query
 * language that the store uses, on tables in memory. It is faithful in the properties that the store relies on: one
 * document is replaced atomically, a branch evaluates only the chosen value, and outcomes are counted as the server
 * counts them. It also has the server's weakness that the store has to handle: it checks whether a table exists some
 * time before it creates it. So clients that create a table at the same time get one each, and the name is ambiguous
 * from then on.
 */
export class RethinkStandIn extends FragileServer {
  /** How many queries were received. */
  queries = 0
  /** The read mode of each query's table, if it gives one. */
  readonly readModes: unknown[] = []
  /** The tables by id; several may have the same name. */
  readonly #tables = new Map<string, Table>()

  /** The names of the tables, with duplicates. */
  get tables(): readonly string[] {
    return Array.from(this.#tables.values(), ({ name }) => name)
  }

  /** Adds another table of that name, as if another server had created it. */
  duplicate(name: string, row: Row): void {
    const id = randomUUID()
    this.#tables.set(id, { id, name, rows: new Map([[row.id, row]]), indexes: [] })
  }

  protected create(): Server {
    return createServer((socket) => this.#serve(socket))
  }

  #serve(socket: Socket): void {
    const shake = handshake()
    let isReady = false
    let rest = Buffer.alloc(0)
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes])
      for (let end = rest.indexOf(0); !isReady && end !== -1; end = rest.indexOf(0)) {
        // Before its first message, a client sends the version of the protocol in four bytes.
        const answers = shake(String(rest.subarray(rest.indexOf('{'), end)))
        rest = rest.subarray(end + 1)
        for (const answer of answers.messages) socket.write(`${JSON.stringify(answer)}\0`)
        isReady = answers.isLast
      }
      while (isReady && rest.length >= 12 && rest.length >= 12 + rest.readUInt32LE(8)) {
        const length = 12 + rest.readUInt32LE(8)
        const token = Buffer.from(rest.subarray(0, 8))
        void this.#reply(socket, token, JSON.parse(String(rest.subarray(12, length))))
        rest = rest.subarray(length)
      }
    })
  }

  async #reply(socket: Socket, token: Buffer, [, term]: readonly [number, unknown]): Promise<void> {
    this.queries++
    if (!(await this.isTime(socket))) return
    const answer = isCreation(term) ? await this.#create(term) : this.#answer(term)
    const body = Buffer.from(JSON.stringify(answer))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(body.length)
    socket.write(Buffer.concat([token, length, body]))
  }

  async #create(term: readonly [number, unknown[]]): Promise<Answer> {
    const name = term[1].at(-1) as string
    if (this.#named(name).length > 0) return { t: runtimeError, r: [`Table \`test.${name}\` already exists.`] }
    await sleep(creating)
    const id = randomUUID()
    this.#tables.set(id, { id, name, rows: new Map(), indexes: [] })
    return { t: success, r: [{ tables_created: 1 }] }
  }

  #answer(term: unknown): Answer {
    try {
      const value = this.#run(term, new Map())
      return value instanceof Rows ? { t: sequence, r: value.rows } : { t: success, r: [value] }
    } catch (error) {
      return { t: runtimeError, r: [(error as Error).message] }
    }
  }

  #run(term: unknown, scope: Scope): unknown {
    if (!Array.isArray(term)) return isFields(term) ? mapFields(term, (value) => this.#run(value, scope)) : term
    const [kind, args = [], options = {}] = term as [number, unknown[], Record<string, unknown>]
    const arg = (index: number) => this.#run(args[index], scope)
    switch (kind) {
      case TermType.MAKE_ARRAY:
        return args.map((each) => this.#run(each, scope))
      case TermType.VAR:
        return scope.get(arg(0) as number)
      case TermType.BRANCH:
        for (let at = 0; at + 1 < args.length; at += 2) if (arg(at) === true) return arg(at + 1)
        return arg(args.length - 1)
      case TermType.EQ:
        return arg(0) === arg(1)
      case TermType.GT:
        return (arg(0) as number) > (arg(1) as number)
      case TermType.LE:
        return (arg(0) as number) <= (arg(1) as number)
      case TermType.BRACKET:
        return fieldOf(arg(0), arg(1) as string)
      case TermType.MERGE:
        return { ...(arg(0) as object), ...(arg(1) as object) }
      case TermType.MINVAL:
        return Number.NEGATIVE_INFINITY
      case TermType.DB:
        return arg(0)
      // If a database is named, it is the first argument.
      case TermType.TABLE:
        this.readModes.push(options['read_mode'])
        return args.length > 1 && arg(0) === 'rethinkdb' ? this.#config() : this.#rows(arg(args.length - 1) as string)
      case TermType.TABLE_LIST:
        return [...new Set(this.tables)]
      case TermType.TABLE_DROP:
        this.#tables.delete(this.#table(arg(args.length - 1) as string).id)
        return { tables_dropped: 1 }
      case TermType.WAIT:
        return { ready: 1 }
      case TermType.FILTER: {
        const { from, rows } = arg(0) as Rows
        const wanted = Object.entries(arg(1) as object)
        return new Rows(
          from,
          rows.filter((row) => wanted.every(([field, value]) => row[field] === value))
        )
      }
      // Supported for `table_config` only, to rename a table.
      case TermType.UPDATE: {
        const { rows } = arg(0) as Rows
        for (const { id } of rows) Object.assign(this.#tables.get(id) as Table, arg(1))
        return { ...nothing, replaced: rows.length }
      }
      case TermType.INSERT: {
        const { from } = arg(0) as Rows
        const { rows } = arg(1) as Rows
        const fresh = rows.filter(({ id }) => !from.has(id))
        for (const row of fresh) from.set(row.id, row)
        return { ...nothing, inserted: fresh.length, errors: rows.length - fresh.length }
      }
      case TermType.INDEX_LIST:
        return [...this.#indexesOf(args[0], scope)]
      case TermType.INDEX_CREATE: {
        const indexes = this.#indexesOf(args[0], scope)
        if (indexes.includes(arg(1) as string)) throw new Error('Index already exists.')
        indexes.push(arg(1) as string)
        return { created: 1 }
      }
      case TermType.INDEX_WAIT:
        return [{ index: arg(1), ready: true }]
      case TermType.GET: {
        const { from } = arg(0) as Rows
        return new One(from, arg(1) as string).asAnswer()
      }
      case TermType.GET_ALL: {
        const { from } = arg(0) as Rows
        return new Rows(
          from,
          args.slice(1).flatMap((_, at) => from.get(arg(at + 1) as string) ?? [])
        )
      }
      case TermType.BETWEEN: {
        const { from, rows } = arg(0) as Rows
        const [low, high] = [arg(1) as number, arg(2) as number]
        const index = this.#run(options['index'], scope) as string
        if (!this.#indexesOf(args[0], scope).includes(index)) throw new Error(`Index ${index} was not found.`)
        const closed = this.#run(options['right_bound'], scope) === 'closed'
        const isIn = (value: number) => value >= low && (closed ? value <= high : value < high)
        return new Rows(
          from,
          rows.filter((row) => isIn(row[index] as number))
        )
      }
      case TermType.LIMIT: {
        const { from, rows } = arg(0) as Rows
        return new Rows(from, rows.slice(0, arg(1) as number))
      }
      case TermType.DELETE: {
        const { from, rows } = arg(0) as Rows
        for (const { id } of rows) from.delete(id)
        return { ...nothing, deleted: rows.length }
      }
      case TermType.REPLACE:
        return this.#replace(args, scope)
      default:
        throw new Error(`the stand-in does not know term ${kind}`)
    }
  }

  /** `table.get(id).replace(function)` */
  #replace([place, change]: unknown[], scope: Scope): object {
    const [, [table, key]] = place as [number, [unknown, unknown]]
    const { from } = this.#run(table, scope) as Rows
    const id = this.#run(key, scope) as string
    const [, [[, [parameter]], body]] = change as [number, [[number, [number]], unknown]]
    const before = from.get(id) ?? null
    const after = this.#run(body, new Map([...scope, [parameter, before]])) as Row | null
    if (after !== null && after.id !== id)
      return { ...nothing, errors: 1, first_error: 'Primary key `id` cannot be changed' }
    if (after === null) from.delete(id)
    else from.set(id, after)
    if (before === null) return after === null ? { ...nothing, skipped: 1 } : { ...nothing, inserted: 1 }
    if (after === null) return { ...nothing, deleted: 1 }
    return JSON.stringify(before) === JSON.stringify(after) ? { ...nothing, unchanged: 1 } : { ...nothing, replaced: 1 }
  }

  #named(name: string): readonly Table[] {
    return [...this.#tables.values()].filter((table) => table.name === name)
  }

  #table(name: string): Table {
    const [table, ...others] = this.#named(name)
    if (table === undefined) throw new Error(`Table \`test.${name}\` does not exist.`)
    if (others.length === 0) return table
    throw new Error(`Table \`test.${name}\` is ambiguous; there are multiple tables with that name.`)
  }

  #rows(name: string): Rows {
    const { rows } = this.#table(name)
    return new Rows(rows, [...rows.values()])
  }

  /** `r.db('rethinkdb').table('table_config')` */
  #config(): Rows {
    const rows = Array.from(this.#tables.values(), ({ id, name }) => ({ id, name, db: 'test' }))
    return new Rows(new Map(), rows)
  }

  #indexesOf(table: unknown, scope: Scope): string[] {
    const [, args] = table as [number, unknown[]]
    return this.#table(this.#run(args.at(-1), scope) as string).indexes
  }
}

interface Table {
  readonly id: string
  name: string
  readonly rows: Map<string, Row>
  readonly indexes: string[]
}

/** How long the server takes to create a table after it has checked that there is none, in milliseconds. */
const creating = 100

function isCreation(term: unknown): term is readonly [number, unknown[]] {
  return Array.isArray(term) && term[0] === TermType.TABLE_CREATE
}

const nothing = { deleted: 0, errors: 0, inserted: 0, replaced: 0, skipped: 0, unchanged: 0 }

/** A selection of rows of a table. */
class Rows {
  readonly from: Map<string, Row>
  readonly rows: readonly Row[]

  constructor(from: Map<string, Row>, rows: readonly Row[]) {
    this.from = from
    this.rows = rows
  }
}

class One {
  readonly #row: Row | null

  constructor(from: Map<string, Row>, id: string) {
    this.#row = from.get(id) ?? null
  }

  asAnswer(): Row | null {
    return this.#row
  }
}

function isFields(term: unknown): term is Record<string, unknown> {
  return typeof term === 'object' && term !== null
}

function mapFields(fields: Record<string, unknown>, map: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, map(value)]))
}

function fieldOf(row: unknown, name: string): unknown {
  if (row === null) throw new Error('Cannot perform bracket on a non-object non-sequence `null`.')
  return (row as Row)[name]
}

/** SCRAM-SHA-256 (RFC 5802) with the empty password of a fresh server. The client's proof is not checked. */
function handshake(): (message: string) => { readonly messages: readonly object[]; readonly isLast: boolean } {
  const salt = randomBytes(16)
  let first = ''
  let challenge = ''
  return (message) => {
    const { authentication } = JSON.parse(message) as { authentication: string }
    if (first === '') {
      first = authentication.slice('n,,'.length)
      challenge = `r=${first.split('r=')[1]}${randomBytes(9).toString('base64')},s=${salt.toString('base64')},i=1`
      const version = { success: true, min_protocol_version: 0, max_protocol_version: 0, server_version: 'stand-in' }
      return { messages: [version, { success: true, authentication: challenge }], isLast: false }
    }
    const salted = pbkdf2Sync('\0', salt, 1, 32, 'sha256')
    const serverKey = createHmac('sha256', salted).update('Server Key').digest()
    const whole = `${first},${challenge},${authentication.slice(0, authentication.lastIndexOf(',p='))}`
    const signature = createHmac('sha256', serverKey).update(whole).digest('base64')
    return { messages: [{ success: true, authentication: `v=${signature}` }], isLast: true }
  }
}
