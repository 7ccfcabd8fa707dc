import t from 'tap'
import * as errors from '../lib/index.js'

const { ConflictError, ReplacedError, SaveError, StoreConfigError, StoreError } = errors

/** An error as an engine's driver throws it. */
const ENGINE = Object.assign(new Error('ECONNREFUSED redis://:secret@10.0.0.3'), { code: 'ECONNREFUSED' })

const saveError = (...named: readonly (readonly [name: string, error: Error])[]) => new SaveError(new Map(named))

t.test(
  'an error of several sessions has the lowest status of theirs: what its sender can mend comes first',
  async (t) => {
    const conflict = new ConflictError(200)
    const replaced = new ReplacedError('b')
    t.equal(saveError(['a', conflict]).statusCode, 503)
    t.equal(saveError(['a', conflict], ['b', replaced]).statusCode, 409)
    t.equal(saveError(['b', replaced], ['a', conflict]).statusCode, 409)
    t.equal(saveError(['a', ENGINE]).statusCode, 503, 'a store that fails may be back in a moment')
    t.equal(saveError(['a', ENGINE], ['b', new errors.RecordSizeError('b', 'too large')]).statusCode, 500)
    t.equal(saveError(['a', Object.assign(new Error('odd'), { statusCode: '404' })]).statusCode, 503)
  }
)

t.test('it names each session with what went wrong, and keeps what an engine said for the log', async (t) => {
  const replaced = new ReplacedError('b')
  const one = saveError(['a', ENGINE])
  t.equal(one.message, 'could not save session "a": its store failed')
  t.equal(one.code, 'FST_SESSIONS_SAVE')
  t.equal(one.cause, ENGINE)
  const two = saveError(['b', replaced], ['a', ENGINE])
  t.equal(
    two.message,
    'could not save 2 sessions "b": its id was replaced by a sign-in or by new rights while this request ran: nothing was saved, repeat the request; "a": its store failed'
  )
  t.equal(two.cause, replaced)
  t.same(
    [...two.errors],
    [
      ['b', replaced],
      ['a', ENGINE]
    ]
  )
})

t.test('what a store says of its set-up is its engine’s, and stays in the log, too', async (t) => {
  t.equal(
    saveError(['a', new StoreConfigError('redis', 'secret')]).message,
    'could not save session "a": its store failed'
  )
  t.equal(
    saveError(['a', new StoreError('a', 'it could not be read')]).message,
    'could not save session "a": its store failed: it could not be read'
  )
  t.equal(
    saveError(['a', Object.assign(new Error('secret'), { code: 7 })]).message,
    'could not save session "a": its store failed'
  )
})

t.test('each error has its code, the status of its answer, and a message that says where and what', async (t) => {
  for (const [error, code, statusCode, message] of [
    [new errors.ConfigError('it is wrong'), 'CONFIG', 500, 'it is wrong'],
    [new errors.StoreConfigError('main', 'it is wrong'), 'STORE_CONFIG', 500, 'store "main": it is wrong'],
    [new errors.UnknownSessionError('it is wrong'), 'UNKNOWN', 500, 'it is wrong'],
    [new errors.InvalidValueError('it', 'it is wrong'), 'INVALID_VALUE', 500, 'session "it": it is wrong'],
    [new errors.LifetimeError('it', 'it is wrong'), 'LIFETIME', 500, 'session "it": it is wrong'],
    [new errors.NotLoadedError('it', 'is loaded by hand'), 'NOT_LOADED', 500, 'session "it" is loaded by hand'],
    [new errors.SchemaError('it', 'it is wrong'), 'SCHEMA', 500, 'session "it": it is wrong'],
    [new errors.NewerError('it', 'it is wrong'), 'NEWER', 503, 'session "it": it is wrong'],
    [new errors.RecordSizeError('it', 'it is wrong'), 'RECORD_SIZE', 500, 'session "it": it is wrong'],
    [new errors.StoreError('it', 'it is wrong'), 'STORE', 503, 'session "it": its store failed: it is wrong'],
    [new errors.CookieSizeError('it', 'it is wrong'), 'COOKIE_SIZE', 500, 'session "it": it is wrong'],
    [new errors.UnsupportedError('it', 'it is wrong'), 'UNSUPPORTED', 500, 'session "it": it is wrong'],
    [
      new errors.ConflictError(7),
      'CONFLICT',
      503,
      'parallel requests changed the record 7 times in a row: the session is written by too many requests at once'
    ],
    [
      new errors.ReplacedError('it'),
      'REPLACED',
      409,
      'session "it": its id was replaced by a sign-in or by new rights while this request ran: nothing was saved, repeat the request'
    ],
    [
      new errors.HeadersSentError('it'),
      'HEADERS_SENT',
      500,
      'session "it": its cookie has to change, but the headers are already sent: save() before the first byte'
    ],
    [
      new errors.LimitError('it', 3),
      'LIMIT',
      409,
      'session "it": its limit of 3 for each user is reached: nothing was saved; another session of the user has to end first'
    ],
    [new errors.StoreUnsupportedError('it', 'can not list'), 'UNSUPPORTED', 500, 'store "it" can not list'],
    [new errors.GoValueError('it is wrong'), 'GO_VALUE', 500, 'it is wrong'],
    [new errors.EndedError('it', 'gone'), 'ENDED', 401, 'session "it" has ended while it was watched: gone'],
    [saveError(['it', ENGINE]), 'SAVE', 503, 'could not save session "it": its store failed']
  ] as const) {
    t.same([error.code, error.statusCode, error.message], [`FST_SESSIONS_${code}`, statusCode, message])
  }
})

t.test('an error of a value says which key, where below it, and all that is wrong', async (t) => {
  const issues = [
    { path: ['cart', 0, 'qty'], message: 'expected a number' },
    { path: ['user'], message: 'missing' }
  ]
  const error = new errors.InvalidValueError('it', 'it is wrong', issues, 400)
  t.same(
    [error.session, error.key, error.path, error.issues, error.statusCode],
    ['it', 'cart', ['cart', 0, 'qty'], issues, 400]
  )
  const whole = new errors.InvalidValueError('it', 'it is wrong', [{ path: [], message: 'expected an object' }])
  t.same([whole.key, whole.path], [undefined, []])
  const bare = new errors.InvalidValueError('it', 'it is wrong')
  t.same([bare.key, bare.path, bare.issues], [undefined, [], []])
  t.equal(new errors.InvalidValueError('it', 'x', [{ path: [Symbol('s')], message: 'x' }]).key, undefined)
})

t.test(
  'an error whose class is its own tells frameworks its status, and only to the client what its sender can mend',
  async (t) => {
    const said = (error: unknown) => {
      const { status, expose } = error as { status?: number; expose: boolean }
      return [status, expose]
    }
    const invalid = (statusCode?: number) => new errors.InvalidValueError('it', 'it is wrong', [], statusCode)
    t.same(said(invalid(499)), [499, true])
    t.same(said(invalid(500)), [500, false])
    t.same(said(invalid()), [500, false])
    t.same(said(saveError(['b', new ReplacedError('b')])), [409, true])
    t.same(said(saveError(['a', ENGINE])), [503, false])
    t.same(said(Object.assign(invalid(), { statusCode: undefined })), [undefined, false])
  }
)
