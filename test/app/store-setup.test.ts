import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { StoreSetup } from '../../lib/app/store-setup.js'
import { memoryStore, type RecordStore, StoreConfigError } from '../../lib/index.js'
import { timers, turns } from './timers.js'

const down = new Error('connect ECONNREFUSED')
const misfit = new StoreConfigError('mysql', 'it is too old')
const remedy =
  'Does its server run, and is the address right, and what the app signs in with? To start without it, and answer requests for its sessions with 503 until it is there: startWithout: ["main"]'

/** The set-up of an app's stores, the lines of its log, and a store whose set-up fails or not as the test says. */
function settingUp(options: { readonly address?: unknown } = {}) {
  const log: unknown[] = []
  const line =
    (level: string) =>
    (...told: unknown[]) =>
      void log.push([level, ...told])
  const logger = { info: line('info'), warn: line('warn'), error: line('error') } as unknown as FastifyBaseLogger
  const state: { fault: Error | undefined; attempts: number } = { fault: undefined, attempts: 0 }
  const store = Object.assign(memoryStore(), options, {
    setup: async () => {
      state.attempts++
      if (state.fault !== undefined) throw state.fault
    }
  }) as RecordStore
  return { log, state, store, setup: new StoreSetup(0, logger) }
}

const refusal = (where = '') => `store "main": could not be set up${where}: connect ECONNREFUSED. ${remedy}`

t.test('a store that can not be reached is refused with its address, as far as it can be told', async (t) => {
  for (const [address, where] of [
    [undefined, ''],
    [() => undefined, ''],
    [() => 'db.example:5432', ' at db.example:5432'],
    [async () => 'db.example:5432', ' at db.example:5432'],
    [() => Promise.reject(new Error('unknown')), '']
  ] as const) {
    const { state, store, setup } = settingUp({ address })
    state.fault = down
    const { code, message, cause } = await setup.run('main', store).catch((error) => error)
    t.same([code, message, cause], ['FST_SESSIONS_STORE_CONFIG', refusal(where), down])
    t.equal(state.attempts, 1)
  }
})

t.test('a store that is not as it has to be is refused with its own words', async (t) => {
  const { state, store, setup, log } = settingUp()
  state.fault = misfit
  t.equal(await setup.run('main', store).catch((error) => error), misfit)
  t.equal(await setup.runOrRetry('main', store).catch((error) => error), misfit)
  t.same(log, [])
  await t.resolves(setup.run('main', memoryStore()), 'a store without a set-up is ready')
})

t.test('an app that starts without a store tries again after ever longer pauses, until it is there', async (t) => {
  const waiting = timers(t)
  const { state, store, setup, log } = settingUp()
  state.fault = down
  await setup.runOrRetry('main', store)
  const [line] = log as [[string, { err: Error }, string]]
  t.equal(line[1].err.message, refusal())
  t.equal(line[1].err.cause, down)
  t.strictSame(log.splice(0), [
    ['warn', { store: 'main', err: line[1].err }, 'session store "main": the app starts without it']
  ])
  for (const pause of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    t.same(waiting.delays, [pause])
    await waiting.run()
  }
  t.same(log, [], 'that was told already')
  state.fault = misfit
  await waiting.run()
  t.strictSame(log.splice(0), [['error', { store: 'main', err: misfit }, 'session store "main" can\'t be used']])
  t.same(waiting.delays, [30_000], 'until somebody acts')
  state.fault = undefined
  await waiting.run()
  t.strictSame(log, [['info', { store: 'main' }, 'session store "main": it is set up now']])
  t.same(waiting.delays, [])
  t.equal(state.attempts, 10)
})

t.test('an app that is closed tries no more, not even after an attempt that is under way', async (t) => {
  const waiting = timers(t)
  const first = settingUp()
  first.state.fault = down
  await first.setup.runOrRetry('main', first.store)
  t.same(waiting.delays, [1000])
  first.setup.stop()
  t.same(waiting.delays, [])

  const second = settingUp()
  second.state.fault = down
  await second.setup.runOrRetry('main', second.store)
  const retried = waiting.run()
  second.setup.stop()
  await retried
  await turns()
  t.equal(second.state.attempts, 2)
  t.same(waiting.delays, [])
})
