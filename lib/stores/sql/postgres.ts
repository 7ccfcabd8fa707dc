import { type BatchingDialect, commonStatements, upsert, type WriteRow } from './dialect.js'
import type { Statement } from './executor.js'
import { tableNames } from './table.js'

/**
 * The dialect of PostgreSQL 12 and newer.
 *
 * The index on `expires` rules out heap-only tuples (HOT): every update or touch writes to the index too, whatever the
 * fillfactor. Without the index nearly all updates would be heap-only, and since PostgreSQL 16 with a BRIN index too.
 * But then every slice of a sweep, even of one that finds nothing, would scan the table from its beginning, since
 * expired records lie anywhere in it. That takes far longer than with a b-tree. An app that writes much and sweeps
 * seldom can create such a table in a migration of its own: the store uses it as it is.
 *
 * @throws StoreConfigError when the table's name is not allowed
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
    // The rows are locked in the order in which batches lock them, so that the two can't deadlock.
    clear: `WITH gone AS (SELECT id FROM ${table} ORDER BY id FOR UPDATE)
DELETE FROM ${table} WHERE id IN (SELECT id FROM gone)`,
    // Rows that another sweep has locked are left to it.
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
 * Updates the records of several requests. The requests are independent, so none waits for a record that a slow
 * statement of another one has locked: such a record is skipped. As in a batch, locking a row reads its newest state.
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
 * Performs a whole batch in one statement. The rows travel as one JSON text, so that the statement is the same for
 * every batch and stays prepared.
 *
 * Concurrent batches wait for one another and do not deadlock. First `found` locks the existing records in the order of
 * their ids; the INSERT and the DELETE count its rows only to be carried out after it. Then the new records are
 * inserted, in that order too. The rest waits for nothing, because all of it is locked. So the INSERT must not wait for
 * a record that is only locked: DO NOTHING does not wait, DO UPDATE would. The lock also reads the newest state of each
 * record, whatever the snapshot says. Records to remove are found by their ids alone: in a join with `found`, the
 * planner would expect a single row and compare each row with each.
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
