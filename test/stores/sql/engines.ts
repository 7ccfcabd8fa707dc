import { join } from 'node:path'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'
import { t as tap } from 'tap'
import { type MysqlServer, startMysql } from '../../servers/mysql.js'
import { type PostgresServer, startPostgres } from '../../servers/postgres.js'
import { deadPort, directoryFor } from '../../servers/process.js'

/** The address of the engine for the tests of a file, and an address without a server. */
export interface Engine {
  readonly url: string
  readonly nobody: string
}

/** Resolves to a PostgreSQL for the tests of a file: at `TEST_POSTGRES_URL`, or started for them. */
export async function postgresEngine(): Promise<Engine> {
  const url = process.env['TEST_POSTGRES_URL'] ?? (await runningPostgres()).url
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query('SHOW server_version')
  await client.end()
  tap.comment(`PostgreSQL ${rows[0].server_version}`)
  return { url, nobody: `postgres://postgres@127.0.0.1:${deadPort}/postgres` }
}

/** Makes a pool of `pg`, for a server that may end before its idle connections are closed. */
export function pgPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...options })
  pool.on('error', () => {})
  return pool
}

/** Resolves to a MySQL or MariaDB for the tests of a file: at `TEST_MYSQL_URL`, or a MariaDB started for them. */
export async function mysqlEngine(): Promise<Engine> {
  const url = process.env['TEST_MYSQL_URL'] ?? (await runningMysql()).url
  const client = await mysql.createConnection(url)
  const [rows] = await client.query<RowDataPacket[]>('SELECT VERSION() AS version')
  await client.end()
  const version = String(rows[0]?.['version'])
  tap.comment(version.includes('MariaDB') ? version : `MySQL ${version}`)
  return { url, nobody: `mysql://app@127.0.0.1:${deadPort}/app` }
}

/** Resolves to the path of a SQLite file for the tests of a file. */
export async function sqliteFile(): Promise<string> {
  const directory = await directoryFor(tap, 'sqlite')
  return join(directory, 'sessions.db')
}

export async function runningPostgres(
  settings: Readonly<Record<string, string | number>> = {}
): Promise<PostgresServer> {
  const server = await startPostgres(settings)
  tap.teardown(() => server.stop())
  return server
}

export async function runningMysql(...args: readonly string[]): Promise<MysqlServer> {
  const server = await startMysql(...args)
  tap.teardown(() => server.stop())
  return server
}
