import { type BatchingDialect, commonStatements, upsert, type WriteRow } from './dialect.js'
import type { Statement } from './executor.js'
import { tableNames } from './table.js'

/**
 * PostgreSQL 12 and newer.
 *
 * Since the end of a record is in an index, no update or touch is a heap-only one (HOT), whatever the fillfactor. Without
 * the index nearly all are, and since PostgreSQL 16 with a BRIN index as well. But then each slice of a sweep reads the
 * table from its beginning, for the ends that move soon lie anywhere in it, and so does a sweep that finds nothing: some
 * hundred times as long as by a b-tree. Who writes much and sweeps seldom can make the table so in a migration of
 * their own: it is taken as it is.
 */
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
    isRemote: true,
    ...commonStatements(table),
    schema,
    setup: [`DO $$ BEGIN ${schema.join('; ')}; END $$`],
    probe: `SELECT id, text, version, expires FROM ${table} LIMIT 0`,
    // In the order in which batches lock them.
    clear: `WITH gone AS (SELECT id FROM ${table} ORDER BY id FOR UPDATE)
DELETE FROM ${table} WHERE id IN (SELECT id FROM gone)`,
    // Rows that another sweep is at are left to it.
    sweep: `WITH gone AS (
  SELECT id FROM ${table} WHERE expires <= ? ORDER BY expires LIMIT ${slice} FOR UPDATE SKIP LOCKED
)
DELETE FROM ${table} AS old USING gone WHERE old.id = gone.id`,
    slice,
    mostReads: 4096,
    mostWrites: 1000,
    updateMany: updateMany(table),
    create: (row, now) => [upsert(table, row, now)],
    saveMany: (rows, now) => [batch(table, rows, now)]
  }
}

const slice = 1000

/**
 * What several requests update. They are strangers to one another, so none waits for a record that another's slow
 * statement holds: such a record is left out. As in a batch, the lock brings the newest state of each record.
 */
function updateMany(table: string): string {
  return `WITH clock AS (SELECT CAST(? AS bigint) AS now),
writes AS (
  SELECT * FROM json_to_recordset(CAST(CAST(? AS text) AS json))
  AS writes (id text, text text, version text, expires bigint, expected text)
),
free AS (
  SELECT id FROM ${table} WHERE id = ANY (ARRAY (SELECT id FROM writes)) FOR UPDATE SKIP LOCKED
)
UPDATE ${table} AS old SET text = writes.text, version = writes.version, expires = writes.expires
FROM clock, writes JOIN free USING (id)
WHERE old.id = writes.id AND old.version = expected AND old.expires > clock.now
RETURNING old.version`
}

/**
 * A whole batch in one statement. The rows travel as one JSON text, so that the statement is the same for every batch
 * and stays prepared.
 *
 * Batches that meet wait for one another and do not deadlock: `found` locks the records in the order of their ids
 * before anything is written (the INSERT and the DELETE ask how many there are only to come after that); then the new
 * ones are inserted, in that order too; then comes what waits for nobody, as all of it is locked. So an INSERT must not
 * wait for a record that is only locked: DO NOTHING does not, DO UPDATE would. The lock also brings the newest state of
 * each record, whatever the snapshot says. What is removed is found by its ids alone: a join with what was found would
 * compare each with each, since the planner takes the one for a single row.
 */
function batch(table: string, rows: readonly WriteRow[], now: number): Statement {
  return {
    text: `WITH clock AS (SELECT CAST(? AS bigint) AS now),
writes AS (
  SELECT * FROM json_to_recordset(CAST(CAST(? AS text) AS json))
  AS writes (kind text, id text, text text, version text, expires bigint, expected text)
),
found AS (
  SELECT old.id, old.version, old.expires > clock.now AS live FROM ${table} AS old, clock
  WHERE old.id = ANY (ARRAY (SELECT id FROM writes))
  ORDER BY old.id FOR UPDATE OF old
),
created AS (
  INSERT INTO ${table} (id, text, version, expires)
  SELECT id, text, version, expires FROM writes
  WHERE kind = 'create' AND (SELECT count(*) FROM found) >= 0 ORDER BY id COLLATE "C"
  ON CONFLICT (id) DO NOTHING
  RETURNING id
),
updated AS (
  UPDATE ${table} AS old
  SET text = coalesce(writes.text, old.text), version = coalesce(writes.version, old.version), expires = writes.expires
  FROM writes JOIN found USING (id)
  WHERE old.id = writes.id
  AND CASE kind WHEN 'create' THEN NOT live WHEN 'update' THEN live AND found.version = expected ELSE live END
  AND kind <> 'remove'
  RETURNING old.id
),
removed AS (
  DELETE FROM ${table} AS old USING clock
  WHERE old.id = ANY (ARRAY (SELECT id FROM writes WHERE kind = 'remove' AND (SELECT count(*) FROM found) >= 0))
  AND old.expires > clock.now
  RETURNING old.id
)
SELECT id FROM created UNION ALL SELECT id FROM updated UNION ALL SELECT id FROM removed`,
    params: [now, JSON.stringify(rows)]
  }
}
