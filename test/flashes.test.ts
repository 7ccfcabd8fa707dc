import t from 'tap'
import { z } from 'zod'
import { Flashes } from '../lib/flashes.js'
import type { FlashRecord } from '../lib/record.js'
import { valueCodecFor } from '../lib/schema.js'

const codecs = new Map([['notice', valueCodecFor('test', z.string())]])
const open = (stored: FlashRecord | undefined) => new Flashes(codecs, stored ?? {})

t.test('a message that is added while others take and add is never taken by mistake, whatever the order', async (t) => {
  const first = open(undefined)
  first.add('notice', 'same words')
  const start = first.encoded(1000)

  const slow = open(start)
  t.same(slow.take('notice'), ['same words'])

  const fast = open(start)
  fast.take('notice')
  const emptied = fast.encoded(1001)
  t.equal(emptied, undefined)
  const third = open(emptied)
  third.add('notice', 'same words')
  const refilled = third.encoded(1002)

  t.same(
    open(slow.applyTo(refilled ?? {}, 1003)).peek('notice'),
    ['same words'],
    'the new one is not the one that was read'
  )
})

t.test('of messages that were partly taken by another request, only the rest is taken', async (t) => {
  const stored: FlashRecord = { notice: [5, 'a', 'b'] }
  const one = open(stored)
  t.same(one.take('notice'), ['a', 'b'])
  const other = open(stored)
  other.take('notice')
  other.add('notice', 'c')
  const newer = other.encoded(1000) as FlashRecord
  t.same(newer, { notice: [1000, 'c'] })
  t.same(one.applyTo({ notice: [5, 'a', 'b', 'c'] }, 1000), { notice: [7, 'c'] })
  t.same(one.applyTo(newer, 1000), newer)
})

t.test('a message that no longer fits is left out, and an unknown kind is kept but not shown', async (t) => {
  const flashes = open({ notice: [1, 'text', 5], gone: [1, 'x'] } as unknown as FlashRecord)
  t.same(flashes.peek('notice'), ['text'])
  t.same(flashes.kinds(), ['notice'])
  flashes.add('notice', 'new')
  t.match(flashes.encoded(1), { gone: [1, 'x'] })
})

t.test('kinds that are named like members of every object are kinds like others', async (t) => {
  const flashes = new Flashes(new Map([['constructor', valueCodecFor('test', z.string())]]), {})
  t.same(flashes.peek('constructor'), [])
  flashes.add('constructor', 'x')
  t.equal(JSON.stringify(flashes.encoded(1)), '{"constructor":[1,"x"]}')
  t.same(flashes.take('constructor'), ['x'])
})

t.test('clearing takes what is stored and what was added', async (t) => {
  const flashes = open({ notice: [1, 'a'] })
  flashes.add('notice', 'b')
  flashes.clear()
  t.same(flashes.peek('notice'), [])
  flashes.add('notice', 'c')
  t.same(open(flashes.applyTo({ notice: [1, 'a', 'by another'] }, 9)).peek('notice'), ['c'])
})
