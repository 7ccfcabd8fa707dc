import type { SqlParam, Statement } from './executor.js'

/**
 * The statements of one engine, for one table. Parameters are written as `?`, whatever the engine writes.
 *
 * The end of a record is compared with a time that the app sends along, never with the server's clock: so `expires`
 * is written and judged by the same clock, and all statements of a call by the same moment.
 */
export interface Dialect {
  readonly name: 'postgres' | 'mysql' | 'sqlite'
  /** Whether a statement travels to the engine, so that it pays to ask for several records at once. */
  readonly isRemote: boolean
  /** What creates the table and its index, for those who run migrations themselves. */
  readonly schema: readonly string[]
  /** The same as `setup` sends it: no other process may find one half of it. */
  readonly setup: readonly string[]
  /** Fails unless all of the schema is there. */
  readonly probe: string

  /** ids…, now */
  readMany(ids: number): string
  /** id, now. Records behind that id, in the order of their ids. */
  list(limit: number): string
  /** text, new version, expires, id, version, now */
  readonly update: string
  /** expires, id, now */
  readonly touch: string
  /** id, now */
  readonly remove: string
  readonly clear: string
  /** now. Removes at most `slice` records; or returns their ids, where there is `sweepOf`. */
  readonly sweep: string
  /** ids…, now */
  sweepOf?(ids: number): string
  readonly slice: number
  /** How many ids a statement may be asked for; a power of two, below what the engine takes as parameters. */
  readonly mostReads: number

  /** Tried in turn until one of them writes a row; where none does, a live record has the id. */
  create(row: NewRow, now: number): readonly Statement[]
  /** id, now. Only where a count may leave out the rows that a write found as it would have left them. */
  readonly exists?: string
}

export interface BatchingDialect extends Dialect {
  /** How many writes a statement may be given: few enough to be within the engine's bounds, and to hold no lock for long. */
  readonly mostWrites: number
  /**
   * now, updates (`NewUpdate[]` as JSON). Updates those that it finds as they are expected to be and that nobody holds,
   * waits for none, and returns the `version` that it gave each.
   */
  readonly updateMany?: string
  /** Statements that perform the writes, each on its own, and return the `id` of every one that did something. */
  saveMany(rows: readonly WriteRow[], now: number): readonly Statement[]
}

export interface NewRow {
  readonly id: string
  readonly text: string
  readonly version: string
  readonly expires: number
}

export interface NewUpdate extends NewRow {
  /** The version that it replaces. */
  readonly expected: string
}

/** One write of a batch; what its kind doesn't need is `null`. */
export interface WriteRow {
  readonly kind: 'create' | 'update' | 'touch' | 'remove'
  readonly id: string
  readonly text: string | null
  readonly version: string | null
  readonly expires: number | null
  /** The version that an update replaces. */
  readonly expected: string | null
}

/** What all engines understand. Ids and versions must be compared by their bytes: the schemas see to that. */
export function commonStatements(table: string) {
  return {
    ...readingStatements(table),
    update: `UPDATE ${table} SET text = ?, version = ?, expires = ? WHERE id = ? AND version = ? AND expires > ?`,
    touch: `UPDATE ${table} SET expires = ? WHERE id = ? AND expires > ?`,
    remove: `DELETE FROM ${table} WHERE id = ? AND expires > ?`,
    clear: `DELETE FROM ${table}`
  }
}

/**
 * Those that return records.
 * @param text the column, or the expression that stands for it, where a client does not give it back as it is
 */
export function readingStatements(table: string, text = 'text') {
  const select = `SELECT id, ${text}, version, expires FROM ${table}`
  return {
    readMany: (ids: number) => `${select} WHERE id IN (${placeholders(ids)}) AND expires > ?`,
    // MySQL takes no bound number as a limit from all drivers.
    list: (limit: number) => `${select} WHERE id > ? AND expires > ? ORDER BY id LIMIT ${Math.floor(limit)}`
  }
}

/** One statement that inserts, or takes over the row of an expired record; not for MySQL, which has no such WHERE. */
export function upsert(table: string, { id, text, version, expires }: NewRow, now: number): Statement {
  return {
    // By the table's own name: Turso's engine does not know an alias of it here.
    text: `INSERT INTO ${table} (id, text, version, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET ${takeOver} WHERE ${table}.expires <= ?`,
    params: [id, text, version, expires, now]
  }
}

export const takeOver = 'text = excluded.text, version = excluded.version, expires = excluded.expires'

export function placeholders(count: number): string {
  return Array(count).fill('?').join(', ')
}

/** A value as a parameter and as a column of a row, in the order that the statements list them. */
export function columns({ kind, id, text, version, expires, expected }: WriteRow): readonly SqlParam[] {
  return [kind, id, text, version, expires, expected]
}
