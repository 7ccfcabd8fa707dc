import t from 'tap'
import { formatRecord, parseRecord, type SessionRecord } from '../lib/records/record.js'

type Payload = NonNullable<SessionRecord['p']>

const KEYS = [
  'a',
  'b',
  'c',
  '10',
  '2',
  'with "quotes"',
  'line\nbreak',
  'a":1,"b',
  'a":{"a',
  '',
  '__proto__',
  'é😀',
  ','
]
const VALUES = [
  0,
  -1.5,
  '',
  'text',
  'a\nb',
  '",\n"',
  true,
  null,
  [],
  [1, [2]],
  {},
  { a: 1, 'b\n': [{}] },
  '\ud800',
  ','
]

/** Always the same numbers below 1 for the same seed (mulberry32), so that a failure comes again. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

t.test('a record whose unchanged lines are taken over reads the same as one that is written anew', async (t) => {
  let taken = 0
  for (let seed = 0; seed < 5000; seed++) {
    const next = random(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T
    const draft: Record<string, unknown> = {}
    for (let count = next() * 8; count > 0; count--) put(draft, pick(KEYS), pick(VALUES))
    const text =
      next() < 0.9
        ? formatRecord({ c: 1, f: { a: [1, '\n'] }, p: draft })
        : JSON.stringify({ c: 1, p: draft }, null, seed % 3)
    const old = parseRecord(text) as SessionRecord
    const payload = old.p as Payload
    const later = { ...payload }
    const changed: string[] = []
    for (let count = next() * 4; count > 0; count--) {
      const present = Object.keys(later)
      const key = next() < 0.7 && present.length > 0 ? pick(present) : pick(KEYS)
      if (next() < 0.1) delete later[key]
      else put(later, key, next() < 0.2 ? undefined : structuredClone(pick(VALUES)))
      changed.push(key)
    }
    const inPlace = changed.filter((key) => typeof later[key] === 'object')
    // What stands before the payload is as it was, or something of it is not.
    const before =
      next() < 0.5 ? {} : pick([{ c: 2 }, { e: 3 }, { v: 2 }, { m: false }, { s: 'ann' }, { f: { a: [2] } }])
    const record = { ...old, ...before, p: later } as SessionRecord
    const quick = formatRecord(record, { text, record: old, changed: inPlace })
    if (quick !== formatRecord(record)) t.same(quick, formatRecord(record), `seed ${seed}`)
    if (!same(jsonByKey(parseRecord(quick)), jsonByKey(record))) t.fail(`seed ${seed}: ${quick}`)
    if (text.includes('\n') && same(Object.keys(payload), Object.keys(later))) taken++
  }
  t.ok(taken > 1000, 'many have something to take over')
})

t.test('only the lines of what changed are written anew', async (t) => {
  const text = '{"c":1,"p":{\n"a":1.0,\n"b":2.0,\n"c":3.0\n}}'
  const payload = { a: 1, b: 2, c: 3 }
  const written = (later: Payload, changed: string[] = [], c = 2) =>
    formatRecord({ c, p: later }, { text, record: { c: 1, p: payload }, changed })
  t.equal(written({ a: 1, b: 4, c: 3 }), '{"c":2,"p":{\n"a":1.0,\n"b":4,\n"c":3.0\n}}')
  t.equal(written({ a: 5, b: 2, c: 6 }), '{"c":2,"p":{\n"a":5,\n"b":2.0,\n"c":6\n}}')
  t.equal(written({ a: 1, b: 4, c: 3 }, [], 1), '{"c":1,"p":{\n"a":1.0,\n"b":4,\n"c":3.0\n}}')
  t.equal(written(payload, ['c']), '{"c":2,"p":{\n"a":1.0,\n"b":2.0,\n"c":3\n}}')
})

t.test('a key that reads like the beginning of another one’s line does not take its place', async (t) => {
  const text = formatRecord({ c: 1, p: { x: { y: 1 } } })
  const record = parseRecord(text) as SessionRecord
  const later = { 'x":{"y': 2 }
  t.same(parseRecord(formatRecord({ c: 1, p: later }, { text, record, changed: [] }))?.p, later)
})

t.test('an object that was changed in place is written anew', async (t) => {
  const list = [1]
  const text = formatRecord({ c: 1, p: { list, other: 1 } })
  list.push(2)
  const record = { c: 1, p: { list, other: 1 } }
  t.same(parseRecord(formatRecord(record, { text, record, changed: ['list'] }))?.p, {
    list: [1, 2],
    other: 1
  })
})

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index])
}

/** Each member's own JSON: in what order they stand does not matter. */
function jsonByKey(record: object | undefined): readonly string[] {
  return Object.entries(record ?? {})
    .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
    .sort()
}

/** As own property, also where assignment would do something else. */
function put(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

t.test('nothing is taken over from a text that somebody formatted otherwise', async (t) => {
  for (const text of ['{"c":1,"p":{\n"a":[\n1\n],\n"b":2}}', '{"c":1,\n"p":{"a":[1],\n"b":2\n}}']) {
    const record = parseRecord(text) as SessionRecord
    const quick = formatRecord(record, { text, record, changed: [] })
    t.equal(quick, formatRecord({ c: 1, p: { a: [1], b: 2 } }))
  }
})
