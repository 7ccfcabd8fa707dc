import t from 'tap'
import { z } from 'zod'
import { valueCodecFor } from '../../lib/schema/codecs.js'
import { Flashes } from '../../lib/session/flashes.js'

const codecs = new Map(['notice', 'error'].map((kind) => [kind, valueCodecFor('it', z.string())]))
const flashes = (stored: Record<string, readonly unknown[]> = {}) => new Flashes(codecs, stored)
const STORED = { notice: ['a', 'A', 'b', 'B'] }

t.test('messages are read in their order, and taken once', async (t) => {
  const held = flashes(STORED)
  t.same([held.kinds(), held.names('notice'), held.peek('notice')], [['notice'], ['a', 'b'], ['A', 'B']])
  held.add('notice', 'C')
  t.same(held.peek('notice'), ['A', 'B', 'C'])
  t.same(held.take('notice'), ['A', 'B', 'C'])
  t.same([held.take('notice'), held.peek('notice'), held.names('notice'), held.kinds()], [[], [], [], []])
  t.equal(held.encoded(), undefined)
})

t.test('each message has a name of six letters, which no other has', async (t) => {
  const held = flashes()
  for (let count = 0; count < 50; count++) held.add('notice', `${count}`)
  const names = held.names('notice')
  t.equal(new Set(names).size, 50)
  t.same([...new Set(names.map((name) => name.length))], [6])
  t.equal(held.named('notice', names[7] as string), '7')
  t.equal(held.named('notice', 'none'), undefined)
})

t.test('what was done counts by kinds, and is nothing once it is undone', async (t) => {
  const held = flashes(STORED)
  const state = () => [held.isDirty, held.changedKinds]
  t.same(state(), [false, 0])
  t.same(held.take('error'), [])
  t.same(state(), [false, 0], 'there was nothing to be taken')
  held.add('error', 'one')
  t.same(state(), [true, 1])
  held.take('error')
  t.same(state(), [false, 0])
  held.take('notice')
  held.add('error', 'two')
  t.same(state(), [true, 2])
  held.take('error')
  t.same(state(), [true, 1])
  held.clear()
  t.same([...state(), held.kinds(), held.encoded()], [true, 0, [], undefined])
})

t.test('a list of the older format, and one that is cut off, are read as far as they go', async (t) => {
  const held = flashes({ notice: [5, 'A', 'B'], error: ['a', 'A', 'b'] })
  t.same(
    [held.names('notice'), held.peek('notice')],
    [
      ['5', '6'],
      ['A', 'B']
    ]
  )
  t.same([held.names('error'), held.peek('error')], [['a'], ['A']])
  held.add('notice', 'C')
  const [name] = held.names('notice').slice(-1)
  t.same(held.encoded()?.['notice'], ['5', 'A', '6', 'B', name, 'C'])
})

t.test('messages of a kind that the app has no more, or that do not fit, are not shown, and stay', async (t) => {
  const held = flashes({ gone: ['a', 'A'], notice: ['a', 1, 'b', 'B'] })
  t.same([held.kinds(), held.peek('gone'), held.peek('notice')], [['notice'], [], ['B']])
  t.same({ ...held.encoded() }, { gone: ['a', 'A'], notice: ['a', 1, 'b', 'B'] })
})

t.test('what is done while a save is under way comes on top of what that save holds', async (t) => {
  const held = flashes(STORED)
  held.put('notice', 'a', undefined)
  held.put('notice', 'c', 'C')
  held.add('error', 'one')
  const [error] = held.names('error') as [string]
  t.same({ ...held.encoded() }, { notice: ['b', 'B', 'c', 'C'], error: [error, 'one'] })

  held.put('notice', 'b', undefined)
  t.same(held.peek('notice'), ['C'])
  held.put('notice', 'c', undefined)
  t.same([held.peek('notice'), held.kinds()], [[], ['error']])
  held.add('error', 'two')
  t.same(held.peek('error'), ['one', 'two'])
  held.put('notice', 'd', 'D')
  t.same(held.peek('notice'), ['D'])
  t.equal(held.changedKinds, 2)

  const copy = held.copy()
  held.markSaved({ notice: ['b', 'B', 'c', 'C'], error: [error, 'one'] })
  t.same([held.peek('notice'), held.peek('error'), held.isDirty], [['D'], ['one', 'two'], true])
  t.same([copy.peek('notice'), copy.peek('error')], [['D'], ['one', 'two']])
  held.encoded()
  held.markSaved({ notice: ['d', 'D'] })
  t.same([held.peek('notice'), held.isDirty], [['D'], false])
})

t.test('each kind goes on by itself, before and while a save is under way', async (t) => {
  const held = flashes({})
  held.add('notice', 'N')
  held.add('error', 'E')
  t.same([held.take('notice'), held.peek('notice'), held.peek('error'), held.isDirty], [['N'], [], ['E'], true])
  const [error] = held.names('error') as [string]
  t.same({ ...held.encoded() }, { error: [error, 'E'] })
  held.add('notice', 'later')
  const [notice] = held.names('notice') as [string]
  t.same([held.kinds(), held.peek('notice'), held.peek('error')], [['notice', 'error'], ['later'], ['E']])
  t.same({ ...held.encoded() }, { error: [error, 'E'], notice: [notice, 'later'] })
})

t.test('what another request stored meanwhile is kept, with what this one did', async (t) => {
  const held = flashes(STORED)
  held.take('notice')
  held.add('error', 'mine')
  const [name] = held.names('error') as [string]
  held.rebase({ notice: ['a', 'A', 'late', 'L'], error: ['x', 'theirs'] })
  t.same([held.peek('notice'), held.peek('error')], [['L'], ['theirs', 'mine']])
  held.rebase({ error: [name, 'mine', 'x', 'theirs'] })
  t.same(held.peek('error'), ['mine', 'theirs'], 'a message that is stored already is not added again')
  held.clear()
  held.rebase({ notice: ['late', 'L'] })
  t.same([held.peek('notice'), held.peek('error')], [[], []])
})
