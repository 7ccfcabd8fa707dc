import { commonStatements, type Dialect, type NewRow, placeholders } from './dialect.js'
import type { Statement } from './executor.js'
import { tableNames } from './table.js'

/**
 * The dialect of MySQL 8 and MariaDB 10.5, and newer. There is no `saveMany`, because neither engine can report which
 * of several writes in one statement had an effect: the two have no UPDATE … RETURNING in common, only a count.
 *
 * @throws StoreConfigError when the table's name is not allowed
 */
export function mysqlDialect(name: string): Dialect {
  const { table, index } = tableNames(name, '`')
  const schema = [
    `CREATE TABLE IF NOT EXISTS ${table} (
  id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  version VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires BIGINT NOT NULL,
  text LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  INDEX ${index} (expires)
) ENGINE = InnoDB`
  ]
  return {
    name: 'mysql',
    isRemote: true,
    ...commonStatements(table),
    schema,
    setup: schema,
    probe: `SELECT id, text, version, expires FROM ${table} LIMIT 0`,
    // The ids are read first, without locks, and then deleted by the primary key (`expires + 0` keeps the other index
    // out of it). A DELETE by `expires` would lock the two indexes in the opposite order to a write of the record, and
    // deadlock.
    sweep: `SELECT id FROM ${table} WHERE expires <= ? ORDER BY expires LIMIT ${slice}`,
    sweepOf: (ids) => `DELETE FROM ${table} WHERE id IN (${placeholders(ids)}) AND expires + 0 <= ?`,
    slice,
    mostReads: 4096,
    create: (row, now) => insertOrTakeOver(table, row, now),
    exists: `SELECT 1 AS found FROM ${table} WHERE id = ? AND expires > ?`
  }
}

const slice = 256

/**
 * Not ON DUPLICATE KEY UPDATE: on a connection with the flag FOUND_ROWS, its count is the same for a new record and for
 * a live one that was left alone. The first statement inserts the record, unless the id has a row (the store treats a
 * duplicate key as a count of 0). The second takes over the row of an expired record. The third inserts the record if
 * that row was removed between the two.
 */
function insertOrTakeOver(table: string, { id, text, version, expires }: NewRow, now: number): readonly Statement[] {
  const insert = {
    text: `INSERT INTO ${table} (id, text, version, expires) VALUES (?, ?, ?, ?)`,
    params: [id, text, version, expires]
  }
  const takeOver = {
    text: `UPDATE ${table} SET text = ?, version = ?, expires = ? WHERE id = ? AND expires <= ?`,
    params: [text, version, expires, id, now]
  }
  return [insert, takeOver, insert]
}
