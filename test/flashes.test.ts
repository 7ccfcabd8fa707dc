import t from 'tap'
import { z } from 'zod'
import type { FlashRecord } from '../lib/records/record.js'
import { valueCodecFor } from '../lib/schema/codecs.js'
import { Flashes } from '../lib/session/flashes.js'

const codecs = new Map(['notice', 'error'].map((kind) => [kind, valueCodecFor('test', z.string())]))
const open = (stored: FlashRecord | undefined) => new Flashes(codecs, stored ?? {})

/** What is stored after the changes were replayed on what others stored meanwhile. */
function onto(stored: FlashRecord | undefined, flashes: Flashes): FlashRecord | undefined {
  flashes.rebase(stored ?? {})
  return flashes.encoded()
}

/** What is stored after a message was left. */
function withMessage(stored: FlashRecord | undefined, message: string): FlashRecord | undefined {
  const flashes = open(stored)
  flashes.add('notice', message)
  return flashes.encoded()
}

/** What is stored after all messages were taken. */
function read(stored: FlashRecord | undefined): FlashRecord | undefined {
  const flashes = open(stored)
  flashes.take('notice')
  return flashes.encoded()
}

t.test('a message that is added while others take and add is never taken by mistake, whatever the order', async (t) => {
  const start = withMessage(undefined, 'same words')
  const slow = open(start)
  t.same(slow.take('notice'), ['same words'])
  const emptied = read(start)
  t.equal(emptied, undefined)
  const refilled = withMessage(emptied, 'same words')
  t.same(open(onto(refilled, slow)).peek('notice'), ['same words'], 'the new one is not the one that was read')
})

t.test('a slow reader of many messages takes none of those that came after it, whatever the clock says', async (t) => {
  const real = Date.now
  t.teardown(() => {
    Date.now = real
  })
  for (const offset of [-60_000, -50, 0, 50]) {
    let stored: FlashRecord | undefined
    for (let count = 0; count < 300; count++) stored = withMessage(stored, `message ${count}`)
    const slow = open(stored)
    t.equal(slow.take('notice').length, 300)
    Date.now = () => real() + offset
    const refilled = withMessage(read(stored), 'never shown')
    t.same(open(onto(refilled, slow)).peek('notice'), ['never shown'])
  }
})

t.test('a kind that becomes empty and is filled again, time after time, loses nothing to a slow reader', async (t) => {
  let stored = withMessage(undefined, 'first')
  const slow = open(stored)
  slow.take('notice')
  for (let round = 0; round < 5; round++) stored = withMessage(read(stored), `round ${round}`)
  t.same(open(onto(stored, slow)).peek('notice'), ['round 4'])
})

t.test('of messages that were partly taken by another request, only the rest is taken', async (t) => {
  const stored = withMessage(withMessage(undefined, 'a'), 'b')
  const one = open(stored)
  t.same(one.take('notice'), ['a', 'b'])
  t.same(open(onto(withMessage(stored, 'c'), one)).peek('notice'), ['c'])
  const other = open(stored)
  other.take('notice')
  other.add('notice', 'd')
  const newer = other.encoded()
  t.same(onto(newer, one), newer)
})

t.test('messages that are stored with the number of the first are read, and taken by two at once', async (t) => {
  const stored: FlashRecord = { notice: [5, 'a', 'b'], error: [5, 'e'] }
  t.same(open(stored).peek('notice'), ['a', 'b'])
  const one = open(stored)
  const two = open(stored)
  t.same(one.take('notice'), ['a', 'b'])
  one.add('notice', 'c')
  two.take('notice')
  t.same(open(onto(one.encoded(), two)).peek('notice'), ['c'])
  t.same(open(onto(one.encoded(), two)).peek('error'), ['e'], 'a number is of its kind')
})

t.test('what is taken or cleared while a save is under way does not come back', async (t) => {
  for (const undo of [(flashes: Flashes) => flashes.take('notice'), (flashes: Flashes) => flashes.clear()]) {
    const flashes = open({ notice: [1, 'a'] })
    flashes.add('notice', 'b')
    const saved = flashes.encoded() as FlashRecord
    undo(flashes)
    flashes.add('notice', 'c')
    flashes.markSaved(saved)
    t.equal(flashes.isDirty, true)
    t.same(flashes.peek('notice'), ['c'])
    const next = flashes.encoded() as FlashRecord
    flashes.markSaved(next)
    t.same(open(next).peek('notice'), ['c'])
    t.equal(flashes.isDirty, false)
  }
})

t.test('a save that fails, or that nobody heard of any more, neither loses a message nor doubles it', async (t) => {
  const flashes = open({ notice: [1, 'a'] })
  t.same(flashes.take('notice'), ['a'])
  flashes.add('notice', 'b')
  const first = flashes.encoded()
  flashes.add('notice', 'c')
  t.same(open(flashes.encoded()).peek('notice'), ['b', 'c'], 'it failed')
  t.same(open(onto(first, flashes)).peek('notice'), ['b', 'c'], 'it was stored all the same')
})

t.test('what was added and taken before anything was saved changes nothing', async (t) => {
  const flashes = open(undefined)
  flashes.add('notice', 'a')
  t.same(flashes.take('notice'), ['a'])
  t.equal(flashes.isDirty, false)
})

t.test('a message that no longer fits is left out, and an unknown kind is kept but not shown', async (t) => {
  const flashes = open({ notice: ['aaaaaa', 'text', 'bbbbbb', 5], gone: [1, 'x'] })
  t.same(flashes.peek('notice'), ['text'])
  t.same(flashes.kinds(), ['notice'])
  flashes.add('notice', 'new')
  t.hasStrict(flashes.encoded(), { gone: [1, 'x'] })
})

t.test('kinds that are named like members of every object are kinds like others', async (t) => {
  const flashes = new Flashes(new Map([['constructor', valueCodecFor('test', z.string())]]), {})
  t.same(flashes.peek('constructor'), [])
  flashes.add('constructor', 'x')
  t.match(JSON.stringify(flashes.encoded()), /^\{"constructor":\["[\w-]{6}","x"\]\}$/)
  t.same(flashes.take('constructor'), ['x'])
})

t.test('clearing takes what is stored and what was added', async (t) => {
  const flashes = open({ notice: [1, 'a'] })
  flashes.add('notice', 'b')
  flashes.clear()
  t.same(flashes.peek('notice'), [])
  flashes.add('notice', 'c')
  t.same(open(onto({ notice: [1, 'a', 'by another'] }, flashes)).peek('notice'), ['c'])
})
