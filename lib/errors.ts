import createError, { type FastifyErrorConstructor } from '@fastify/error'
import type { ValueIssue } from '../types/schema.js'

/**
 * Written out, since what the compiler would write is `createError.FastifyErrorConstructor`, which a program whose
 * modules are resolved as a bundler does it can't find.
 */
type Constructor<Arguments extends unknown[]> = FastifyErrorConstructor<{ code: string }, Arguments>

/**
 * Errors of a class of their own tell their status the way of the package http-errors as well: NestJS knows errors of
 * Fastify by the name of their class alone, and would answer all of these by a 500.
 */
class HttpError extends Error {
  declare readonly statusCode?: number

  get status(): number | undefined {
    return this.statusCode
  }

  /** Whether the message is for the client. */
  get expose(): boolean {
    return this.statusCode !== undefined && this.statusCode < 500
  }
}

/** The plugin's options, a definition or a schema are wrong: refused before the first request. */
export const ConfigError: Constructor<[string]> = createError<[string]>('FST_SESSIONS_CONFIG', '%s', 500)

/** A store's options are wrong, or the engine under it lacks what the store needs: refused before the first request. */
export const StoreConfigError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_STORE_CONFIG',
  'store "%s": %s',
  500
)

/** `request.session()` was asked for a session that nobody defined, or was taken for a session. */
export const UnknownSessionError: Constructor<[string]> = createError<[string]>('FST_SESSIONS_UNKNOWN', '%s', 500)

const InvalidValue: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_INVALID_VALUE',
  'session "%s": %s',
  500,
  HttpError as unknown as ErrorConstructor
)

/** A value that the schema refuses, or a key that it does not have. */
export class InvalidValueError extends InvalidValue {
  /** The session's name. */
  readonly session: string
  /** The key that is refused, or is given what is refused; of a flash message its kind. */
  readonly key: string | undefined
  /** From the key down to the first value that is refused. */
  readonly path: readonly PropertyKey[]
  /** All that is wrong, without the values, which could be secret. */
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

/** `persist()` for longer than the definition's absolute lifetime. */
export const LifetimeError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_LIFETIME',
  'session "%s": %s',
  500
)

/** A session was used too early: before `load()`, or before the plugin's hook has seen the request. */
export const NotLoadedError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_NOT_LOADED',
  'session "%s" %s',
  500
)

/** What is stored does not fit the schema, and the definition says `onInvalid: 'throw'`. */
export const SchemaError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_SCHEMA',
  'session "%s": %s',
  500
)

/** A process of a newer version stored the session, in a form that this one can't read: it would overwrite it. */
export const NewerError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_NEWER',
  'session "%s": %s',
  503
)

/** What is to be stored in a record store has more bytes than the definition's `maxBytes`. */
export const RecordSizeError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_RECORD_SIZE',
  'session "%s": %s',
  500
)

/** A store could not be read; `cause` says why. */
export const StoreError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_STORE',
  'session "%s": its store failed: %s',
  503
)

/** A name and value that browsers would silently drop. */
export const CookieSizeError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_COOKIE_SIZE',
  'session "%s": %s',
  500
)

/** Something that the session's store can't do. */
export const UnsupportedError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_UNSUPPORTED',
  'session "%s": %s',
  500
)

/** The same of a store by itself. */
export const StoreUnsupportedError: Constructor<[string, string]> = createError<[string, string]>(
  'FST_SESSIONS_UNSUPPORTED',
  'store "%s" %s',
  500
)

/** What is to be saved has no form that a Go app, with which the session is shared, could read. */
export const GoValueError: Constructor<[string]> = createError<[string]>('FST_SESSIONS_GO_VALUE', '%s', 500)

/** Parallel writers kept winning. */
export const ConflictError: Constructor<[number]> = createError<[number]>(
  'FST_SESSIONS_CONFLICT',
  'parallel requests changed the record %d times in a row: the session is written by too many requests at once',
  503
)

/** The id that a request came with was cut off from its session by a sign-in, or by other new rights. */
export const ReplacedError: Constructor<[string]> = createError<[string]>(
  'FST_SESSIONS_REPLACED',
  'session "%s": its id was replaced by a sign-in or by new rights while this request ran: nothing was saved, repeat the request',
  409
)

/** A user who signs in has as many sessions as the definition's `limit` allows, and it refuses one more. */
export const LimitError: Constructor<[string, number]> = createError<[string, number]>(
  'FST_SESSIONS_LIMIT',
  'session "%s": its limit of %d for each user is reached: nothing was saved; another session of the user has to end first',
  409
)

/** The cookie of a session that was saved can't be sent any more. */
export const HeadersSentError: Constructor<[string]> = createError<[string]>(
  'FST_SESSIONS_HEADERS_SENT',
  'session "%s": its cookie has to change, but the headers are already sent: save() before the first byte',
  500
)

/** The session ended while a handler went on working: the reason with which `session.signal` aborts. */
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

/** One or more sessions could not be saved; `errors` tells for each name why. */
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

/** An engine's own words may hold addresses, commands and keys, which are for the log. */
function publicReason(error: Error): string {
  return isOurs(error) ? error.message : 'its store failed'
}

/** Whether its words are those of this plugin; a store's errors are the engine's. */
export function isOurs(error: Error): boolean {
  const { code } = error as Error & { readonly code?: unknown }
  return typeof code === 'string' && code.startsWith('FST_SESSIONS_') && code !== 'FST_SESSIONS_STORE_CONFIG'
}

function statusOf(error: Error): number {
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 503
}
