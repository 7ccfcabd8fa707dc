import t from 'tap'
import { z } from 'zod'
import { checkSchema } from '../../lib/schema/check.js'

function refusal(schema: unknown): string | undefined {
  try {
    checkSchema('cart', schema as z.ZodType)
    return undefined
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    return code === 'FST_SESSIONS_CONFIG' ? message : `${code}: ${message}`
  }
}

const DATE =
  'z.date() does not survive storage as JSON: write z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })'
const ASYNC = 'sessions are read and written synchronously, so checks and codecs must not be async'
const shared = (kind: string) =>
  `session "cart": its schema: zod hands out one and the same object in this default to everybody: write it as a function, .${kind}(() => (…))`

t.test('what is no schema of zod is told by its type', async (t) => {
  for (const [value, type] of [
    [null, 'null'],
    [undefined, 'undefined'],
    ['text', 'string'],
    [1, 'number'],
    [{}, 'object'],
    [() => z.string(), 'function']
  ] as const) {
    t.equal(refusal(value), `session "cart": its schema: expected a schema of zod, got ${type}`)
  }
})

t.test('a schema that is not there yet is told by its place, as circular imports leave it', async (t) => {
  const none = undefined as unknown as z.ZodString
  const cases: [z.ZodType, string][] = [
    [z.object({ a: none }), 'a'],
    [z.object({ a: z.array(none) }), 'a[]'],
    [z.object({ a: z.tuple([none]) }), 'a[0]'],
    [z.object({ a: z.union([z.string(), none]) }), 'a'],
    [z.object({ a: z.optional(none) }), 'a'],
    [z.object({ a: z.intersection(z.object({}), none) }), 'a'],
    [z.object({ a: z.intersection(none, z.object({})) }), 'a'],
    [z.object({ a: z.pipe(none, z.string()) }), 'a'],
    [z.object({ a: z.pipe(z.string(), none) }), 'a'],
    [z.object({ a: z.lazy(() => none) }), 'a'],
    [z.record(none, z.string()), '{key}']
  ]
  for (const [schema, where] of cases) {
    t.equal(refusal(schema), `session "cart": ${where}: expected a schema of zod, got undefined`)
  }
  t.equal(refusal(z.object({ a: null as never })), 'session "cart": a: expected a schema of zod, got null')
})

t.test('the message says where in the schema the fault is', async (t) => {
  const date = z.date()
  const cases: [z.ZodType, string][] = [
    [date, 'its schema'],
    [z.object({ a: date }), 'a'],
    [z.object({ a: z.object({ b: z.array(date) }) }), 'a.b[]'],
    [z.tuple([z.string(), z.array(date)]), '[1][]'],
    [z.object({ a: z.tuple([z.string()], date) }), 'a[]'],
    [z.record(z.string(), z.record(z.string(), date)), '{}{}'],
    [z.object({ a: z.looseObject({}).catchall(date) }), 'a.*'],
    [z.union([z.string(), z.object({ at: date })]), 'at'],
    [z.intersection(z.object({ at: date }), z.object({})), 'at'],
    [z.intersection(z.object({}), z.object({ at: date })), 'at'],
    [z.lazy(() => z.object({ at: date.nullable() })), 'at']
  ]
  for (const [schema, where] of cases) t.equal(refusal(schema), `session "cart": ${where}: ${DATE}`)
  const key = z.string().refine(async () => true)
  t.equal(refusal(z.object({ a: z.record(key, z.string()) })), `session "cart": a{key}: ${ASYNC}`)
  const never = 'a required z.never() can be given no value: leave the key out, or write z.never().optional()'
  t.equal(refusal(z.object({ a: z.object({ none: z.never() }) })), `session "cart": a.none: ${never}`)
})

t.test('what a pipe or a codec stores has to be JSON, and what it is read as need not be', async (t) => {
  const read = { decode: () => new Date(0), encode: () => 'text' }
  t.equal(refusal(z.any().pipe(z.date())), `session "cart": its schema: ${DATE}`)
  t.equal(refusal(z.date().pipe(z.any())), `session "cart": its schema: ${DATE}`)
  t.equal(refusal(z.codec(z.string(), z.date(), read)), undefined)
  t.equal(refusal(z.codec(z.string(), z.any().pipe(z.date()), read as never)), undefined)
  const date = z.date()
  const both = z.object({ typed: z.codec(z.string(), date, read), stored: date })
  t.equal(refusal(both), `session "cart": stored: ${DATE}`, 'also a schema that is fine elsewhere')
  const checked = z.codec(
    z.string(),
    z.date().refine(async () => true),
    read
  )
  t.equal(refusal(checked), `session "cart": its schema: ${ASYNC}`)
})

