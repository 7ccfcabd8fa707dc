import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { turnsOf } from './internal/turns.js'
import { defaultTable } from './sql/dialects.js'
import type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
import { sqliteDialect } from './sql/sqlite.js'
import { type BatchingSqlStore, storeOver } from './sql/store.js'

export type { BatchingSqlStore } from './sql/store.js'

/** The method of a `better-sqlite3`, `libsql` or `node:sqlite` database that the store uses. */
export interface SqliteDatabase {
  prepare(text: string): SqliteStatement
}

export interface SqliteStatement {
  all(...params: SqlParam[]): unknown[]
  run(...params: SqlParam[]): { readonly changes: number | bigint }
}

/** The methods of a `@tursodatabase/database` database that the store uses. */
export interface TursoDatabase {
  connect(): Promise<unknown>
  prepare(text: string): TursoStatement | Promise<TursoStatement>
}

export interface TursoStatement {
  all(...params: SqlParam[]): Promise<unknown[]>
  run(...params: SqlParam[]): Promise<{ readonly changes: number }>
}

/** The method of an `@libsql/client` client that the store uses. */
export interface LibsqlClient {
  execute(statement: { sql: string; args: SqlParam[] }): Promise<LibsqlResult>
}

export interface LibsqlResult {
  readonly rows: readonly SqlRow[]
  readonly rowsAffected: number
}

export interface SqliteStoreOptions {
  /**
   * A `Database` of `better-sqlite3` or `libsql`, a `DatabaseSync` of `node:sqlite`, the database that `connect` of
   * `@tursodatabase/database` resolved to, or a client of `@libsql/client`.
   */
  readonly client: SqliteDatabase | TursoDatabase | LibsqlClient
  /** The table's name, without a schema. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long a call waits for a lock, or for a libSQL server, before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records in a table of SQLite 3.35 or newer, or of libSQL. Several processes can share the file. `setup` creates
 * the table if it is missing; `sweep` removes expired records, two hundred at a time.
 *
 * Set `PRAGMA journal_mode = WAL` once for the file, so that readers and writers don't wait for one another, and
 * `PRAGMA synchronous = NORMAL` on each connection, so that not every write waits for the disk. If the driver does not
 * wait for a lock (`node:sqlite` does so only with its option `timeout`), the store tries again for as long as
 * `timeout` says, without blocking the event loop. Give the store a connection of its own if the app holds transactions
 * open across an `await`. Turso's engine allows one process at a time to open the file.
 *
 * @throws StoreConfigError when the client is of no such kind, or the table's name is not allowed.
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
 * Sends one statement after another, which is how the driver carries them out anyway. The driver binds parameters
 * before a call waits for its turn. So of two concurrent calls of one prepared statement, both would run with the
 * parameters of the second.
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

/** The most prepared statements to keep: there is one for each size of a batch. */
const mostStatements = 50

function throughLibsql(client: LibsqlClient): SqlExecutor {
  const send = (sql: string, params: readonly SqlParam[]) => client.execute({ sql, args: [...params] })
  return {
    all: async (text, params) => (await send(text, params)).rows,
    run: async (text, params) => (await send(text, params)).rowsAffected
  }
}
