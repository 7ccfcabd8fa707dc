import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { buildApp, until } from './client.js'

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
      return sweeps
    }
  })
  const log: { msg?: string; removed?: number; level?: number }[] = []
  const app = await buildApp(
    t,
    { stores: { it: store }, sessions: { a: { store: 'it', schema: z.object({}) } }, sweepInterval: 0.01 },
    log
  )
  await app.ready()
  t.same(calls, ['setup'])
  await until(() => sweeps >= 3)
  t.match(
    log.find(({ removed }) => removed === 1),
    { msg: 'expired sessions were swept' }
  )
  t.ok(
    log.some(({ msg, level }) => level === 50 && msg === 'expired sessions could not be swept'),
    'a failed sweep is logged, and the next one comes'
  )
  await app.close()
  t.same(calls, ['setup', 'close'])
  t.equal(signal?.aborted, true)
  const after = sweeps
  await new Promise((resolve) => setTimeout(resolve, 40))
  t.equal(sweeps, after)
})

t.test('sweeping can be switched off', async (t) => {
  let sweeps = 0
  const store = Object.assign(memoryStore(), { sweep: async () => ++sweeps })
  const app = await buildApp(t, { stores: { it: store }, sessions: {}, sweepInterval: 0 })
  await app.ready()
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.equal(sweeps, 0)
})