t.test('each type that JSON does not hold is refused with what to write instead', async (t) => {
  const cases: [string, z.ZodType, string][] = [
    [
      'map',
      z.map(z.string(), z.number()),
      'write z.codec(z.array(z.tuple([key, value])), z.map(key, value), { decode: (entries) => new Map(entries), encode: (map) => [...map] })'
    ],
    [
      'set',
      z.set(z.string()),
      'write z.codec(z.array(item), z.set(item), { decode: (items) => new Set(items), encode: (set) => [...set] })'
    ],
    [
      'bigint',
      z.bigint(),
      'write z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })'
    ],
    ['symbol', z.symbol(), 'keep a string instead'],
    ['function', z.function() as unknown as z.ZodType, 'keep what the function needs instead'],
    ['promise', z.promise(z.string()), 'keep what it resolves to instead'],
    ['nan', z.nan(), 'keep null instead'],
    ['file', z.file(), 'keep the file elsewhere and its name here']
  ]
  for (const [type, schema, instead] of cases) {
    t.equal(refusal(schema), `session "cart": its schema: z.${type}() does not survive storage as JSON: ${instead}`)
  }
})

t.test('literals, classes and custom checks are refused only if JSON does not hold them', async (t) => {
  const bigint =
    'session "cart": its schema: a bigint does not survive storage as JSON: write z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })'
  t.equal(refusal(z.literal(['a', 1n])), bigint)
  t.equal(refusal(z.literal(['a', 1, null, true])), undefined)
  t.equal(refusal(z.enum(['a'])), undefined)
  t.equal(
    refusal(z.instanceof(URL)),
    'session "cart": its schema: z.instanceof() does not survive storage as JSON: write z.codec(stored, z.instanceof(…), { decode, encode })'
  )
  t.equal(refusal(z.custom<string>((value) => value === 'a')), undefined)
})

t.test('a default that everybody would be given is refused, and one that is made anew is not', async (t) => {
  const nested = { list: ['a'] }
  t.equal(refusal(z.any().default({ nested })), shared('default'))
  t.equal(refusal(z.any().prefault({ nested })), shared('prefault'))
  t.equal(refusal(z.any().catch({ nested })), shared('catch'))
  t.equal(refusal(z.any().default({ a: 1, b: null, nested })), shared('default'), 'behind what can be shared')
  t.equal(refusal(z.any().default({ frozen: Object.freeze({ nested }) })), shared('default'))
  for (const plain of ['text', 1, null, true, Object.freeze({ a: 'text' }), { a: 'text', b: null }]) {
    t.equal(refusal(z.any().default(plain)), undefined)
    t.equal(refusal(z.any().catch(typeof plain === 'object' ? () => ({ ...plain }) : plain)), undefined)
  }
  for (const made of [() => ({ list: ['a'] }), () => [{}], () => 'text']) {
    t.equal(refusal(z.any().default(made)), undefined)
    t.equal(refusal(z.any().prefault(made)), undefined)
    t.equal(refusal(z.any().catch(made)), undefined)
  }
})

t.test('a default whose function fails is refused with its place', async (t) => {
  const fails = () => {
    throw new TypeError('no settings yet')
  }
  const reason = 'the function that gives its default failed: TypeError: no settings yet'
  t.equal(refusal(z.any().default(fails)), `session "cart": its schema: ${reason}`)
  t.equal(refusal(z.object({ a: z.object({ b: z.string().default(fails) }) })), `session "cart": a.b: ${reason}`)
})

t.test('a default that differs from call to call is not mistaken for one that is shared', async (t) => {
  for (const values of [
    [{ a: [] }, null],
    [null, { a: [] }],
    [{ a: [] }, 'text'],
    ['text', { a: [] }],
    [{ a: {} }, { b: {} }]
  ]) {
    let calls = 0
    t.equal(refusal(z.any().default(() => values[calls++ % 2])), undefined)
  }
})

t.test('the function of catch() is asked with no value, and may refuse to answer', async (t) => {
  const list = ['a']
  const quiet = z.any().catch(({ error, issues, value }: z.core.$ZodCatchCtx) => {
    const isQuiet = error.issues.length === 0 && issues.length === 0 && value === undefined
    return isQuiet ? { list } : {}
  })
  t.equal(refusal(quiet), shared('catch'))
  t.equal(
    refusal(z.any().catch(({ issues }: z.core.$ZodCatchCtx) => (issues.length === 0 ? list : []))),
    shared('catch')
  )
  t.equal(
    refusal(
      z.any().catch(() => {
        throw new Error('nothing to go by')
      })
    ),
    undefined
  )
})
