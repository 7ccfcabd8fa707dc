import t from 'tap'
import { z } from 'zod'
import type { Payload } from '../../lib/schema/codec.js'
import { codecFor } from '../../lib/schema/codecs.js'
import { Values } from '../../lib/session/values.js'

const codec = codecFor(
  'stored',
  z.object({
    count: z.number().default(0),
    note: z.string().optional(),
    list: z.array(z.string()).default(() => [])
  })
)

/** Values of which a payload is stored, in a record or made by a migration. */
function valuesOf(payload: Payload, isWritten = true): Values {
  return new Values(codec, read(payload, isWritten))
}

function read(payload: Payload, isWritten = true) {
  const decoded = codec.decode(payload)
  if (decoded.issues) throw new Error('does not fit')
  const record = { c: 1, p: payload }
  const written = isWritten ? { text: JSON.stringify(record), record } : undefined
  return { payload, data: decoded.value, written }
}

t.test('only what nobody else holds counts as exact, and only a record is a former one', async (t) => {
  const nothing = () => {}
  const cases: readonly [
    Payload,
    boolean,
    (values: Values) => void,
    Payload,
    boolean,
    readonly string[] | undefined
  ][] = [
    [{}, false, nothing, {}, true, undefined],
    [{}, true, nothing, {}, true, undefined],
    [{ count: 1 }, true, nothing, { count: 1 }, true, []],
    [{ count: 1 }, false, nothing, { count: 1 }, false, undefined],
    [{ count: 1 }, true, (values) => values.set('count', 2, 2), { count: 2 }, true, []],
    [{ count: 1 }, false, (values) => values.set('count', 2, 2), { count: 2 }, false, undefined],
    [{}, false, (values) => values.set('count', 2, 2), { count: 2 }, true, undefined],
    [{}, true, (values) => values.set('list', ['a'], ['a']), { list: ['a'] }, false, ['list']],
    [{}, false, (values) => values.set('list', ['a'], ['a']), { list: ['a'] }, false, undefined],
    [
      { list: ['a'], count: 1 },
      true,
      (values) => (values.get('list') as string[]).push('b'),
      { list: ['a', 'b'], count: 1 },
      false,
      ['list']
    ],
    [
      { count: 1 },
      false,
      (values) => {
        values.clear()
        values.set('count', 2, 2)
      },
      { count: 2 },
      true,
      undefined
    ]
  ]
  for (const [payload, isWritten, change, value, isExact, changed] of cases) {
    const values = valuesOf(payload, isWritten)
    change(values)
    const encoding = values.encode()
    if (encoding.issues) throw new Error('does not fit')
    t.strictSame(
      [encoding.value, encoding.isExact, encoding.former?.changed],
      [value, isExact, changed],
      JSON.stringify([payload, isWritten, value])
    )
  }
})

t.test('what is set and deleted again is not stored, also where it has a default', async (t) => {
  const values = valuesOf({ note: 'x' })
  values.set('count', 5, 5)
  values.delete('count')
  values.set('list', ['a'], ['a'])
  values.delete('list')
  t.strictSame(values.encode().issues ?? (values.encode() as { value: Payload }).value, { note: 'x' })
})

t.test('what was not there and is deleted is no change', async (t) => {
  const values = valuesOf({ count: 1 })
  t.equal(values.delete('note'), false)
  t.equal(values.delete('toString'), false)
  t.same([values.isDirty, values.changed], [false, []])
})

t.test('a session has no value that an object has anyway', async (t) => {
  const values = valuesOf({ count: 1 })
  for (const key of ['toString', 'constructor', '__proto__']) {
    t.same([values.has(key), values.get(key), values.current(key)], [false, undefined, undefined], key)
  }
  t.same([values.has('count'), values.has('note')], [true, false])
})

t.test('a key that a merge leaves without a value has none', async (t) => {
  const values = valuesOf({ note: 'a' })
  values.set('note', 'b', 'b')
  values.encode()
  values.rebase(read({ note: 'a' }), read({ note: 'c' }), { note: () => undefined })
  t.same([values.has('note'), values.get('note')], [false, undefined])
})

t.test('a session without values is stored as nothing, also where its schema requires some', async (t) => {
  const strict = codecFor('strict', z.object({ n: z.number(), m: z.number() }))
  const values = new Values(strict, { payload: { n: 1, m: 2 }, data: { n: 1, m: 2 } })
  values.delete('n')
  t.same(
    values.encode().issues?.map(({ path }) => path),
    [['n']]
  )
  values.delete('m')
  t.strictSame(values.encode(), { value: {}, isExact: true })
})

t.test('an object that was set is watched from the save on', async (t) => {
  const values = valuesOf({})
  const kept = values.update('list', () => ['a'], ['a'], ['a']) as string[]
  const encoding = values.encode() as { value: Payload }
  const record = { c: 1, p: encoding.value }
  values.markSaved({ text: JSON.stringify(record), record })
  t.equal(values.isDirty, false)
  kept.push('b')
  t.same([values.isDirty, values.changed], [true, ['list']])
})

t.test('an object that is deleted while it is saved leaves the default in its place', async (t) => {
  const values = valuesOf({})
  values.set('list', ['a'], ['a'])
  const encoding = values.encode() as { value: Payload }
  values.delete('list')
  const record = { c: 1, p: encoding.value }
  values.markSaved({ text: JSON.stringify(record), record })
  t.same([values.get('list'), values.isDirty], [[], true])
  t.strictSame((values.encode() as { value: Payload }).value, {})
})
