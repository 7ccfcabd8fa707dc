import { createHash } from 'node:crypto'
import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { defaultTable } from './sql/dialects.js'
import type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
import { isPglite, type PgliteClient, pgliteDialect, throughPglite } from './sql/pglite.js'
import { postgresDialect } from './sql/postgres.js'
import { type BatchingSqlStore, storeOver } from './sql/store.js'

export type { PgliteClient } from './sql/pglite.js'
export type { BatchingSqlStore } from './sql/store.js'

/** The method of a `Pool` of the package `pg` that the store uses. */
export interface PgClient {
  query(statement: PgStatement): Promise<{ readonly rows: readonly SqlRow[]; readonly rowCount: number | null }>
}

export interface PgStatement {
  text: string
  values: SqlParam[]
  name?: string
}

/** The members of the `sql` function of the package `postgres` that the store uses. */
export interface PostgresJsClient {
  unsafe(text: string, params: SqlParam[], options: { prepare: boolean }): PromiseLike<PostgresJsRows>
  readonly options: { readonly prepare: boolean }
}

/**
 * The methods that the store uses of the function that `neon()` of `@neondatabase/serverless` returns. It sends
 * statements over HTTP.
 */
export interface NeonClient {
  query(
    text: string,
    params: SqlParam[],
    options: { fullResults: true; arrayMode: false }
  ): Promise<{ readonly rows: readonly SqlRow[]; readonly rowCount: number | null }>
  transaction(...args: never): unknown
}

export type PostgresJsRows = readonly SqlRow[] & { readonly count: number }

export interface PostgresStoreOptions {
  /**
   * One of these clients:
   *
   * - a `Pool` of the package `pg`
   * - the `sql` of the package `postgres`
   * - the function that `neon()` of `@neondatabase/serverless` returned, or a `Pool` of that package. Both are tested
   *   against stand-ins for Neon's endpoints in front of PostgreSQL, not against Neon.
   * - a `PGlite` of `@electric-sql/pglite`
   */
  readonly client: PgClient | PostgresJsClient | NeonClient | PgliteClient
  /** The table's name, with or without a schema: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /**
   * Whether `pg` prepares the statements, once for each connection. Set it to `false` behind a pooler that sends each
   * statement over any connection and does not support prepared statements, such as PgBouncer before 1.21. The package
   * `postgres` has this option itself. Default: `true`.
   */
  readonly prepare?: boolean
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records in a table of PostgreSQL 12 or newer. Every method is one statement, `readMany` and `saveMany` too. The
 * reads of several requests in one turn of the event loop share a statement, up to 32 of them, and their updates share
 * another. An update whose record is locked is sent again by itself, so that only its own request waits for the lock.
 * `setup` creates the table if it is missing; `sweep` removes expired records, and several sweeps may run at once.
 * Tested with PostgreSQL 15 and 18, and with PGlite.
 *
 * Add a listener for `error` to a pool of `pg`; otherwise the process ends when the server closes an idle connection.
 * Give `postgres` the option `fetch_types: false`; otherwise the process ends when a connection breaks while it opens.
 * A call that timed out occupies its connection until the server answers, and may still be carried out.
 *
 * @throws StoreConfigError when the client is of no such kind, or the table's name is not allowed.
 * @example
 * ```ts
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
 * pool.on('error', (error) => app.log.error(error))
 * const options = defineSessions({ stores: { postgres: postgresStore({ client: pool }) }, … })
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): BatchingSqlStore {
  const {
    client,
    table = defaultTable,
    prepare = true,
    timeout
  } = storeOptions('postgres', options, { client: true, table: true, prepare: true, timeout: true })
  const way = { store: 'postgres', client, timeout }
  if (client && typeof client === 'object' && isPglite(client)) {
    return storeOver(throughPglite(client), pgliteDialect(table), way)
  }
  return storeOver(executorOf(client, prepare), postgresDialect(table), way)
}

/**
 * Tells the clients apart by their members: the clients of `postgres` and Neon are functions, a `Pool` of `pg` is an
 * object.
 * @throws StoreConfigError when it is none of them
 */
function executorOf(client: Exclude<PostgresStoreOptions['client'], PgliteClient>, prepare: boolean): SqlExecutor {
  if (typeof client === 'function') {
    if ('unsafe' in client && 'options' in client) return throughPostgresJs(client)
    if ('query' in client && 'transaction' in client) return throughNeon(client)
  }
  if (client && typeof client === 'object' && 'query' in client) return throughPg(client as PgClient, prepare)
  throw new StoreConfigError(
    'postgres',
    `client must be a Pool of the package "pg", the sql of the package "postgres", what neon() returned or a PGlite; it is ${kindOf(client)}`
  )
}

function throughNeon(client: NeonClient): SqlExecutor {
  const send = (text: string, params: readonly SqlParam[]) =>
    client.query(text, [...params], { fullResults: true, arrayMode: false })
  return {
    all: async (text, params) => (await send(text, params)).rows,
    run: async (text, params) => (await send(text, params)).rowCount
  }
}

function throughPg(client: PgClient, prepare: boolean): SqlExecutor {
  const names = new Map<string, string>()
  const nameOf = (text: string) => {
    const name =
      names.get(text) ?? `fastify-sessions ${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`
    names.set(text, name)
    return name
  }
  const send = (text: string, params: readonly SqlParam[]) => {
    const prepared = prepare && params.length > 0
    return client.query({ text, values: [...params], ...(prepared && { name: nameOf(text) }) })
  }
  return {
    all: async (text, params) => (await send(text, params)).rows,
    run: async (text, params) => (await send(text, params)).rowCount
  }
}

function throughPostgresJs(client: PostgresJsClient): SqlExecutor {
  const { prepare } = client.options
  return {
    all: async (text, params) => client.unsafe(text, [...params], { prepare }),
    run: async (text, params) => (await client.unsafe(text, [...params], { prepare })).count
  }
}
