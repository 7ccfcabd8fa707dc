import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import { attempt, issuesAt } from '../../lib/schema/codec.js'
import { codecFor, valueCodecFor } from '../../lib/schema/codecs.js'
import type { Schema } from '../../types/schema.js'

const date = z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (at) => at.toISOString() })
const issue = (message: string, ...path: (string | number)[]) => ({ path, message })
/** Issues without what else zod tells of them. */
const told = ({
  issues
}: {
  issues?: readonly { message: string; path?: readonly unknown[] | undefined }[] | undefined
}) => issues?.map(({ path = [], message }) => ({ path, message }))

t.test('a key of an object is checked by itself, and read as its own copy', async (t) => {
  const codec = codecFor(
    'cart',
    z.object({ name: z.string().trim(), n: z.number().default(1), any: z.any(), at: date.optional() })
  )
  t.same(codec.encodeKey('name', ' a '), { value: 'a' })
  t.strictSame(codec.encodeKey('at', new Date(0)), { value: '1970-01-01T00:00:00.000Z' })
  t.strictSame(codec.encodeKey('at', undefined), { value: undefined }, 'what may be absent')
  t.same(codec.encodeKey('n', undefined), { value: undefined })
  t.same(told(codec.encodeKey('name', undefined)), [issue('Invalid input: expected string, received undefined')])
  t.same(told(codec.encodeKey('n', 'x')), [issue('Invalid input: expected number, received string')])
  t.same(codec.encodeKey('any', { list: [Number.NaN] }), { issues: [issue('NaN becomes null in JSON', 'list', 0)] })
  t.same(codec.encodeKey('other', 1), { issues: [issue('the schema has no such key; it has name, n, any, at')] })
  t.same(codecFor('cart', z.object({})).encodeKey('other', 1), {
    issues: [issue('the schema has no such key; it has none')]
  })
  t.strictSame(codec.decodeKey('at', '1970-01-01T00:00:00.000Z', {}), { value: new Date(0) })
  const stored = { list: ['a'] }
  for (const key of ['any', 'other']) {
    const { value } = codec.decodeKey(key, stored, {}) as { value: typeof stored }
    t.same(value, stored)
    t.not(value.list, stored.list, 'nobody else holds it')
  }
})

t.test('an object is written key by key, and must be complete', async (t) => {
  const codec = codecFor(
    'cart',
    z.object({
      a: z.string(),
      items: z.array(z.object({ n: z.number() })),
      at: date.optional(),
      no: z.string().optional()
    })
  )
  const payload = { a: 'old', at: 'kept' }
  const written = codec.encode({ a: 'new', items: [{ n: 1 }], at: new Date(0) }, payload, ['a', 'items'])
  t.equal((written as { value?: unknown }).value, payload)
  t.same(payload, { a: 'new', items: [{ n: 1 }], at: 'kept' })
  t.same(told(codec.encode({ items: [{ n: 'x' }], at: 1 }, {}, ['items', 'at'])), [
    issue('Invalid input: expected number, received string', 'items', 0, 'n'),
    issue('Invalid input: expected date, received number', 'at'),
    issue('required, but the session has no value for it', 'a')
  ])
  t.same(told(codec.encode({ a: 'x', items: [1n] }, {}, [])), undefined, 'what did not change is not looked at')
  const any = codecFor('cart', z.object({ any: z.any() }))
  t.same(told(any.encode({ any: [1n] }, {}, ['any'])), [issue('bigint does not survive JSON', 'any', 0)])
})

t.test('keys that the schema does not name are checked by its catchall', async (t) => {
  const codec = codecFor('cart', z.object({ a: z.string() }).catchall(date))
  t.strictSame(codec.encodeKey('other', new Date(0)), { value: '1970-01-01T00:00:00.000Z' })
  t.strictSame(codec.decodeKey('other', '1970-01-01T00:00:00.000Z', {}), { value: new Date(0) })
  t.same(told(codec.encodeKey('other', undefined)), [issue('Invalid input: expected date, received undefined')])
  t.same(told(codecFor('cart', z.strictObject({ a: z.string() })).encodeKey('b', 1)), [
    issue('the schema has no such key; it has a')
  ])
})

t.test('a check across keys runs when the whole is saved', async (t) => {
  const codec = codecFor(
    'cart',
    z
      .object({ from: z.number(), to: z.number(), at: date.optional() })
      .refine(({ from, to }) => from <= to, 'from is behind to')
  )
  t.same(codec.encode({ from: 1, to: 2, at: new Date(0) }, {}, ['from', 'at']), {
    value: { from: 1, at: '1970-01-01T00:00:00.000Z' }
  })
  t.same(told(codec.encode({ from: 3, to: 2 }, {}, ['from'])), [issue('from is behind to')])
  t.same(told(codec.encode({ from: 3 }, {}, ['from'])), [issue('required, but the session has no value for it', 'to')])
})

