import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import * as z3 from 'zod/v3'
import { checkDefaults, codecFor, defaultsOf, shapeOf, valueCodecFor } from '../../lib/schema/codecs.js'
import type { Schema } from '../../types/schema.js'

const date = z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (at) => at.toISOString() })
const issue = (message: string, ...path: (string | number)[]) => ({ path, message })
function refusal(make: () => unknown): string {
  try {
    make()
    return 'nothing'
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    return code === 'FST_SESSIONS_CONFIG' ? message : `${code}: ${message}`
  }
}

const ZOD_3 =
  'this is a schema of zod 3, which can not encode: import { z } from "zod" in version 4 (npm install zod@4), not from "zod/v3"'

t.test('what is no schema of an object is refused by what it is', async (t) => {
  const other = 'session "cart": schema: expected a z.object({…}) or another Standard Schema'
  const cases: [unknown, string][] = [
    [undefined, 'session "cart" has no schema: write schema: z.object({…}), the keys that it holds'],
    ...[null, 'text', {}, { '~standard': null }, { '~standard': {} }, { '~standard': { validate: true } }].map(
      (it): [unknown, string] => [it, other]
    ),
    [z3.object({}), `session "cart": schema: ${ZOD_3}`],
    ...(['string', 'number', 'boolean', 'null', 'any', 'unknown', 'date'] as const).map((type): [unknown, string] => [
      z[type](),
      `session "cart": schema: expected a schema of an object, z.object({…}), got z.${type}()`
    ]),
    [z.array(z.object({})), 'session "cart": schema: expected a schema of an object, z.object({…}), got z.array()']
  ]
  for (const [schema, message] of cases)
    t.equal(
      refusal(() => codecFor('cart', schema as Schema)),
      message
    )
  const messages: [unknown, string][] = [
    [z3.string(), `session "cart": ${ZOD_3}`],
    [undefined, 'session "cart": expected the schema of one message'],
    ['text', 'session "cart": expected the schema of one message'],
    [z.symbol(), 'session "cart": its schema: z.symbol() does not survive storage as JSON: keep a string instead']
  ]
  for (const [schema, message] of messages)
    t.equal(
      refusal(() => valueCodecFor('cart', schema as Schema)),
      message
    )
  t.equal(
    refusal(() => codecFor('cart', z.union([z.object({ a: z.symbol() }), z.object({})]))),
    'session "cart": a: z.symbol() does not survive storage as JSON: keep a string instead'
  )
})

t.test('each schema that can hold an object is let in, and reads and writes one', async (t) => {
  const a = z.object({ a: z.string() })
  const schemas: Schema[] = [
    a,
    z.record(z.string(), z.string()),
    z.union([a, z.object({ b: z.string() })]),
    z.intersection(a, z.looseObject({})),
    z.lazy(() => a),
    a.pipe(a),
    a.readonly(),
    z.custom<{ a: string }>(() => true),
    v.object({ a: v.string() })
  ] as Schema[]
  for (const schema of schemas) {
    const codec = codecFor('cart', schema)
    t.same(codec.encode({ a: 'x' }, {}, ['a']), { value: { a: 'x' } })
    t.same(codec.decode({ a: 'x' }), { value: { a: 'x' } })
    t.strictSame(codec.decodeKey('a', 'x', {}), { value: 'x' })
    t.strictSame(codec.empty(), {})
  }
  t.same(codecFor('cart', z.custom(() => true) as never).decode(1 as never), { issues: [issue('expected an object')] })
  t.same(codecFor('cart', z.custom(() => true) as never).decode(null as never), {
    issues: [issue('expected an object')]
  })
})

t.test('the keys of an object are known, unless it can have others', async (t) => {
  const shape = { a: z.string(), b: z.number().optional() }
  for (const [schema, keys, named] of [
    [z.object(shape), ['a', 'b'], ['a', 'b']],
    [z.strictObject(shape), ['a', 'b'], ['a', 'b']],
    [z.looseObject(shape), undefined, ['a', 'b']],
    [z.object(shape).catchall(z.string()), undefined, ['a', 'b']],
    [z.record(z.string(), z.string()), undefined, []],
    [z.union([z.object(shape)]), undefined, []]
  ] as const) {
    const codec = codecFor('cart', schema as Schema)
    t.same([codec.keys, codec.named], [keys, named])
  }
  t.same(Object.keys(shapeOf(z.object(shape)) ?? {}), ['a', 'b'])
  for (const other of [z.record(z.string(), z.string()), v.object({}), undefined, null, 'text']) {
    t.equal(shapeOf(other), undefined)
  }
})

