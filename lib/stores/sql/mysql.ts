import { commonStatements, type Dialect, type NewRow, placeholders } from './dialect.js'
import type { Statement } from './executor.js'
import { tableNames } from './table.js'

/**
 * MySQL 8 and MariaDB 10.5 and newer. No `saveMany`: neither engine can tell, of several writes in one statement,
 * which ones were done. They have no UPDATE … RETURNING in common, only a count.
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
    // First read, without locks, and then removed by the primary key (the sum keeps the other index out of it): a
    // DELETE by the end would lock the two indexes in the other order than a write of the record does, and deadlock.
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
 * Not ON DUPLICATE KEY UPDATE: by its count, on a connection with the flag FOUND_ROWS, a live record that was left
 * alone can't be told from a new one. The first statement does it, unless there is a row already (the store takes a
 * duplicate key for a count of 0); the second takes over the row of an expired record. The third is for a row that
 * was removed between the two.
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
