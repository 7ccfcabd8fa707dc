import { createRequire } from 'node:module'
import { createClient } from '@libsql/client'
import type BetterSqlite3 from 'better-sqlite3'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { drizzle as drizzleOverClient } from 'drizzle-orm/libsql'
import knex from 'knex'
import { Kysely, SqliteDialect } from 'kysely'
import { DataSource } from 'typeorm'
import { drizzleStore } from '../../../lib/stores/drizzle.js'
import { knexStore } from '../../../lib/stores/knex.js'
import { kyselyStore } from '../../../lib/stores/kysely.js'
import { type SqliteDatabase, sqliteStore } from '../../../lib/stores/sqlite.js'
import { typeormStore } from '../../../lib/stores/typeorm.js'
import type { Opened } from './contract.js'

const require = createRequire(import.meta.url)
const dialect = 'sqlite'

/** The common interface of the drivers: better-sqlite3's API, of which `node:sqlite` has a part. */
export interface Driver {
  readonly name: 'libsql' | 'better-sqlite3' | 'node:sqlite'
  open(path: string): SqliteDatabase & { exec(text: string): unknown; close(): unknown }
}

/** Loads a driver. `better-sqlite3` and `node:sqlite` need Node 22; the former crashes an older one. */
export function driverOf(name: Driver['name']): Driver {
  const Database = databaseOf(name)
  return { name, open: (path) => new Database(path) }
}

export type SqliteWay = (path: string, table?: string) => Opened | Promise<Opened>

export function direct(driver: Driver): (path: string, table?: string) => Opened<ReturnType<typeof sqliteStore>> {
  return (path, table) => {
    const client = driver.open(path)
    return { store: sqliteStore({ client, ...(table && { table }) }), close: () => client.close() }
  }
}

export function throughLibsqlClient(path: string, table?: string): Opened<ReturnType<typeof sqliteStore>> {
  const client = createClient({ url: `file:${path}` })
  return { store: sqliteStore({ client, ...(table && { table }) }), close: () => client.close() }
}

export function throughKysely(driver: Driver): SqliteWay {
  return (path, table) => {
    const database = driver.open(path) as BetterSqlite3.Database
    const client = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
    return { store: kyselyStore({ client, dialect, ...(table && { table }) }), close: () => client.destroy() }
  }
}

export function throughKnex({ name }: Driver): SqliteWay {
  const Client = require('knex/lib/dialects/better-sqlite3') as typeof knex.Knex.Client
  class OverDriver extends Client {
    _driver(): unknown {
      return databaseOf(name)
    }
  }
  return (path, table) => {
    const client = knex({ client: OverDriver, connection: { filename: path }, useNullAsDefault: true })
    return { store: knexStore({ client, dialect, ...(table && { table }) }), close: () => client.destroy() }
  }
}

export function throughTypeorm({ name }: Driver): SqliteWay {
  return async (path, table) => {
    const client = new DataSource({ type: 'better-sqlite3', database: path, driver: databaseOf(name) })
    await client.initialize()
    return { store: typeormStore({ client, dialect, ...(table && { table }) }), close: () => client.destroy() }
  }
}

export function throughDrizzle(driver: Driver): SqliteWay {
  return (path, table) => {
    const database = driver.open(path) as BetterSqlite3.Database
    const client = drizzle(database)
    return { store: drizzleStore({ client, sql, dialect, ...(table && { table }) }), close: () => database.close() }
  }
}

export function throughDrizzleOverClient(path: string, table?: string): Opened {
  const libsql = createClient({ url: `file:${path}` })
  const client = drizzleOverClient(libsql)
  return { store: drizzleStore({ client, sql, dialect, ...(table && { table }) }), close: () => libsql.close() }
}

type DatabaseClass = new (path: string) => BetterSqlite3.Database

function databaseOf(name: Driver['name']): DatabaseClass {
  return name === 'node:sqlite' ? require(name).DatabaseSync : require(name)
}
