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
