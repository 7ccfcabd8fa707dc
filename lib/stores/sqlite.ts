import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { turnsOf } from './internal/turns.js'
import { defaultTable } from './sql/dialects.js'
import type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
import { sqliteDialect } from './sql/sqlite.js'
import { type BatchingSqlStore, storeOver } from './sql/store.js'

export type { BatchingSqlStore } from './sql/store.js'

/** What is used of a database of `better-sqlite3`, `libsql` or `node:sqlite`. */
export interface SqliteDatabase {
  prepare(text: string): SqliteStatement
}

export interface SqliteStatement {
  all(...params: SqlParam[]): unknown[]
  run(...params: SqlParam[]): { readonly changes: number | bigint }
}

/** What is used of a database of `@tursodatabase/database`. */
export interface TursoDatabase {
  connect(): Promise<unknown>
  prepare(text: string): TursoStatement | Promise<TursoStatement>
}

export interface TursoStatement {
  all(...params: SqlParam[]): Promise<unknown[]>
  run(...params: SqlParam[]): Promise<{ readonly changes: number }>
}

/** What is used of a client of `@libsql/client`. */
export interface LibsqlClient {
  execute(statement: { sql: string; args: SqlParam[] }): Promise<LibsqlResult>
}

export interface LibsqlResult {
  readonly rows: readonly SqlRow[]
  readonly rowsAffected: number
}

export interface SqliteStoreOptions {
  /**
   * A `Database` of `better-sqlite3` or `libsql`, a `DatabaseSync` of `node:sqlite`, what `connect` of
   * `@tursodatabase/database` resolved to, or a client of `@libsql/client`.
   */
  readonly client: SqliteDatabase | TursoDatabase | LibsqlClient
  /** Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long to wait for a lock, or for a server of libSQL, in milliseconds, before a call rejects. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records in a table of SQLite 3.35 or newer, or of libSQL. Several processes can share the file. `setup` creates
 * the table where it is missing; `sweep` removes what has expired, two hundred records at a time.
 *
 * Set `PRAGMA journal_mode = WAL` once for the file, so that readers and writers don't wait for one another, and
 * `PRAGMA synchronous = NORMAL` on each connection, so that not every write waits for the disk. A lock that the driver
 * doesn't wait for (`node:sqlite` waits only with `timeout`), the store waits for, as long as `timeout` says, without stopping
 * the event loop. Give it a connection of its own if the app holds transactions open across an `await`.
 * Turso's engine lets one process at a time have the file.
 *
 * @throws StoreConfigError when the client is of no such kind, or the table's name can't be one.
 * @example
 * ```ts
 * const db = new DatabaseSync('./sessions.db')
 * db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
 * const options = defineSessions({ stores: { sqlite: sqliteStore({ client: db }) }, … })
 * ```
 */
export function sqliteStore(options: SqliteStoreOptions): BatchingSqlStore {
  const known = { client: true, table: true, timeout: true } as const
  const { client, table = defaultTable, timeout } = storeOptions('sqlite', options, known)
  return storeOver(executorOf(client), sqliteDialect(table), { store: 'sqlite', client, timeout })
}

function executorOf(client: SqliteStoreOptions['client']): SqlExecutor {
  if (client && typeof client === 'object' && 'prepare' in client && typeof client.prepare === 'function')
    return 'connect' in client ? throughTurso(client) : inProcess(client)
  if (client && typeof client === 'object' && 'execute' in client && typeof client.execute === 'function')
    return throughLibsql(client)
  throw new StoreConfigError(
    'sqlite',
    `client must be a database of "better-sqlite3", "libsql", "node:sqlite" or "@tursodatabase/database", or a client of "@libsql/client"; it is ${kindOf(client)}`
  )
}

function inProcess(client: SqliteDatabase): SqlExecutor {
  const prepared = preparing((text) => client.prepare(text))
  return {
    all: async (text, params) => prepared(text).all(...params) as SqlRow[],
    run: async (text, params) => Number(prepared(text).run(...params).changes)
  }
}

/**
 * One statement after another, as the driver carries them out anyway. It binds the parameters before it waits for its
 * turn: of two calls of one prepared statement at once, both would be carried out with the parameters of the second.
 */
function throughTurso(client: TursoDatabase): SqlExecutor {
  const prepared = preparing((text) => client.prepare(text))
  const turns = turnsOf(client)
  return {
    all: (text, params) => turns.alone(async () => (await (await prepared(text)).all(...params)) as SqlRow[]),
    run: (text, params) => turns.alone(async () => (await (await prepared(text)).run(...params)).changes)
  }
}

function preparing<S>(prepare: (text: string) => S): (text: string) => S {
  const known = new Map<string, S>()
  return (text) => {
    const statement = known.get(text) ?? prepare(text)
    if (known.size < mostStatements) known.set(text, statement)
    return statement
  }
}

/** Batches of every size are a statement of their own. */
const mostStatements = 50

function throughLibsql(client: LibsqlClient): SqlExecutor {
  const send = (sql: string, params: readonly SqlParam[]) => client.execute({ sql, args: [...params] })
  return {
    all: async (text, params) => (await send(text, params)).rows,
    run: async (text, params) => (await send(text, params)).rowsAffected
  }
}
