import { join } from 'node:path'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'
import { t as tap } from 'tap'
import { type MysqlServer, startMysql } from '../../servers/mysql.js'
import { type PostgresServer, startPostgres } from '../../servers/postgres.js'
import { deadPort, directoryFor } from '../../servers/process.js'

/** Where the tests of a file reach an engine, and where they reach none. */
export interface Engine {
  readonly url: string
  readonly nobody: string
}

/** PostgreSQL for the tests of a file: at `TEST_POSTGRES_URL`, or one of their own. */
export async function postgresEngine(): Promise<Engine> {
  const url = process.env['TEST_POSTGRES_URL'] ?? (await runningPostgres()).url
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query('SHOW server_version')
  await client.end()
  tap.comment(`PostgreSQL ${rows[0].server_version}`)
  return { url, nobody: `postgres://postgres@127.0.0.1:${deadPort}/postgres` }
}

/** A pool of pg's, for a server that may end before its idle connections do. */
export function pgPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...options })
  pool.on('error', () => {})
  return pool
}

/** MySQL or MariaDB for the tests of a file: at `TEST_MYSQL_URL`, or a MariaDB of their own. */
export async function mysqlEngine(): Promise<Engine> {
  const url = process.env['TEST_MYSQL_URL'] ?? (await runningMysql()).url
  const client = await mysql.createConnection(url)
  const [rows] = await client.query<RowDataPacket[]>('SELECT VERSION() AS version')
  await client.end()
  const version = String(rows[0]?.['version'])
  tap.comment(version.includes('MariaDB') ? version : `MySQL ${version}`)
  return { url, nobody: `mysql://app@127.0.0.1:${deadPort}/app` }
}

/** The path of a SQLite file for the tests of a file. */
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
