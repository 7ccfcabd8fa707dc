import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { memoryStore } from '../../lib/index.js'
import { Watches } from '../../lib/load/watches.js'
import type { ClearMarker } from '../../lib/records/clear-marker.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { gate } from '../client.js'
import { definitionsOn, quietLog } from './visits.js'

const INTERVAL = 1000

/** Sessions that are watched on a store that counts how often it is asked, and can be stopped, by a clock of the test. */
function watching(t: Test) {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const memory = memoryStore()
  const asked = { reads: 0, markers: 0 }
  const state: { failure?: Error | undefined; going?: Promise<void> | undefined } = {}
  const read = async (id: string) => {
    asked.reads++
    await state.going
    if (state.failure !== undefined) throw state.failure
    return memory.read(id)
  }
  const store = Object.assign(memoryStore(), { read, readMany: undefined })
  const { kept } = definitionsOn(store as never)
  const lines: unknown[] = []
  const marker = { isDue: () => false, clearedAt: 0, ask: async () => void asked.markers++ }
  const watches = new Watches(INTERVAL, () => marker as unknown as ClearMarker, quietLog(lines))
  t.teardown(() => watches.stop())
  const begin = () => {
    const id = storeId(newSecret())
    const now = Date.now()
    memory.create(id, JSON.stringify({ c: now - 1000 }), now + 3_600_000)
    const [signal, end] = watches.add(kept, () => id)
    return { signal, end, signOut: () => memory.remove(id) }
  }
  /** Lets time pass, and what begins by that come to its end. */
  const pass = async (ms: number) => {
    mock.timers.tick(ms)
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  }
  return { watches, begin, pass, asked, state, lines }
}

t.test('a session that is watched is looked at after each interval, and its end is told', async (t) => {
  const { begin, pass, asked } = watching(t)
  const { signal, signOut } = begin()
  await pass(INTERVAL - 1)
  t.equal(asked.reads, 0)
  await pass(1)
  t.equal(asked.reads, 1)
  await pass(INTERVAL)
  t.equal(asked.reads, 2)
  t.equal(signal.aborted, false)
  signOut()
  await pass(INTERVAL)
  t.equal(signal.reason.message, 'session "kept" has ended while it was watched: gone')
  await pass(INTERVAL)
  t.same(asked, { reads: 3, markers: 0 }, 'it is not watched any more, and no marker was due')
})

t.test('whoever does not watch any more takes nothing from the others', async (t) => {
  const { begin, pass, asked } = watching(t)
  const [one, other] = [begin(), begin()]
  one.end()
  one.signOut()
  other.signOut()
  await pass(INTERVAL)
  t.same([one.signal.aborted, other.signal.aborted, asked.reads], [false, true, 1])
})

t.test('an interval begins with the end of a look, also of one at once', async (t) => {
  const { watches, begin, pass, asked, state } = watching(t)
  begin()
  await pass(600)
  await watches.look()
  await pass(600)
  t.equal(asked.reads, 1)
  await pass(400)
  t.equal(asked.reads, 2)
  const { opened, open } = gate()
  state.going = opened
  await pass(INTERVAL)
  t.equal(asked.reads, 3)
  begin()
  await pass(5 * INTERVAL)
  t.equal(asked.reads, 3, 'one look after the other')
  open()
  await pass(0)
  await pass(INTERVAL)
  t.equal(asked.reads, 5, 'both sessions')
})

t.test('once the app closes nothing is asked any more', async (t) => {
  const { watches, begin, pass, asked } = watching(t)
  const { signal, signOut } = begin()
  watches.stop()
  signOut()
  await pass(INTERVAL)
  await watches.look()
  t.same([signal.aborted, asked.reads], [false, 0])
})

t.test('a store that fails is told of with its error, once each time that it begins to', async (t) => {
  const { begin, pass, state, lines } = watching(t)
  const { signal } = begin()
  const [first, second] = [new Error('out of order'), new Error('out of order again')]
  for (const failure of [first, first, undefined, second]) {
    state.failure = failure
    await pass(INTERVAL)
  }
  const message = 'a session store failed: whether sessions that are watched have ended is not known'
  t.same(lines, [
    ['warn', { err: first }, message],
    ['warn', { err: second }, message]
  ])
  t.equal(signal.aborted, false)
})
