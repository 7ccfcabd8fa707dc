import type { SqlParam, Statement } from './executor.js'

/**
 * The statements of one engine, for one table. Parameters are written as `?`, whatever the engine writes. Each comment
 * lists the parameters in their order.
 *
 * The end of a record is compared with a time that the app sends along, never with the server's clock. So `expires` is
 * written and judged by the same clock, and all statements of a call judge by the same moment.
 */
export interface Dialect {
  readonly name: 'postgres' | 'mysql' | 'sqlite'
  /** Whether statements cross a network, so that it pays to read several records at once. */
  readonly isRemote: boolean
  /** The statements that create the table and its index, for apps that run migrations themselves. */
  readonly schema: readonly string[]
  /** The same statements as `setup` sends them: no other process may see the table without its index. */
  readonly setup: readonly string[]
  /** A statement that fails unless the whole schema exists. */
  readonly probe: string

  /** Parameters: ids…, now */
  readMany(ids: number): string
  /** Parameters: id, now. Returns the records whose ids sort after that id, in the order of their ids. */
  list(limit: number): string
  /** Parameters: text, new version, expires, id, version, now */
  readonly update: string
  /** Parameters: expires, id, now */
  readonly touch: string
  /** Parameters: id, now */
  readonly remove: string
  readonly clear: string
  /** Parameter: now. Removes at most `slice` expired records. Where there is a `sweepOf`, it only returns their ids. */
  readonly sweep: string
  /** Parameters: ids…, now. Removes those of the records that have expired. */
  sweepOf?(ids: number): string
  readonly slice: number
  /** The most ids in one statement: a power of two, below the engine's limit of parameters. */
  readonly mostReads: number

  /** Statements to try in turn until one of them writes a row. If none does, a live record has the id. */
  create(row: NewRow, now: number): readonly Statement[]
  /** Parameters: id, now. Only for engines that may not count a row that an update left unchanged. */
  readonly exists?: string
}

export interface BatchingDialect extends Dialect {
  /** The most writes in one statement: few enough for the engine's limits, and to hold no lock for long. */
  readonly mostWrites: number
  /**
   * Parameters: now, updates (`NewUpdate[]` as JSON). Updates the records that have the expected version and are not
   * locked. It waits for no lock. It returns the new `version` of each record that it updated.
   */
  readonly updateMany?: string
  /**
   * Returns statements that perform the writes independently of one another, and return the `id` of each write that had
   * an effect.
   */
  saveMany(rows: readonly WriteRow[], now: number): readonly Statement[]
}

export interface NewRow {
  readonly id: string
  readonly text: string
  readonly version: string
  readonly expires: number
}

export interface NewUpdate extends NewRow {
  /** The version that the update replaces. */
  readonly expected: string
}

/** One write of a batch. Fields that its kind does not need are `null`. */
export interface WriteRow {
  readonly kind: 'create' | 'update' | 'touch' | 'remove'
  readonly id: string
  readonly text: string | null
  readonly version: string | null
  readonly expires: number | null
  /** The version that an update replaces. */
  readonly expected: string | null
}

/**
 * The statements that all engines understand. Ids and versions must be compared byte by byte, which the schemas ensure.
 */
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
 * The statements that return records.
 * @param text The column, or an expression in its place where a client changes the column's value on the way.
 */
export function readingStatements(table: string, text = 'text') {
  const select = `SELECT id, ${text}, version, expires FROM ${table}`
  return {
    readMany: (ids: number) => `${select} WHERE id IN (${placeholders(ids)}) AND expires > ?`,
    // Not a parameter: MySQL does not accept a bound number as a limit from all drivers.
    list: (limit: number) => `${select} WHERE id > ? AND expires > ? ORDER BY id LIMIT ${Math.floor(limit)}`
  }
}

/** A statement that inserts a record, or takes over the row of an expired one. MySQL has no such WHERE. */
export function upsert(table: string, { id, text, version, expires }: NewRow, now: number): Statement {
  return {
    // The table goes by its own name, because Turso's engine does not know an alias of it here.
    text: `INSERT INTO ${table} (id, text, version, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET ${takeOver} WHERE ${table}.expires <= ?`,
    params: [id, text, version, expires, now]
  }
}

export const takeOver = 'text = excluded.text, version = excluded.version, expires = excluded.expires'

export function placeholders(count: number): string {
  return Array(count).fill('?').join(', ')
}

/** The values of a write, as parameters, in the order in which the statements list the columns. */
export function columns({ kind, id, text, version, expires, expected }: WriteRow): readonly SqlParam[] {
  return [kind, id, text, version, expires, expected]
}
