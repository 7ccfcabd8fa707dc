import t from 'tap'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import {
  checkAge,
  checkedSubjects,
  flashCodecOf,
  hasNewRights,
  refuseKey,
  resultOf
} from '../../lib/request/arguments.js'

const definition = {
  name: 'it',
  absolute: 3_600_000,
  store: {},
  flashes: new Map([
    ['notice', 'its codec'],
    ['error', 'another']
  ])
} as unknown as ResolvedDefinition

/** The code and the words of what is thrown, without the session's name that all of them begin with. */
function refusal(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code.replace('FST_SESSIONS_', '')} ${message.replace(/^session "it"[:]? /, '')}`
  }
}

t.test('keys are strings', async (t) => {
  for (const [key, shown] of [
    [Symbol('user'), 'Symbol(user): keys are strings, got symbol'],
    [1, '1: keys are strings, got number'],
    [undefined, 'undefined: keys are strings, got undefined'],
    [null, 'null: keys are strings, got object']
  ] as const) {
    t.equal(
      refusal(() => refuseKey('it', key as never)),
      `INVALID_VALUE ${shown}`
    )
    t.equal(
      refusal(() => flashCodecOf(definition, key as never)),
      `INVALID_VALUE ${shown}`
    )
  }
})

t.test('a kind of messages is one that the definition has', async (t) => {
  t.equal(flashCodecOf(definition, 'notice') as unknown, 'its codec')
  t.equal(
    refusal(() => flashCodecOf(definition, 'notic')),
    'INVALID_VALUE no flash kind "notic"; it has notice, error'
  )
  t.equal(
    refusal(() => flashCodecOf({ ...definition, flashes: new Map() }, 'notice')),
    'INVALID_VALUE no flash kind "notice"; it defines none: add flash: z.object({…}) to its definition'
  )
})

t.test('a session is remembered for as long as a cookie and the session may live', async (t) => {
  const age = (seconds: unknown, absolute = 3_600_000) =>
    refusal(() => checkAge({ ...definition, absolute }, seconds as number))
  for (const seconds of [1, 3600]) t.equal(age(seconds), undefined)
  t.equal(age(34_560_000, 40_000_000_000), undefined)
  t.equal(
    age(3601),
    'LIFETIME persist(3601): longer than its absolute lifetime of 3600 s: raise absolute in its definition'
  )
  const bounds = 'LIFETIME persist(): expected whole seconds from 1 to 34560000 (400 days, RFC 6265bis §5.5), got'
  t.equal(age(0), `${bounds} 0`)
  t.equal(age(1.5), `${bounds} 1.5`)
  t.equal(age('60'), `${bounds} the text "60": write the number 60`)
})

t.test('users are texts, the user first, or nobody', async (t) => {
  const subjects = (...told: unknown[]) => refusal(() => checkedSubjects(definition, told))
  t.same(checkedSubjects(definition, [null]), [])
  for (const told of [['ada'], ['ada', 'team'], ['1', '2', '3', '4', '5', '6', '7', '8']]) {
    t.same(checkedSubjects(definition, told), told)
  }
  const one = 'INVALID_VALUE identify(): expected a non-empty string or null, got'
  t.equal(subjects(''), `${one} an empty one`)
  t.equal(subjects(undefined), `${one} undefined`)
  t.equal(subjects(['ada']), `${one} an array`)
  t.equal(subjects({}), `${one} object`)
  t.equal(subjects(7), `${one} number`)
  const several = 'INVALID_VALUE identify(): expected non-empty strings, the user first, got'
  t.equal(subjects(null, 'ada'), `${several} null`)
  t.equal(subjects('ada', null), `${several} null`)
  t.equal(subjects('ada', ''), `${several} an empty one`)
  t.equal(subjects('ada', undefined), `${several} undefined`)
  t.equal(subjects('ada', ['team']), `${several} an array`)
  t.equal(
    subjects('1', '2', '3', '4', '5', '6', '7', '8', '9'),
    'INVALID_VALUE identify(): expected at most 8 subjects, got 9'
  )
  t.equal(
    subjects('ada', 'team', 'ada'),
    'INVALID_VALUE identify(): expected different subjects, got one of them twice'
  )
})

t.test('a session in the cookie has no user', async (t) => {
  for (const told of [['ada'], [null], []]) {
    t.equal(
      refusal(() => checkedSubjects({ ...definition, store: undefined }, told)),
      'UNSUPPORTED identify() needs a record store: sessions in the cookie can be neither listed nor ended from elsewhere'
    )
  }
})

t.test('a new id is asked for with new rights, or without', async (t) => {
  t.equal(hasNewRights('it', {}), false)
  t.equal(hasNewRights('it', { newRights: false }), false)
  t.equal(hasNewRights('it', { newRights: true }), true)
  for (const options of [
    { newrights: true },
    { newRights: true, other: 1 },
    { newRights: 'yes' },
    { newRights: null },
    true,
    null,
    'newRights',
    [],
    () => true
  ]) {
    t.equal(
      refusal(() => hasNewRights('it', options as never)),
      'INVALID_VALUE regenerate(): expected { newRights: true } or nothing'
    )
  }
})

t.test('a function that changes a value returns the new one', async (t) => {
  for (const value of [0, '', null, false]) t.equal(resultOf('it', 'n', value), value)
  t.equal(
    refusal(() => resultOf('it', 'n', undefined)),
    'INVALID_VALUE n: the function given to update() returned undefined: return the new value, or call delete() to remove it'
  )
})
