import { StoreConfigError } from '../../errors.js'
import {
  type BatchingDialect,
  columns,
  commonStatements,
  placeholders,
  takeOver,
  upsert,
  type WriteRow
} from './dialect.js'
import type { Statement } from './executor.js'
import { tableNames } from './table.js'

/**
 * The dialect of SQLite 3.35 (2021) and newer, and of libSQL.
 *
 * @throws StoreConfigError when the table's name is not allowed, or has a schema
 */
export function sqliteDialect(name: string): BatchingDialect {
  const { table, index } = tableNames(name, '"')
  if (name.includes('.')) throw new StoreConfigError('sql', `table must not have a schema in SQLite; it is "${name}"`)
  const schema = [
    `CREATE TABLE IF NOT EXISTS ${table} (
  id TEXT PRIMARY KEY NOT NULL,
  version TEXT NOT NULL,
  expires INTEGER NOT NULL,
  text TEXT NOT NULL
)`,
    `CREATE INDEX IF NOT EXISTS ${index} ON ${table} (expires)`
  ]
  return {
    name: 'sqlite',
    isRemote: false,
    ...commonStatements(table),
    schema,
    setup: schema,
    probe: `SELECT id, text, version, expires FROM ${table} INDEXED BY ${index} WHERE expires < 0 LIMIT 0`,
    sweep: `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE expires <= ? LIMIT ${slice})`,
    slice,
    mostReads,
    mostWrites,
    create: (row, now) => [upsert(table, row, now)],
    saveMany: (rows, now) => batch(table, rows, now)
  }
}

/** Few, because most drivers block the event loop while they work. */
const slice = 200

/** Limits of parameters: 100 in Cloudflare's D1, 999 in SQLite before 3.32, then 32,766. A write has six parameters. */
const mostReads = 64
const mostWrites = 16

/** SQLite has one writer at a time, so what a statement has read can't change before the same statement writes. */
function batch(table: string, rows: readonly WriteRow[], now: number): readonly Statement[] {
  const removes = rows.filter(({ kind }) => kind === 'remove')
  const others = rows.filter(({ kind }) => kind !== 'remove')
  const statements: Statement[] = []
  if (others.length > 0) statements.push(write(table, others, now))
  if (removes.length > 0) statements.push(remove(table, removes, now))
  return statements
}

function write(table: string, rows: readonly WriteRow[], now: number): Statement {
  return {
    text: `WITH writes (kind, id, text, version, expires, expected) AS (VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?)')})
INSERT INTO ${table} (id, text, version, expires)
SELECT writes.id, coalesce(writes.text, live.text), coalesce(writes.version, live.version), writes.expires
FROM writes LEFT JOIN ${table} AS live ON live.id = writes.id AND live.expires > ?
WHERE CASE kind WHEN 'create' THEN live.id IS NULL WHEN 'update' THEN live.version = expected ELSE live.id NOTNULL END
ON CONFLICT (id) DO UPDATE SET ${takeOver}
RETURNING id`,
    params: [...rows.flatMap(columns), now]
  }
}

function remove(table: string, rows: readonly WriteRow[], now: number): Statement {
  return {
    text: `DELETE FROM ${table} WHERE id IN (${placeholders(rows.length)}) AND expires > ? RETURNING id`,
    params: [...rows.map(({ id }) => id), now]
  }
}
