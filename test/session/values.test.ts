import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { z } from 'zod'
import { formatRecord, parseRecord, type Written } from '../../lib/records/record.js'
import type { Data, Payload } from '../../lib/schema/codec.js'
import { codecFor } from '../../lib/schema/codecs.js'
import { type Encoding, type Stored, Values } from '../../lib/session/values.js'
import { forAll } from './properties.js'

/*
 * Random operations on the values of a session, beside a model that is a plain object. The schema has a default, a key
 * that may be absent, objects that look alike stored and typed, and one that does not.
 */

const strings = z.codec(z.array(z.string()), z.set(z.string()), {
  decode: (items) => new Set(items),
  encode: (items) => [...items]
})
const codec = codecFor(
  'model',
  z.object({
    count: z.number().default(0),
    note: z.string().optional(),
    list: z.array(z.string()).default(() => []),
    seen: strings.default(() => new Set<string>())
  })
)

type Key = 'count' | 'note' | 'list' | 'seen'

interface By {
  readonly key: Key
  readonly by: string
}

type Deed =
  | ({ readonly kind: 'set' } & By)
  | ({ readonly kind: 'update' } & By)
  | ({ readonly kind: 'mutate' } & By)
  | { readonly kind: 'delete'; readonly key: Key }
  | { readonly kind: 'get'; readonly key: Key }
  | { readonly kind: 'clear' }
  | { readonly kind: 'all' }

const key = fc.constantFrom<Key>('count', 'note', 'list', 'seen')
const by = fc.constantFrom('a', 'b', 'c')
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('set', 'update', 'mutate'), key, by }) as fc.Arbitrary<Deed>
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('delete', 'get'), key }) as fc.Arbitrary<Deed> },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('clear', 'all') }) as fc.Arbitrary<Deed> }
)
const deeds = fc.array(deed, { maxLength: 6 })

/** Those of somebody else, who never comes to the same value. */
const othersDeeds = deeds.map((all) =>
  all.map((deed) => ('by' in deed ? { ...deed, by: deed.by.toUpperCase() } : deed))
)

/** What a key is set to. */
const set: Readonly<Record<Key, (by: string) => unknown>> = {
  count: (by) => by.charCodeAt(0),
  note: (by) => by,
  list: (by) => [by],
  seen: (by) => new Set([by])
}

/** What an update makes of a value, without changing the value itself. */
const updated: Readonly<Record<Key, (value: unknown, by: string) => unknown>> = {
  count: (value, by) => (value as number) + by.charCodeAt(0),
  note: (value, by) => `${value ?? ''}${by}`,
  list: (value, by) => [...(value as string[]), by],
  seen: (value, by) => new Set([...(value as Set<string>), by])
}

/** What a handler does to an object that it holds: nothing to which an update could come as well. */
function mutate(value: unknown, by: string): void {
  if (Array.isArray(value)) value.push(`by hand: ${by}`)
  else if (value instanceof Set) value.add(`by hand: ${by}`)
}

function defaults(): Data {
  return { count: 0, list: [], seen: new Set() }
}

/** What a session holds, and how its keys were changed since it began. */
class Model {
  data: Data
  isCleared = false
  /** Keys that were changed, with the updates that made all the change, if updates did. */
  readonly changed = new Map<string, ((value: unknown) => unknown)[] | 'otherwise'>()

  constructor(data: Data) {
    this.data = structuredClone(data)
  }

  do(deed: Deed): void {
    if (deed.kind === 'clear') {
      this.data = defaults()
      this.isCleared = true
      this.changed.clear()
    }
    if (!('key' in deed)) return
    const { key } = deed
    if (deed.kind === 'set') this.#put(key, set[key](deed.by), 'otherwise')
    else if (deed.kind === 'update') {
      const update = (value: unknown) => updated[key](value, deed.by)
      const before = this.changed.get(key) ?? []
      this.#put(key, update(this.data[key]), before === 'otherwise' ? before : [...before, update])
    } else if (deed.kind === 'mutate') this.#mutate(key, deed.by)
    else if (deed.kind === 'delete' && this.data[key] !== undefined) {
      const { [key]: fallback } = defaults()
      this.#put(key, fallback, 'otherwise')
      if (fallback === undefined) delete this.data[key]
    }
  }

  #put(key: string, value: unknown, how: ((value: unknown) => unknown)[] | 'otherwise'): void {
    this.data[key] = value
    this.changed.set(key, how)
  }

  #mutate(key: string, by: string): void {
    const before = structuredClone(this.data[key])
    mutate(this.data[key], by)
    if (!isSame(before, this.data[key])) this.changed.set(key, 'otherwise')
  }
}

