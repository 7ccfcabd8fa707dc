import t from 'tap'
import { z } from 'zod'
import { oneWayFault } from '../../lib/schema/pipe-check.js'

const fault = (from: z.ZodType, to: z.ZodType) => oneWayFault(z.pipe(from, to as never))
const between = (what: string, coerced = '') =>
  `${what} goes one way, and what it gives could never be set: write ${coerced}z.codec(stored, typed, { decode, encode })`
const content = between('a pipe between schemas of different content')

const KINDS: Record<string, z.ZodType[]> = {
  string: [z.string(), z.templateLiteral(['a', z.number()]), z.enum(['a', 'b']), z.literal('a')],
  number: [z.number(), z.int(), z.enum({ one: 1 }), z.literal([1, 2])],
  boolean: [z.boolean(), z.literal(true)],
  object: [z.object({ a: z.string() }), z.looseObject({}), z.record(z.string(), z.string())],
  array: [z.array(z.string()), z.tuple([z.string()])]
}

t.test('a pipe between two kinds of JSON goes one way, and one within a kind does not', async (t) => {
  for (const [from, sources] of Object.entries(KINDS)) {
    for (const [to, targets] of Object.entries(KINDS)) {
      const coerced = ['string', 'number', 'boolean'].includes(to) ? `z.coerce.${to}(), or ` : ''
      const expected = from === to ? undefined : between(`a pipe from ${from} to ${to}`, coerced)
      for (const one of sources) {
        for (const other of targets) {
          t.equal(fault(one, other), expected, `${one._zod.def.type} to ${other._zod.def.type}`)
        }
      }
    }
  }
})

t.test('what may be absent or has a default is of the kind of what is in it', async (t) => {
  const wraps: ((inner: z.ZodString) => z.ZodType)[] = [
    (inner) => inner.optional(),
    (inner) => inner.nullable(),
    (inner) => inner.optional().nonoptional(),
    (inner) => inner.readonly(),
    (inner) => inner.default('a'),
    (inner) => inner.prefault('a'),
    (inner) => inner.catch('a')
  ]
  for (const wrap of wraps) {
    const wrapped = wrap(z.string())
    t.equal(fault(wrapped, z.string()), undefined)
    t.equal(fault(wrapped, z.number()), between('a pipe from string to number', 'z.coerce.number(), or '))
    t.equal(fault(z.number(), wrapped), between('a pipe from number to string', 'z.coerce.string(), or '))
  }
})

t.test('one common kind is enough, and the message names all', async (t) => {
  const both = z.union([z.string(), z.boolean()])
  t.equal(fault(both, z.boolean()), undefined)
  t.equal(fault(z.string(), both), undefined)
  t.equal(fault(both, z.number()), between('a pipe from string or boolean to number', 'z.coerce.number(), or '))
  t.equal(fault(z.number(), both), between('a pipe from number to string or boolean'))
  t.equal(
    fault(z.literal(['a', null]), z.enum({ one: 1 })),
    between('a pipe from string or null to number', 'z.coerce.number(), or ')
  )
  t.equal(fault(z.literal([1, null]), z.literal(['a', null])), undefined)
})

t.test('what is inside arrays and objects has to meet as well', async (t) => {
  const text = z.object({ a: z.string(), b: z.string() })
  const number = z.object({ a: z.string(), b: z.number() })
  t.equal(fault(text, number), content)
  t.equal(fault(z.object({ in: text }), z.object({ in: number })), content)
  t.equal(fault(z.array(z.string()), z.array(z.number())), content)
  t.equal(fault(z.array(text), z.array(number)), content)
  t.equal(fault(z.array(text), z.array(text)), undefined)
  t.equal(fault(text, z.object({ a: z.string() })), undefined, 'one lets a key go')
  t.equal(fault(z.object({ a: z.string() }), number), undefined, 'another one has one more')
  t.equal(fault(z.object({ toString: z.string() }), number), undefined, 'a key is none of what each object has')
  t.equal(fault(text, z.record(z.string(), z.string())), undefined)
  t.equal(fault(z.record(z.string(), z.string()), number), undefined)
  t.equal(fault(z.tuple([z.string()]), z.array(z.number())), undefined, 'a tuple is not looked into')
  t.equal(fault(z.array(z.number()), z.tuple([z.string()])), undefined)
})

t.test('of a pipe or a codec the near end counts', async (t) => {
  const counted = z.codec(z.string(), z.number(), { decode: Number, encode: String })
  t.equal(oneWayFault(counted), undefined)
  t.equal(fault(counted, z.number()), undefined)
  t.equal(fault(counted, z.string()), between('a pipe from number to string', 'z.coerce.string(), or '))
  t.equal(fault(z.string(), counted), undefined)
  t.equal(fault(z.number(), counted), between('a pipe from number to string', 'z.coerce.string(), or '))
  t.equal(
    fault(z.union([counted, z.boolean()]), z.string()),
    between('a pipe from number or boolean to string', 'z.coerce.string(), or ')
  )
})

t.test('where nobody can tell what comes out, nothing is refused', async (t) => {
  const unknown = [
    z.any(),
    z.lazy(() => z.string()),
    z.any().optional(),
    z.union([z.string(), z.any()]),
    z.union([z.object({ a: z.number() }), z.object({ a: z.string() })]),
    z.union([z.object({ a: z.string() }), z.object({ a: z.number() })]),
    z.intersection(z.string(), z.string())
  ]
  for (const schema of unknown) {
    t.equal(fault(schema, z.number()), undefined, schema._zod.def.type)
    t.equal(fault(z.number(), schema), undefined, schema._zod.def.type)
    t.equal(fault(schema, z.object({ a: z.number() })), undefined)
  }
  t.equal(oneWayFault(z.string()), undefined)
  const missing = undefined as unknown as z.ZodType
  t.equal(fault(missing, z.number()), undefined)
  t.equal(fault(z.number(), missing), undefined)
})
