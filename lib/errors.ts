import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { ValueIssue } from '../types/schema.js'

/**
 * Written out, because the compiler would emit `createError.FastifyErrorConstructor`, which programs with bundler
 * module resolution can't find.
 */
type Constructor<Arguments extends unknown[]> = FastifyErrorConstructor<{ code: string }, Arguments>

/**
 * Base of the errors that have a class of their own. It reports the status as the package http-errors does, too: NestJS
 * recognises Fastify's errors only by the name of their class, and would answer a 500 for these.
 */
class HttpError extends Error {
  declare readonly statusCode?: number

  get status(): number | undefined {
    return this.statusCode
  }

  /** Whether the message may be sent to the client. */
  get expose(): boolean {
    return (this.statusCode ?? 500) < 500
  }
}

/**
 * FST_SESSIONS_CONFIG: the plugin's options, a definition or a schema are wrong, at start; or a method of
 * `app.sessions` or `session.cookie()` got a wrong argument.
 */
export const ConfigError: Constructor<[string]> = createError<[string]>('FST_SESSIONS_CONFIG', '%s', 500)

/**
 * FST_SESSIONS_STORE_CONFIG: a store's options are wrong, its engine lacks what the store needs, or could not be
 * reached. Thrown before the first request.
 */
export const StoreConfigError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_STORE_CONFIG',
  'store "%s": %s',
  500
)

/**
 * FST_SESSIONS_UNKNOWN: no session has the name given to `request.session()`, or `request.session` itself was used as a
 * session.
 */
export const UnknownSessionError: Constructor<[string]> = createError<[string]>('FST_SESSIONS_UNKNOWN', '%s', 500)

const InvalidValue: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_INVALID_VALUE',
  'session "%s": %s',
  500,
  HttpError as unknown as ErrorConstructor
)

/**
 * FST_SESSIONS_INVALID_VALUE: the schema refuses a value or has no such key, or a method got a wrong argument. Thrown
 * by the method that got the value, or inside FST_SESSIONS_SAVE if it is found when the session is saved. 500, or the
 * definition's `invalidValueStatus`.
 */
export class InvalidValueError extends InvalidValue {
  /** The session's name. */
  readonly session: string
  /**
   * The refused key, or the key of the refused value; for a flash message its kind. `undefined` if the error concerns
   * no single key.
   */
  readonly key: string | undefined
  /** The path from the key to the first refused value. */
  readonly path: readonly PropertyKey[]
  /** All issues, without the values, which may be secret. */
  readonly issues: readonly ValueIssue[]

  constructor(session: string, reason: string, issues: readonly ValueIssue[] = [], statusCode = 500) {
    super(session, reason)
    this.statusCode = statusCode
    this.session = session
    this.issues = issues
    this.path = issues[0]?.path ?? []
    this.key = typeof this.path[0] === 'string' ? this.path[0] : undefined
  }
}

/**
 * FST_SESSIONS_LIFETIME: `persist()` got a number of seconds that can't be a cookie's age, or that exceeds the
 * definition's `absolute`.
 */
export const LifetimeError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_LIFETIME',
  'session "%s": %s',
  500
)

/**
 * FST_SESSIONS_NOT_LOADED: a session was used before `load()`, or before the plugin's `onRequest` hook had seen the
 * request.
 */
export const NotLoadedError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_NOT_LOADED',
  'session "%s" %s',
  500
)

/**
 * FST_SESSIONS_SCHEMA: the stored payload does not fit the schema, and the definition says `onInvalid: 'throw'`; or a
 * parallel request stored such a payload while this request was saving.
 */
export const SchemaError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_SCHEMA',
  'session "%s": %s',
  500
)

/**
 * FST_SESSIONS_NEWER: a process of a newer version stored the session in a form that this process can't read, so saving
 * would overwrite data of the newer version.
 */
export const NewerError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_NEWER',
  'session "%s": %s',
  503
)

/**
 * FST_SESSIONS_RECORD_SIZE: the text to be written to a record store has more bytes than the definition's `maxBytes`.
 */
export const RecordSizeError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_RECORD_SIZE',
  'session "%s": %s',
  500
)

/** FST_SESSIONS_STORE: a session's store could not be read. `cause` is the store's error. */
export const StoreError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_STORE',
  'session "%s": its store failed: %s',
  503
)

