import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { buildApp } from './client.js'

const sessions = { a: { store: 'it', schema: z.object({}) } }

/** Timers that run when the test lets their time pass, in ms, and what they begin has time to end. */
function timers(t: Test): (ms: number) => Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  return async (ms) => {
    mock.timers.tick(ms)
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  }
}

/** Makes chance choose the earliest moment, or the latest. */
function chance(t: Test, value: number): void {
  const { random } = Math
  Math.random = () => value
  t.teardown(() => {
    Math.random = random
  })
}

t.test('stores are set up before the app is ready, swept while it runs, and closed with it', async (t) => {
  const calls: string[] = []
  let signal: AbortSignal | undefined
  let sweeps = 0
  const store = Object.assign(memoryStore(), {
    setup: async () => void calls.push('setup'),
    close: async () => void calls.push('close'),
    sweep: async (options?: { signal?: AbortSignal }) => {
      signal = options?.signal
      if (++sweeps === 2) throw new Error('the disk is gone')
      return sweeps - 1
    }
  })
  const log: { msg?: string; removed?: number; level?: number; err?: { message: string } }[] = []
  const app = await buildApp(t, { stores: { it: store }, sessions, sweepInterval: 60 }, log)
  const pass = timers(t)
  chance(t, 0)
  await app.ready()
  t.same(calls, ['setup'])
  await pass(44_999)
  t.equal(sweeps, 0)
  await pass(1)
  t.equal(sweeps, 1)
  await pass(45_000)
  t.equal(sweeps, 2)
  await pass(45_000)
  t.equal(sweeps, 3, 'the next one comes, although one failed')
  t.same(
    log
      .filter(({ level, msg }) => level === 50 || msg?.includes('swept'))
      .map(({ level, msg, err }) => [level, msg?.replace(/[\d.]+ ms/, '… ms'), err?.message]),
    [
      [50, 'expired sessions could not be swept', 'the disk is gone'],
      [20, 'sessions: 2 expired records swept, … ms (it)', undefined]
    ],
    'that nothing was swept is no line of the log'
  )
  t.equal(signal?.aborted, false)
  await app.close()
  t.same(calls, ['setup', 'close'])
  t.equal(signal?.aborted, true)
  await pass(3_600_000)
  t.equal(sweeps, 3)
})

t.test('sweeps come by chance somewhat later, too, and every ten minutes if nothing is said', async (t) => {
  let sweeps = 0
  const store = Object.assign(memoryStore(), { sweep: async () => ++sweeps })
  const app = await buildApp(t, { stores: { it: store }, sessions })
  const pass = timers(t)
  chance(t, 1)
  await app.ready()
  await pass(749_999)
  t.equal(sweeps, 0)
  await pass(1)
  t.equal(sweeps, 1)
})

t.test('who closes the app while a sweep runs waits for it, and what it says then is not told', async (t) => {
  const log: { msg?: string }[] = []
  const order: string[] = []
  const store = Object.assign(memoryStore(), {
    sweep: ({ signal }: { signal: AbortSignal }) =>
      new Promise<number>((_, reject) => {
        signal.addEventListener('abort', () => {
          order.push('swept')
          reject(new Error('aborted'))
        })
      }),
    close: async () => void order.push('closed')
  })
  const app = await buildApp(t, { stores: { it: store as never }, sessions, sweepInterval: 60 }, log)
  const pass = timers(t)
  await app.ready()
  await pass(75_000)
  await app.close()
  t.same(order, ['swept', 'closed'])
  t.notOk(log.some(({ msg }) => msg?.startsWith('expired')))
})

t.test('sweeping can be switched off', async (t) => {
  let sweeps = 0
  const store = Object.assign(memoryStore(), { sweep: async () => ++sweeps })
  const app = await buildApp(t, { stores: { it: store }, sessions: {}, sweepInterval: 0 })
  const pass = timers(t)
  await app.ready()
  await pass(24 * 3_600_000)
  t.equal(sweeps, 0)
})
