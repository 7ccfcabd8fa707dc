import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { Lists } from '../../lib/history/lists.js'
import { Ring } from '../../lib/history/ring.js'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { reservedId } from '../../lib/records/ticket.js'
import type { HistoryEntry } from '../../types/history.js'

const entry = (event: HistoryEntry['event'], more: Partial<HistoryEntry> = {}): HistoryEntry =>
  ({ event, at: 1, times: 1, session: 'cart', ...more }) as HistoryEntry

const idOf = (name: string) => reservedId(`history of session or user ${name}`, undefined)

function lists(store: RecordStore = memoryStore(), keep = 60_000) {
  const lines: unknown[][] = []
  const log = { warn: (...line: unknown[]) => lines.push(line) } as unknown as FastifyBaseLogger
  return { archive: new Lists(store, keep, undefined, log), store, lines }
}

const events = (entries: readonly HistoryEntry[]) => entries.map(({ event, id, times }) => `${event} ${id} ${times}`)

t.test('an entry is found by each id and each user that it names, and by nobody else', async (t) => {
  const { archive } = lists()
  archive.add(entry('identified', { id: 'new', formerId: 'old', subject: 'ann', formerSubject: 'bob' }))
  for (const asked of ['new', 'old', 'ann', 'bob']) t.same(events(await archive.find(asked)), ['identified new 1'])
  for (const asked of ['eve', 'undefined', 'cart', '']) t.same(events(await archive.find(asked)), [])
  archive.add(entry('destroyed', { id: 'new', subject: 'new' }))
  t.same(events(await archive.find('new')), ['identified new 1', 'destroyed new 1'], 'and once by what is both')
})

t.test('what ended all sessions, and cookies that do not tell whose they are, are found by everybody', async (t) => {
  const { archive } = lists()
  archive.add(entry('cleared'))
  archive.add(entry('refused', { problem: 'malformed' }))
  archive.add(entry('refused', { problem: 'schema', id: 'one' }))
  t.same(events(await archive.find('eve')), ['cleared undefined 1', 'refused undefined 1'])
  t.same(events(await archive.find('one')), ['refused one 1', 'cleared undefined 1', 'refused undefined 1'])
})

t.test('what is said again is counted, and stands where it was said last', async (t) => {
  for (const archive of [lists().archive, new Ring(10)]) {
    archive.add(entry('refused', { id: 'one', problem: 'schema' }))
    archive.add(entry('destroyed', { id: 'one' }))
    archive.add(entry('destroyed', { id: 'one' }))
    archive.add(entry('refused', { id: 'one', problem: 'schema', times: 2, at: 9 }))
    archive.add(entry('refused', { id: 'one', problem: 'newer' }))
    const found = await archive.find('one')
    t.same([...events(found)].sort(), ['destroyed one 1', 'destroyed one 1', 'refused one 1', 'refused one 3'])
    t.same(found.find(({ times }) => times === 3)?.at, 9)
  }
  const { archive } = lists()
  archive.add(entry('refused', { id: 'one', problem: 'schema' }))
  archive.add(entry('destroyed', { id: 'one' }))
  await archive.find('one')
  archive.add(entry('refused', { id: 'one', problem: 'schema' }))
  t.same(events(await archive.find('one')), ['destroyed one 1', 'refused one 2'], 'also beside what is stored')
})

t.test('a list holds the newest fifty', async (t) => {
  const { archive, store } = lists()
  for (let n = 0; n < 60; n++) archive.add(entry('destroyed', { id: 'one', at: n }))
  const found = await archive.find('one')
  t.same([found.length, found[0]?.at, found.at(-1)?.at], [50, 10, 59])
  for (let n = 60; n < 70; n++) archive.add(entry('destroyed', { id: 'one', at: n }))
  await archive.close()
  const stored = JSON.parse((await store.read(idOf('one')))?.text as string)
  t.same([stored.length, stored[0].at], [50, 20])
})

t.test('lists that wait to be written are given up beyond a thousand, the oldest first', async (t) => {
  const { archive } = lists()
  for (let n = 0; n < 1000; n++) archive.add(entry('destroyed', { id: `id ${n}` }))
  archive.add(entry('destroyed', { id: 'id 1' }))
  archive.add(entry('destroyed', { id: 'one more' }))
  t.same(events(await archive.find('id 0')), [])
  t.same(events(await archive.find('id 1')), ['destroyed id 1 1', 'destroyed id 1 1'])
  t.same(events(await archive.find('one more')), ['destroyed one more 1'])
  for (let n = 0; n < 1000; n++) archive.add(entry('evicted', { id: `id ${n}` }))
  t.same(events(await archive.find('id 0')), ['evicted id 0 1'], 'a thousand have room')
})

t.test('what is no list of entries counts as none, and each entry is looked at', async (t) => {
  const sound = { event: 'destroyed', at: 1, times: 1, id: 'one' }
  for (const [stored, expected] of [
    ['no JSON', []],
    ['{"event":"destroyed"}', []],
    ['"text"', []],
    [JSON.stringify([sound]), ['destroyed one 1']],
    [JSON.stringify([null, 'text', [], {}, sound, { ...sound, event: 1 }]), ['destroyed one 1']],
    [
      JSON.stringify([
        { ...sound, at: 'now' },
        { ...sound, times: '1' },
        { ...sound, at: undefined }
      ]),
      []
    ]
  ] as const) {
    const { archive, store } = lists()
    await store.create(idOf('one'), stored, Date.now() + 60_000)
    t.same(events(await archive.find('one')), expected, stored)
    archive.add(entry('evicted', { id: 'one' }))
    t.same(events(await archive.find('one')), [...expected, 'evicted one 1'])
  }
})

t.test('a store that is down is told once, and again once it had come back', async (t) => {
  const memory = memoryStore()
  let isDown = true
  const down = new Error('down')
  const { read } = memory
  const reading = (id: string) => (isDown ? Promise.reject(down) : read.call(memory, id))
  const { archive, lines } = lists(Object.assign(memory, { read: reading, readMany: undefined }) as RecordStore)
  const note = async () => {
    archive.add(entry('destroyed', { id: 'one' }))
    await archive.close()
  }
  await note()
  await note()
  const line = [{ err: down }, 'the history of sessions could not be kept: its store failed']
  t.same(lines, [line])
  isDown = false
  await note()
  isDown = true
  await note()
  t.same(lines, [line, line])
})

t.test('what is kept in memory takes the places of the oldest, which are then counted anew', async (t) => {
  const ring = new Ring(3)
  const refused = (id: string) => ring.add(entry('refused', { id, problem: 'schema' }))
  const found = async () => events(await ring.find())
  t.same(await found(), [])
  refused('a')
  refused('b')
  refused('a')
  t.same(await found(), ['refused a 2', 'refused b 1'])
  ring.add(entry('destroyed', { id: 'a' }))
  ring.add(entry('destroyed', { id: 'a' }))
  t.same(await found(), ['refused b 1', 'destroyed a 1', 'destroyed a 1'])
  refused('a')
  t.same(await found(), ['destroyed a 1', 'destroyed a 1', 'refused a 1'], 'what was dropped counts no longer')
  refused('a')
  refused('b')
  ring.add(entry('destroyed', { id: 'c' }))
  t.same(await found(), ['refused a 2', 'refused b 1', 'destroyed c 1'])
})