function isSame(one: unknown, other: unknown): boolean {
  try {
    assert.deepStrictEqual(one, other)
    return true
  } catch {
    return false
  }
}

/** The same to the values, as a handler's session does it. */
function act(values: Values, deed: Deed): void {
  if (deed.kind === 'clear') values.clear()
  else if (deed.kind === 'all') values.all()
  else if (deed.kind === 'get') values.get(deed.key)
  else if (deed.kind === 'delete') values.delete(deed.key)
  else if (deed.kind === 'mutate') mutate(values.get(deed.key), deed.by)
  else {
    const { kind, key, by } = deed
    const change = (value: unknown) => updated[key](value, by)
    const value = kind === 'set' ? set[key](by) : change(values.current(key))
    const encoded = codec.encodeKey(key, value)
    assert.equal(encoded.issues, undefined)
    if (kind === 'set') values.set(key, value, (encoded as { value: unknown }).value)
    else values.update(key, change, value, (encoded as { value: unknown }).value)
  }
}

type Encoded = Extract<Encoding, { readonly value: Payload }>

function encode(values: Values): Encoded {
  const encoding = values.encode()
  assert.equal(encoding.issues, undefined)
  return encoding as Encoded
}

/** The record that holds an encoding; its text is made of the former one where that can be. */
function written({ value, former }: Encoded): Written {
  const record = { c: 1, p: Object.keys(value).length > 0 ? value : undefined }
  return { text: formatRecord(record, former), record }
}

/** What another request reads of a record. */
function read({ text }: Written): Stored {
  const record = parseRecord(text)
  assert.ok(record)
  const payload = record.p ?? {}
  const decoded = codec.decode(payload)
  assert.equal(decoded.issues, undefined)
  return { payload, data: (decoded as { value: Data }).value, written: { text, record } }
}

const EMPTY: Stored = read({ text: '{"c":1}', record: { c: 1 } })

/** What is stored when these were done. */
function storedAfter(deeds: readonly Deed[]): Written {
  const values = new Values(codec, read({ text: '{"c":1}', record: { c: 1 } }))
  for (const deed of deeds) act(values, deed)
  return written(encode(values))
}

function equals(values: Values, data: Data): void {
  assert.deepEqual(values.view, data)
}

t.test('values hold what was done to them, whatever that was', async () => {
  forAll([deeds, fc.array(deeds, { maxLength: 4 })], (before, rounds) => {
    const start = read(storedAfter(before))
    const model = new Model(start.data)
    const values = new Values(codec, start)
    for (const deed of rounds.flat()) {
      act(values, deed)
      model.do(deed)
      equals(values, model.data)
      if (!isSame(model.data, read(storedAfter(before)).data)) assert.ok(values.isDirty, 'a change shows')
    }
    assert.deepEqual(read(written(encode(values))).data, model.data)
  })
})

t.test('values that were only read are not dirty', async () => {
  forAll([deeds], (before) => {
    const values = new Values(codec, read(storedAfter(before)))
    values.all()
    for (const key of ['count', 'note', 'list', 'seen']) values.get(key)
    assert.equal(values.isDirty, false)
    assert.deepEqual(values.changed, [])
  })
})

t.test('each save stores what there was when it began; what failed or came later is for the next', async () => {
  const save = fc.record({ deeds, meanwhile: deeds, isFailing: fc.boolean() })
  forAll([deeds, fc.array(save, { maxLength: 4 })], (before, saves) => {
    let stored = storedAfter(before)
    const model = new Model(read(stored).data)
    const values = new Values(codec, read(stored))
    for (const { deeds, meanwhile, isFailing } of saves) {
      for (const deed of deeds) {
        act(values, deed)
        model.do(deed)
      }
      const expected = structuredClone(model.data)
      const saving = written(encode(values))
      assert.deepEqual(read(saving).data, expected)
      for (const deed of meanwhile) {
        act(values, deed)
        model.do(deed)
      }
      if (!isFailing) {
        stored = saving
        values.markSaved(saving)
      }
      equals(values, model.data)
      const { data } = read(stored)
      assert.equal(isSame(data, model.data) || values.isDirty, true, 'what is not stored is dirty')
      if (!isFailing && meanwhile.length === 0) assert.equal(values.isDirty, false, 'what is stored is not')
    }
    assert.deepEqual(read(written(encode(values))).data, model.data)
  })
})

/** What a key holds when this request's changes are replayed on what others stored. */
function replayed(mine: Model, theirs: Data): Data {
  if (mine.isCleared) return mine.data
  const result = structuredClone(theirs)
  for (const [key, how] of mine.changed) {
    if (how !== 'otherwise') result[key] = how.reduce((value, update) => update(value), result[key])
    else if (mine.data[key] === undefined) delete result[key]
    else result[key] = mine.data[key]
  }
  return result
}

