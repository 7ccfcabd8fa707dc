/** Whether MySQL or MariaDB refused an INSERT because a row with this id exists. */
export function isDuplicate(error: unknown): boolean {
  return someCause(error, ({ errno }) => errno === 1062)
}

/**
 * Whether the error is transient: the statement conflicted with another one and was rolled back as a whole, so it can
 * be sent again. In PostgreSQL these are a deadlock and a serialization failure, in MySQL and MariaDB a deadlock and a
 * row that is newer than the snapshot, and in SQLite a locked file, which Turso's engine has no code for.
 */
export function isPassing(error: unknown): boolean {
  return someCause(
    error,
    ({ code, errno, errcode, message }) =>
      code === '40P01' ||
      code === '40001' ||
      errno === 1213 ||
      errno === 1020 ||
      String(code).startsWith('SQLITE_BUSY') ||
      (code === 'GenericFailure' && message === 'database is locked') ||
      (typeof errcode === 'number' && (errcode & 0xff) === 5)
  )
}

/**
 * Whether PostgreSQL refused a statement because of the values to be written (a data exception, or an exceeded limit).
 */
export function isRefused(error: unknown): boolean {
  return someCause(error, ({ code }) => /^(22|54)...$/.test(String(code)))
}

interface DriverError {
  readonly code?: unknown
  readonly errno?: unknown
  /** SQLite's extended result code, from `node:sqlite`. */
  readonly errcode?: unknown
  readonly message?: unknown
  readonly cause?: unknown
}

/**
 * Whether an error, or one that it wraps, passes the test. Query builders wrap the driver's error, each under a name of
 * its own: `cause`, `parent` and `original` (Sequelize), `driverError` (TypeORM), `nativeError` (Objection). So every
 * error that an error holds is looked at. Errors may refer to one another in a circle.
 */
function someCause(error: unknown, holds: (error: DriverError) => boolean): boolean {
  const seen = new Set([error])
  for (const each of seen) {
    if (!(each instanceof Object)) continue
    if (holds(each)) return true
    for (const held of heldBy(each)) if (seen.size < mostErrors) seen.add(held)
  }
  return false
}

const mostErrors = 20

function heldBy(error: DriverError): readonly unknown[] {
  return [error.cause, ...Object.values(error).filter((value) => value instanceof Error)]
}
