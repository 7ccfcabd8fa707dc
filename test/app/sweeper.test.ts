import type { FastifyBaseLogger } from 'fastify'
import t, { type Test } from 'tap'
import { Sweeper } from '../../lib/app/sweeper.js'
import { AppTelling } from '../../lib/app/telling.js'
import type { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { timers } from './timers.js'

type Told = readonly [kind: string, about: Readonly<Record<string, unknown>>]

/** What is told of the events of an app, and the lines of its log. */
function listening() {
  const told: Told[] = []
  const log: unknown[] = []
  const logger = { error: (...line: unknown[]) => void log.push(line) } as unknown as FastifyBaseLogger
  const events = { tell: (kind: string, _log: unknown, about: Told[1]) => void told.push([kind, about]) }
  return { told, log, logger, telling: new AppTelling(events as unknown as AppEvents, logger) }
}

/** Makes the clock of durations stand at this time, in ms. */
function at(t: Test, ms: number): void {
  const { now } = performance
  performance.now = () => ms
  t.teardown(() => {
    performance.now = now
  })
}

function sweeping(removed: () => Promise<number> = async () => 1) {
  let sweeps = 0
  const store: RecordStore = Object.assign(memoryStore(), {
    sweep: () => {
      sweeps++
      return removed()
    }
  })
  return { store, count: () => sweeps }
}

t.test('a store with several names is swept once, and by the first of them', async (t) => {
  const waiting = timers(t)
  const { told, telling, logger } = listening()
  const [one, other] = [sweeping(), sweeping()]
  const stores = new Map([
    ['plain', { ...memoryStore(), sweep: undefined } as unknown as RecordStore],
    ['one', one.store],
    ['again', one.store],
    ['other', other.store]
  ])
  const sweeper = new Sweeper(60, logger, telling)
  sweeper.start(stores)
  t.equal(waiting.delays.length, 1)
  await waiting.run()
  t.same([one.count(), other.count()], [1, 1])
  t.same(
    told.map(([kind, { store, removed }]) => [kind, store, removed]),
    [
      ['swept', 'one', 1],
      ['swept', 'other', 1]
    ]
  )
  t.equal(waiting.delays.length, 1, 'the next time waits')
  const swept = waiting.run()
  await sweeper.stop()
  await swept
  t.same([one.count(), other.count()], [2, 2], 'what runs already runs to its end')
  t.equal(waiting.delays.length, 0, 'and nothing waits behind it')
})

t.test('where nothing is to be swept, or never, nothing waits', async (t) => {
  const waiting = timers(t)
  const { telling, logger } = listening()
  const { store } = sweeping()
  const plain = { ...memoryStore(), sweep: undefined } as unknown as RecordStore
  new Sweeper(60, logger, telling).start(new Map([['plain', plain]]))
  new Sweeper(60, logger, telling).start(new Map())
  new Sweeper(0, logger, telling).start(new Map([['it', store]]))
  t.equal(waiting.delays.length, 0)
})

t.test('a sweep that fails is logged, told with its code, and tried again', async (t) => {
  at(t, 5)
  const waiting = timers(t)
  const { told, log, telling, logger } = listening()
  const error = Object.assign(new Error('the disk is gone'), { code: 'EIO' })
  const { store } = sweeping(() => Promise.reject(error))
  new Sweeper(60, logger, telling).start(new Map([['it', store]]))
  await waiting.run()
  t.same(log, [[{ err: error }, 'expired sessions could not be swept']])
  const nobody = { session: undefined, id: undefined, request: undefined }
  t.strictSame(told, [['failed', { store: 'it', ...nobody, duration: 0, operation: 'sweep', code: 'EIO' }]])
  t.equal(waiting.delays.length, 1)
})

t.test('what is told of an app has its times, and no request', async (t) => {
  at(t, 700)
  const { told, telling } = listening()
  telling.swept('it', 3, 500)
  telling.cleared(42, 600)
  telling.sweepFailed('it', new Error('down'), 650)
  const ended = telling.revocation('it', 'ada')
  performance.now = () => 710
  ended('an id', 'login')
  ended('another', undefined)
  let evict = (_id: string) => {}
  const evicting = Object.assign(memoryStore(), {
    onEvict: (listener: typeof evict) => {
      evict = listener
    }
  })
  telling.watchEvictions(
    new Map<string, RecordStore>([
      ['plain', { ...memoryStore(), onEvict: undefined } as unknown as RecordStore],
      ['it', evicting]
    ])
  )
  evict('an id')
  const revoked = { store: 'it', subject: 'ada', request: undefined, duration: 10, by: 'revoke' }
  t.strictSame(told, [
    ['swept', { store: 'it', duration: 200, removed: 3 }],
    ['cleared', { store: undefined, duration: 100, clearedAt: 42 }],
    [
      'failed',
      {
        store: 'it',
        session: undefined,
        id: undefined,
        request: undefined,
        duration: 50,
        operation: 'sweep',
        code: 'Error'
      }
    ],
    ['revoked', { ...revoked, session: 'login', id: 'an id' }],
    ['revoked', { ...revoked, session: undefined, id: 'another' }],
    ['evicted', { store: 'it', id: 'an id' }]
  ])
})