t.test('a writer who lost the race replays its changes: updates run again, all else overwrites', async () => {
  forAll([deeds, deeds, fc.array(othersDeeds, { minLength: 1, maxLength: 3 })], (before, mine, rivals) => {
    const start = storedAfter(before)
    const model = new Model(read(start).data)
    const values = new Values(codec, read(start))
    for (const deed of mine) {
      act(values, deed)
      model.do(deed)
    }
    let stored = start
    for (const deeds of rivals) {
      const rival = new Values(codec, read(stored))
      for (const deed of deeds) act(rival, deed)
      const next = written(encode(rival))
      encode(values)
      values.rebase(read(stored), read(next), {})
      stored = next
      const expected = replayed(model, read(stored).data)
      equals(values, expected)
      assert.deepEqual(read(written(encode(values))).data, expected)
    }
  })
})

t.test('a merge function decides where both have changed a key, and there alone', async () => {
  forAll([deeds, deeds, othersDeeds], (before, mine, theirs) => {
    const start = storedAfter(before)
    const model = new Model(read(start).data)
    const values = new Values(codec, read(start))
    for (const deed of mine) {
      act(values, deed)
      model.do(deed)
    }
    const rival = new Values(codec, read(start))
    for (const deed of theirs) act(rival, deed)
    const next = written(encode(rival))
    const asked: unknown[] = []
    const merge = (...sides: unknown[]) => {
      asked.push(structuredClone(sides))
      return 1000
    }
    values.rebase(read(start), read(next), { count: merge })
    const { count: base } = read(start).data
    const { count } = read(next).data
    const isContested =
      !model.isCleared && model.changed.has('count') && !isSame(parsed(start)['count'], parsed(next)['count'])
    assert.deepEqual(asked, isContested ? [[base, count, model.data['count']]] : [])
    assert.equal(values.get('count'), isContested ? 1000 : replayed(model, read(next).data)['count'])
  })
})

function parsed({ text }: Written): Payload {
  return parseRecord(text)?.p ?? {}
}

t.test('a copy goes its own way', async () => {
  forAll([deeds, deeds, deeds, fc.boolean()], (before, first, second, isSaving) => {
    const values = new Values(codec, read(storedAfter(before)))
    const model = new Model(values.view)
    for (const deed of first) {
      act(values, deed)
      model.do(deed)
    }
    if (isSaving) encode(values)
    const isDirty = values.isDirty
    const copy = values.copy()
    assert.equal(copy.isDirty, isDirty)
    equals(copy, model.data)
    // What handlers hold are the objects of the original.
    for (const deed of second.filter(({ kind }) => kind !== 'mutate')) act(copy, deed)
    equals(values, model.data)
    assert.equal(values.isDirty, isDirty)
    assert.deepEqual(read(written(encode(values))).data, model.data)
  })
})

t.test('an empty session is not dirty and encodes to nothing', async (t) => {
  const values = new Values(codec, EMPTY)
  t.equal(values.isDirty, false)
  t.same(encode(values), { value: {}, isExact: true })
})

t.test('a key that is set to nothing is deleted, and has its default again', async (t) => {
  const values = new Values(codec, read(storedAfter([{ kind: 'set', key: 'count', by: 'a' }])))
  t.equal(values.get('count'), 97)
  values.set('count', undefined, undefined)
  t.equal(values.get('count'), 0)
  t.same(encode(values).value, {})
  values.set('note', 'x', 'x')
  values.set('note', undefined, undefined)
  t.same([values.has('note'), values.get('note'), values.delete('note')], [false, undefined, false])
})

t.test('what was saved counts as changed no more, and what was cleared as cleared no more', async (t) => {
  const values = new Values(codec, read(storedAfter([{ kind: 'set', key: 'note', by: 'a' }])))
  values.clear()
  values.set('count', 5, 5)
  ;(values.get('list') as string[]).push('x')
  t.same([values.isCleared, [...values.changed].sort()], [true, ['count', 'list']])
  values.markSaved(written(encode(values)))
  t.same([values.isCleared, values.changed, values.isDirty], [false, [], false])
  ;(values.get('list') as string[]).push('y')
  t.same([values.changed, values.isDirty], [['list'], true])
  t.same(encode(values).value, { count: 5, list: ['x', 'y'] })
})

t.test('what is looked at is a copy: what is put into it is no change', async (t) => {
  const values = new Values(codec, EMPTY)
  const seen = values.all()
  seen['count'] = 7
  Object.assign(values.view, { count: 8 })
  t.same([values.get('count'), values.isDirty, values.current('count')], [0, false, 0])
  t.equal(values.current('toString'), undefined)
})