/**
 * FST_SESSIONS_COOKIE_SIZE: the cookie's name and value are longer than browsers accept (RFC 6265bis §5.7): they would
 * silently drop it.
 */
export const CookieSizeError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_COOKIE_SIZE',
  'session "%s": %s',
  500
)

/** FST_SESSIONS_UNSUPPORTED: the session or its store does not support what was asked for. */
export const UnsupportedError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_UNSUPPORTED',
  'session "%s": %s',
  500
)

/** FST_SESSIONS_UNSUPPORTED for a store on its own, not for a session. */
export const StoreUnsupportedError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_UNSUPPORTED',
  'store "%s" %s',
  500
)

/** FST_SESSIONS_GO_VALUE: a session that is shared with a Go app holds something that the Go app could not read. */
export const GoValueError: Constructor<[string]> = createError<[string]>('FST_SESSIONS_GO_VALUE', '%s', 500)

/**
 * FST_SESSIONS_CONFLICT: the compare-and-set failed too many times in a row, because parallel requests kept saving
 * first. The argument is how many times.
 */
export const ConflictError: Constructor<[number]> = createError<[number]>(
  'FST_SESSIONS_CONFLICT',
  'parallel requests changed the record %d times in a row: the session is written by too many requests at once',
  503
)

/**
 * FST_SESSIONS_REPLACED: a sign-in or new rights cut off the id with which the request came, and the request had
 * something to save.
 */
export const ReplacedError: Constructor<[string]> = createError<[string]>(
  'FST_SESSIONS_REPLACED',
  'session "%s": its id was replaced by a sign-in or by new rights while this request ran: nothing was saved, repeat the request',
  409
)

/**
 * FST_SESSIONS_LIMIT: the user already has as many sessions as the definition's `limit` allows, and it says `then:
 * 'refuse'`.
 */
export const LimitError: Constructor<[string, number]> = createError<[string, number]>(
  'FST_SESSIONS_LIMIT',
  'session "%s": its limit of %d for each user is reached: nothing was saved; another session of the user has to end first',
  409
)

/**
 * FST_SESSIONS_HEADERS_SENT: saving the session needs a new cookie, but the response headers have already been sent.
 */
export const HeadersSentError: Constructor<[string]> = createError<[string]>(
  'FST_SESSIONS_HEADERS_SENT',
  'session "%s": its cookie has to change, but the headers are already sent: save() before the first byte',
  500
)

/**
 * FST_SESSIONS_ENDED: the session ended while a handler held its `signal`. The signal aborts with this error as its
 * `reason`.
 */
export const EndedError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_ENDED',
  'session "%s" has ended while it was watched: %s',
  401
)

const Save: Constructor<[string]> = createError<[string]>(
  'FST_SESSIONS_SAVE',
  '%s',
  500,
  HttpError as unknown as ErrorConstructor
)

/**
 * FST_SESSIONS_SAVE: one or more sessions could not be saved, and no cookie was set. `errors` holds the error of each
 * failed session by name; the status is the lowest of theirs, 503 for an error without one.
 */
export class SaveError extends Save {
  readonly errors: ReadonlyMap<string, Error>

  constructor(errors: ReadonlyMap<string, Error>) {
    const reasons = [...errors].map(
      ([name, error]) => `"${name}": ${publicReason(error).replace(`session "${name}": `, '')}`
    )
    super(`could not save ${errors.size === 1 ? 'session' : `${errors.size} sessions`} ${reasons.join('; ')}`)
    this.errors = errors
    this.cause = errors.values().next().value
    this.statusCode = Math.min(...[...errors.values()].map(statusOf))
  }
}

/**
 * Returns the message for clients. A store's own error may contain addresses, commands and keys, so it goes only to the
 * log.
 */
function publicReason(error: Error): string {
  return isOurs(error) ? error.message : 'its store failed'
}

/**
 * Whether the error's message is this plugin's own. A store's error, including a store's configuration error, carries
 * the engine's message.
 */
export function isOurs(error: Error): boolean {
  const { code } = error as Error & { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('FST_SESSIONS_') && code !== 'FST_SESSIONS_STORE_CONFIG'
}

function statusOf(error: Error): number {
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 503
}
