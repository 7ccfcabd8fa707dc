import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { dialectOf, type SqlDialect } from './sql/dialects.js'
import type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
import { type SqlStore, storeOver } from './sql/store.js'

export type { SqlDialect } from './sql/dialects.js'
export type { SqlStore } from './sql/store.js'

/** The method of a `Kysely` instance that the store uses. */
export interface KyselyClient {
  executeQuery(query: KyselyQuery): Promise<KyselyResult>
}

/** A compiled query. */
export interface KyselyQuery {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly query: {
    readonly kind: 'RawNode'
    readonly sqlFragments: readonly string[]
    readonly parameters: readonly []
  }
  readonly queryId: { readonly queryId: string }
}

export interface KyselyResult {
  readonly rows: readonly unknown[]
  readonly numAffectedRows?: bigint | undefined
}

export interface KyselyStoreOptions {
  /** The app's `Kysely` instance. */
  readonly client: KyselyClient
  /** The SQL dialect of its database. */
  readonly dialect: SqlDialect
  /** The table's name, with or without a schema: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records through Kysely, in PostgreSQL, MySQL, MariaDB or SQLite, with the promises of `postgresStore`,
 * `mysqlStore` and `sqliteStore`. Tested with Kysely 0.28.
 *
 * @throws StoreConfigError when an option can't work.
 * @example
 * ```ts
 * const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
 * const options = defineSessions({ stores: { db: kyselyStore({ client: db, dialect: 'postgres' }) }, … })
 * ```
 */
export function kyselyStore(options: KyselyStoreOptions): SqlStore {
  const known = { client: true, dialect: true, table: true, timeout: true } as const
  const { client, dialect, table, timeout } = storeOptions('kysely', options, known)
  if (typeof client?.executeQuery !== 'function') {
    throw new StoreConfigError('kysely', `client must be an instance of Kysely; it is ${kindOf(client)}`)
  }
  return storeOver(throughKysely(client), dialectOf(dialect, table), { store: 'kysely', client, timeout })
}

function throughKysely(client: KyselyClient): SqlExecutor {
  return {
    all: async (text, params) => (await client.executeQuery(compiled(text, params))).rows as readonly SqlRow[],
    run: async (text, params) => countOf(await client.executeQuery(compiled(text, params)))
  }
}

function countOf({ numAffectedRows }: KyselyResult): number | undefined {
  return numAffectedRows === undefined ? undefined : Number(numAffectedRows)
}

/** Returns the same object as Kysely's own `CompiledQuery.raw`. */
function compiled(sql: string, parameters: readonly SqlParam[]): KyselyQuery {
  return {
    sql,
    parameters,
    query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
    queryId: { queryId: 'fastify-sessions' }
  }
}
