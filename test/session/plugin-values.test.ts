import t from 'tap'
import { Flashes } from '../../lib/session/flashes.js'
import { PluginValues } from '../../lib/session/plugin-values.js'
import { exactly } from '../exactly.js'

/** What other plugins keep in a session of which so much is stored, each value behind its key. */
function keeping(...stored: readonly unknown[]) {
  const flashes = new Flashes(new Map(), stored.length > 0 ? { '': stored } : {})
  const values = new PluginValues('it', flashes)
  /** What would be stored now. */
  const encoded = () => flashes.copy().encoded()?.[''] ?? []
  return { flashes, values, encoded }
}

t.test('what is set is there, and stored', async (t) => {
  const { values, encoded, flashes } = keeping()
  for (const [key, value] of Object.entries({ a: 1, b: null, c: 'x', d: false, e: [1], f: { g: {} } })) {
    t.equal(values.has(key), false)
    t.equal(values.get(key), undefined)
    values.set(key, value)
    t.equal(values.has(key), true)
    t.equal(values.get(key), value)
  }
  t.same(values.keys(), ['a', 'b', 'c', 'd', 'e', 'f'])
  t.same(encoded(), ['a', 1, 'b', null, 'c', 'x', 'd', false, 'e', [1], 'f', { g: {} }])
  t.equal(flashes.isDirty, true)
})

t.test('what is stored is there, an object as one of its own, the same each time', async (t) => {
  const stored = { n: 1 }
  const { values, flashes } = keeping('a', stored, 'b', 2, 'c', null)
  t.same(values.keys(), ['a', 'b', 'c'])
  const held = values.get('a') as { n: number }
  t.same(held, stored)
  t.not(held, stored)
  t.equal(values.get('a'), held)
  t.same([values.get('b'), values.get('c')], [2, null])
  t.equal(values.noteChanges(), false)
  values.check()
  values.set('b', 2)
  t.equal(flashes.isDirty, false, 'whoever only looks, or sets what is there, changes nothing')
})

t.test('what is changed within an object is stored, whoever looks at it first', async (t) => {
  for (const look of ['noteChanges', 'get'] as const) {
    const { values, encoded } = keeping('a', { n: 1 }, 'b', 2)
    const held = values.get('a') as { n: number }
    held.n = 5
    if (look === 'get') t.equal(values.get('a'), held)
    else t.equal(values.noteChanges(), false)
    t.same(encoded(), ['b', 2, 'a', { n: 5 }])
    t.equal(values.get('a'), held, 'and stays the same object')
  }
})

t.test('an empty object is there for the rest of the request, and not stored until something is in it', async (t) => {
  const { values, encoded, flashes } = keeping('a', 1)
  const empty: { n?: number } = {}
  values.set('e', empty)
  t.equal(flashes.isDirty, false)
  t.same([values.has('e'), values.get('e') === empty, values.keys(), encoded()], [true, true, ['a', 'e'], ['a', 1]])
  empty.n = 1
  values.noteChanges()
  t.same(
    [values.keys(), encoded()],
    [
      ['a', 'e'],
      ['a', 1, 'e', { n: 1 }]
    ]
  )
  delete empty.n
  values.noteChanges()
  t.same([values.has('e'), values.get('e') === empty, values.keys(), encoded()], [true, true, ['a', 'e'], ['a', 1]])
  values.set('a', {})
  t.same([values.keys(), encoded()], [['e', 'a'], []], 'what was stored goes')
})

t.test('what is deleted, or set to undefined, is gone, also when somebody still holds it', async (t) => {
  for (const remove of [
    (values: PluginValues) => values.delete('a'),
    (values: PluginValues) => values.set('a', undefined)
  ]) {
    const { values, encoded } = keeping('a', { n: 1 }, 'b', 2)
    const held = values.get('a') as { n: number }
    remove(values)
    held.n = 5
    values.noteChanges()
    t.same([values.has('a'), values.get('a'), values.keys(), encoded()], [false, undefined, ['b'], ['b', 2]])
  }
  const { values, flashes } = keeping('b', 2)
  values.delete('a')
  t.equal(flashes.isDirty, false, 'what was not there is no change')
  const replaced = keeping('a', { n: 1 })
  const held = replaced.values.get('a') as { n: number }
  replaced.values.set('a', 'text')
  held.n = 5
  t.equal(replaced.values.noteChanges(), false)
  t.same([replaced.values.get('a'), replaced.encoded()], ['text', ['a', 'text']], 'nor does it come back')
})

t.test('what was cleared does not come back with an object that somebody holds', async (t) => {
  const { values, flashes, encoded } = keeping('a', { n: 1 })
  const held = values.get('a') as { n: number }
  flashes.clear()
  held.n = 5
  t.equal(values.noteChanges(), false)
  t.same([values.has('a'), values.get('a'), values.keys(), encoded()], [false, undefined, [], []])
})

t.test('what a parallel request stored in its place is seen, as another object', async (t) => {
  const { values, flashes } = keeping('a', { n: 1 })
  const held = values.get('a')
  flashes.rebase({ '': ['a', { n: 2 }] })
  const now = values.get('a')
  t.same(now, { n: 2 })
  t.not(now, held)
  t.equal(values.get('a'), now)
  t.equal(flashes.isDirty, false)
})

t.test('what JSON can not hold is refused when it is set, or when it is saved', async (t) => {
  const message = 'JSON can not hold this value: keep an object of strings, numbers, arrays and the like'
  const cycle: { self?: object } = {}
  cycle.self = cycle
  for (const value of [() => 1, Symbol('s'), 1n, cycle]) {
    t.throws(() => keeping().values.set('a', value), {
      code: 'FST_SESSIONS_INVALID_VALUE',
      message: exactly(`session "it": a: ${message}`),
      issues: [{ path: ['a'], message: exactly(message) }]
    })
  }
  const { values } = keeping('a', { n: 1 })
  const held = values.get('a') as { n: unknown }
  values.check()
  held.n = 1n
  t.equal(values.noteChanges(), true)
  t.throws(() => values.check(), { message: exactly(`session "it": a: ${message}`) })
})
