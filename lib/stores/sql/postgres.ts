import { type BatchingDialect, commonStatements, takeOver, upsert, type WriteRow } from './dialect.js'
import type { Statement } from './executor.js'
import { tableNames } from './table.js'

/** PostgreSQL 12 and newer. */
export function postgresDialect(name: string): BatchingDialect {
  const { table, index } = tableNames(name, '"')
  const schema = [
    `CREATE TABLE IF NOT EXISTS ${table} (
  id text COLLATE "C" PRIMARY KEY,
  version text COLLATE "C" NOT NULL,
  expires bigint NOT NULL,
  text text NOT NULL
)`,
    `CREATE INDEX IF NOT EXISTS ${index} ON ${table} (expires)`
  ]
  return {
    name: 'postgres',
    ...commonStatements(table),
    schema,
    setup: [`DO $$ BEGIN ${schema.join('; ')}; END $$`],
    probe: `SELECT id, text, version, expires FROM ${table} LIMIT 0`,
    // Rows that another sweep is at are left to it.
    sweep: `WITH gone AS (
  SELECT id FROM ${table} WHERE expires <= ? ORDER BY expires LIMIT ${slice} FOR UPDATE SKIP LOCKED
)
DELETE FROM ${table} AS old USING gone WHERE old.id = gone.id`,
    slice,
    create: (row, now) => [upsert(table, row, now)],
    saveMany: (rows, now) => [batch(table, rows, now)]
  }
}

const slice = 1000

/**
 * A whole batch in one statement. The rows travel as one JSON text, so that the statement is the same for every batch
 * and stays prepared.
 *
 * `live` locks the records in the order of their ids before anything is written, so that batches which meet wait for
 * one another and do not deadlock; the lock also brings the newest state of each row, whatever the snapshot says.
 * The INSERT asks how many there are only to come after that.
 */
function batch(table: string, rows: readonly WriteRow[], now: number): Statement {
  return {
    text: `WITH clock AS (SELECT CAST(? AS bigint) AS now),
writes AS (
  SELECT * FROM json_to_recordset(CAST(CAST(? AS text) AS json))
  AS writes (kind text, id text, text text, version text, expires bigint, expected text)
),
live AS (
  SELECT old.id, old.version FROM ${table} AS old, clock
  WHERE old.id = ANY (ARRAY (SELECT id FROM writes)) AND old.expires > clock.now
  ORDER BY old.id FOR UPDATE OF old
),
created AS (
  INSERT INTO ${table} AS old (id, text, version, expires)
  SELECT id, text, version, expires FROM writes
  WHERE kind = 'create' AND (SELECT count(*) FROM live) >= 0 ORDER BY id
  ON CONFLICT (id) DO UPDATE SET ${takeOver} WHERE old.expires <= (SELECT now FROM clock)
  RETURNING id
),
updated AS (
  UPDATE ${table} AS old
  SET text = coalesce(writes.text, old.text), version = coalesce(writes.version, old.version), expires = writes.expires
  FROM writes JOIN live USING (id)
  WHERE old.id = writes.id AND (kind = 'touch' OR kind = 'update' AND live.version = expected)
  RETURNING old.id
),
removed AS (
  DELETE FROM ${table} AS old USING writes JOIN live USING (id)
  WHERE old.id = writes.id AND kind = 'remove'
  RETURNING old.id
)
SELECT id FROM created UNION ALL SELECT id FROM updated UNION ALL SELECT id FROM removed`,
    params: [now, JSON.stringify(rows)]
  }
}