t.test('a record checks its keys and its values', async (t) => {
  const codec = codecFor('cart', z.record(z.string().regex(/^[a-z]+$/, 'letters only'), date))
  t.same(told(codec.encodeKey('1', new Date(0))), [issue('letters only')])
  t.same(told(codec.encodeKey('1', undefined)), [issue('letters only')])
  t.same(codec.encodeKey('a', undefined), { value: undefined })
  t.strictSame(codec.encodeKey('a', new Date(0)), { value: '1970-01-01T00:00:00.000Z' })
  t.same(told(codec.encodeKey('a', 1)), [issue('Invalid input: expected date, received number')])
  t.strictSame(codec.decodeKey('a', '1970-01-01T00:00:00.000Z', {}), { value: new Date(0) })
  const any = codecFor('cart', z.record(z.string(), z.any()))
  const stored = { list: [] }
  t.not((any.decodeKey('a', stored, {}) as { value: typeof stored }).value.list, stored.list)
})

t.test('a key of a whole reads as it will when all is saved, or as it is where it is not complete', async (t) => {
  const codec = codecFor('cart', v.object({ name: v.pipe(v.string(), v.trim()), more: v.optional(v.any()) }))
  t.strictSame(codec.decodeKey('name', ' a ', {}), { value: 'a' })
  const more = { list: ['a'] }
  const complete = codec.decodeKey('more', more, { name: 'a' }) as { value: typeof more }
  const incomplete = codec.decodeKey('more', more, {}) as { value: typeof more }
  for (const { value } of [complete, incomplete]) {
    t.same(value, more)
    t.not(value.list, more.list)
  }
  const fit = new Set(['a'])
  t.equal((codec.decodeKey('more', fit, {}) as { value: unknown }).value, fit, 'what JSON does not hold is left alone')
  t.same(codec.encodeKey('more', fit), { issues: [issue('a Set does not survive JSON: use a codec')] })
  t.same(codec.encodeKey('more', undefined), { value: undefined })
  const union = codecFor('cart', z.union([z.object({ at: date }), z.object({ b: z.string() })]))
  const at = new Date(0)
  t.strictSame(union.encodeKey('at', at), { value: at })
  t.strictSame(union.encode({ at }, {}, []), { value: { at: '1970-01-01T00:00:00.000Z' } })
  t.strictSame(union.decodeKey('at', at, {}), { value: at })
  t.same(
    { issues: issuesAt(codec.encode({ name: 1 }, {}, []).issues ?? []) },
    { issues: [issue('refused by valibot', 'name')] }
  )
})

t.test('another validator is asked with what will be read, and its words are not shown', async (t) => {
  const asked: unknown[] = []
  const schema = (validate: (value: unknown) => unknown) =>
    ({ '~standard': { version: 1, vendor: 'mine', validate } }) as Schema
  const codec = valueCodecFor(
    'cart',
    schema((value) => {
      asked.push(value)
      if (value === 'bad') return { issues: [{ message: 'secret: bad', path: ['a', { key: 0 }] }, { message: 'x' }] }
      return { value: { it: value } }
    })
  )
  t.same(codec.encode({ a: undefined, b: 1 }), { value: { b: 1 } })
  t.strictSame(asked, [{ b: 1 }])
  t.same(codec.encode('bad'), {
    issues: [
      { path: ['a', { key: 0 }], message: 'refused by mine' },
      { path: undefined, message: 'refused by mine' }
    ]
  })
  t.same(codec.decode('good'), { value: { it: 'good' } })
  t.same(codec.encode([1n]), { issues: [issue('bigint does not survive JSON', 0)] })
  const changing = valueCodecFor(
    'cart',
    schema((value) => {
      Object.assign(value as object, { seen: true })
      return { value }
    })
  )
  t.same(changing.encode({ a: 1 }), { value: { a: 1 } }, 'and changes nothing of what is stored')
  t.same(
    valueCodecFor(
      'cart',
      schema(async (value) => ({ value }))
    ).decode('a'),
    {
      issues: [issue('the schema checks asynchronously: sessions need a synchronous one')]
    }
  )
})

t.test('checks that only answer later, and codecs that go one way, are told in the words of zod', async (t) => {
  const later = valueCodecFor(
    'cart',
    z.string().refine(() => Promise.resolve(true))
  )
  const words = 'Encountered Promise during synchronous parse. Use .parseAsync() instead.'
  t.same(later.decode('a'), { issues: [issue(words)] })
  const oneWay = z.string().transform((text) => text.length)
  t.same(
    attempt(() => z.safeEncode(oneWay, 1)),
    {
      issues: [issue('Encountered unidirectional transform during encode: ZodTransform')]
    }
  )
})

t.test('a message is checked in both directions', async (t) => {
  const plain = valueCodecFor('cart', z.string().trim())
  t.same([plain.encode(' a '), plain.decode('a')], [{ value: 'a' }, { value: 'a' }])
  const dates = valueCodecFor('cart', date)
  t.strictSame(dates.encode(new Date(0)), { value: '1970-01-01T00:00:00.000Z' })
  t.strictSame(dates.decode('1970-01-01T00:00:00.000Z'), { value: new Date(0) })
  t.same(told(valueCodecFor('cart', z.string().default('a')).encode(undefined)), [
    issue('Invalid input: expected string, received undefined')
  ])
  t.same(valueCodecFor('cart', z.any()).encode(1n), { issues: [issue('bigint does not survive JSON')] })
  t.same(valueCodecFor('cart', z.any()).encode(undefined), { value: undefined })
})