t.test('what is stored as it is, is known by the schema', async (t) => {
  const plain = {
    string: z.string(),
    number: z.number(),
    boolean: z.boolean(),
    null: z.null(),
    enum: z.enum(['a', 'b']),
    literal: z.literal('a'),
    template: z.templateLiteral(['a', z.number()]),
    optional: z.string().optional(),
    nullable: z.string().nullable(),
    nonoptional: z.string().optional().nonoptional(),
    readonly: z.array(z.string()).readonly(),
    array: z.array(z.array(z.string().nullable())),
    object: z.object({ a: z.object({ b: z.string() }), c: z.number().optional() }),
    default: z.array(z.string()).default([])
  }
  const plainCodec = codecFor('cart', z.object(plain))
  for (const key of Object.keys(plain)) t.equal(plainCodec.isPlain(key), true, key)
  t.equal(plainCodec.isPlain('other'), false)
  t.equal(plainCodec.makesCopies, true)
  const tree: z.ZodType = z.object({
    get children() {
      return z.array(tree)
    }
  })
  const others = {
    coerced: z.coerce.number(),
    coercions: z.array(z.coerce.number()),
    date,
    dateOrNone: date.optional(),
    dates: z.array(date),
    dateIn: z.object({ a: z.string(), date }),
    any: z.any(),
    union: z.union([z.string(), z.number()]),
    record: z.record(z.string(), z.string()),
    tuple: z.tuple([z.string()]),
    lazy: z.lazy(() => z.string()),
    caught: z.string().catch('a'),
    given: z.string().prefault('a'),
    defaultIn: z.object({ a: z.string().default('a') }),
    defaults: z.array(z.string().default('a')),
    orDefault: z.string().default('a').nullable(),
    loose: z.looseObject({ a: z.string() }),
    strict: z.strictObject({ a: z.string() }),
    tree
  }
  for (const [key, other] of Object.entries(others)) {
    const codec = codecFor('cart', z.object({ a: z.string().optional(), [key]: other.optional() }))
    t.same([codec.isPlain(key), codec.isPlain('a'), codec.makesCopies], [false, true, false], key)
  }
  t.equal(codecFor('cart', z.looseObject({ a: z.string() })).makesCopies, false)
  for (const whole of [z.record(z.string(), z.string()), v.object({}), z.union([z.object({})])]) {
    t.equal(codecFor('cart', whole as Schema).isPlain('a'), false)
    t.equal(codecFor('cart', whole as Schema).makesCopies, false)
  }
})

t.test('a new session holds the defaults, each made anew', async (t) => {
  const codec = codecFor(
    'cart',
    z.object({
      list: z.array(z.string()).default(() => ['a']),
      at: date.default(() => new Date(0)),
      no: z.string().optional(),
      need: z.string()
    })
  )
  t.strictSame(codec.empty(), { list: ['a'], at: new Date(0) })
  t.not(codec.empty()['list'], codec.empty()['list'])
  t.same(
    [...defaultsOf(codec)],
    [
      ['list', '["a"]'],
      ['at', '"1970-01-01T00:00:00.000Z"']
    ]
  )
  checkDefaults('cart', codec, defaultsOf(codec))
  t.equal(
    refusal(() =>
      checkDefaults(
        'cart',
        codec,
        new Map([
          ['list', '["a"]'],
          ['at', '"1970-01-01T00:00:00.001Z"']
        ])
      )
    ),
    'session "cart": at: its default gives another value at each call, so each request would see another: write .optional() instead, and where a session begins if (!session.has("at")) session.set("at", …)'
  )
  t.same(codecFor('cart', v.object({ a: v.optional(v.string(), 'x') })).empty(), { a: 'x' })
  t.same(codecFor('cart', v.object({ a: v.string() })).empty(), {})
  const whole = codecFor(
    'cart',
    z.union([z.object({ a: z.string().default('x'), at: date.default(() => new Date(0)), no: z.string().optional() })])
  )
  t.same(
    [...defaultsOf(whole)],
    [
      ['a', '"x"'],
      ['at', '']
    ],
    'only what is JSON can be compared'
  )
  const record = codecFor('cart', z.record(z.enum(['a', 'b']), z.string().optional()))
  t.same(defaultsOf(record).get('a') ?? '', '')
  let isOver = false
  const once = z.number().default(() => {
    if (isOver) throw new Error('no more')
    return 1
  })
  const failing = codecFor('cart', z.object({ n: z.number().default(2), once }))
  isOver = true
  t.same(Object.keys(failing.empty()), ['n'], 'one that fails later is left out')
})

t.test('a default that its own schema refuses is told at start', async (t) => {
  t.equal(
    refusal(() => codecFor('cart', z.object({ n: z.number().min(3).default(1) }))),
    'session "cart": the default of n: Too small: expected number to be >=3'
  )
  t.equal(
    refusal(() =>
      codecFor('cart', z.object({ list: z.array(z.object({ n: z.number() })).default(() => [{ n: 'x' as never }]) }))
    ),
    'session "cart": the default of list[0].n: Invalid input: expected number, received string'
  )
  const failing = z.codec(z.string(), z.date(), {
    decode: (text) => new Date(text),
    encode: () => {
      throw new TypeError('secret')
    }
  })
  t.equal(
    refusal(() => codecFor('cart', z.object({ at: failing.default(() => new Date(0)) }))),
    'session "cart": the default of at: a check or codec threw TypeError'
  )
  const whole = v.object({ a: v.optional(v.any(), () => Symbol.iterator), b: v.optional(v.any()) })
  t.equal(
    refusal(() => codecFor('cart', whole)),
    'session "cart": the default of a: symbol does not survive JSON'
  )
})
