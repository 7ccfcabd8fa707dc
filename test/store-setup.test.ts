import { mock } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Test, test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, StoreConfigError } from '../lib/index.js'
import type { SessionsOptions } from '../types/options.js'
import type { RecordStore } from '../types/store.js'
import { Client, gate, KEY } from './client.js'
import { exactly } from './exactly.js'
import { eventually } from './servers/eventually.js'

const visitor = { store: 'main', schema: z.object({ visits: z.number().default(0) }) }

test('a store whose set-up never ends is told by its name before Fastify gives up', async (t) => {
  const stuck = withSetup(() => new Promise(() => {}))
  await t.rejects(started(appWith(t, stuck)), {
    code: 'FST_SESSIONS_STORE_CONFIG',
    message: exactly(
      'store "main": could not be set up at db.example:5432: main store: no answer within 2400 ms. Does its server run, and is the address right, and what the app signs in with? To start without it, and answer requests for its sessions with 503 until it is there: startWithout: ["main"]'
    )
  })
})

test('where Fastify waits for ever, a store has as long for its set-up as Fastify usually gives', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const asked = gate()
  const stuck = withSetup(() => {
    asked.open()
    return new Promise(() => {})
  })
  let told: string | undefined
  const starting = started(appWith(t, stuck, {}, [], 0)).catch(({ message }) => {
    told = message
  })
  await asked.opened
  mock.timers.tick(7999)
  await new Promise(setImmediate)
  t.equal(told, undefined)
  mock.timers.tick(1)
  await starting
  t.equal(
    told?.slice(0, told.indexOf('. ')),
    'store "main": could not be set up at db.example:5432: main store: no answer within 8000 ms'
  )
})

test('a store that can not be reached is told with its address, and what to do', async (t) => {
  const cause = new Error('connect ECONNREFUSED')
  const down = withSetup(() => Promise.reject(cause))
  await t.rejects(started(appWith(t, down)), {
    code: 'FST_SESSIONS_STORE_CONFIG',
    message: /^store "main": could not be set up at db\.example:5432: connect ECONNREFUSED\. Does its server run/,
    cause
  })
})

test('an app that may start without a store answers 503 until it is set up, and then as ever', async (t) => {
  let isUp = false
  const store = withSetup(async () => {
    if (!isUp) throw new Error('connect ECONNREFUSED')
  })
  const log: string[] = []
  for (const startWithout of [['main'], true] as const) {
    isUp = false
    log.length = 0
    const app = appWith(t, store, { startWithout }, log)
    await app.ready()
    t.match(log, [/"level":40.*session store \\"main\\": the app starts without it/])
    const client = new Client(app)
    const down = await client.get('/visit')
    t.equal(down.statusCode, 503)
    t.equal((await client.get('/health')).statusCode, 200, 'all else goes on')
    isUp = true
    await eventually(async () => (await client.get('/visit')).statusCode === 200)
    t.match(log.at(-1), /"level":30.*session store \\"main\\": it is set up now/)
    t.same(await client.json('/visit'), { visits: 2 })
  }
})

test('a store that is not as it has to be stops the start, whether or not the app may start without it', async (t) => {
  const misfit = new StoreConfigError('postgres', 'there is a table of that name already')
  for (const startWithout of [[], ['main']] as const) {
    const app = appWith(
      t,
      withSetup(() => Promise.reject(misfit)),
      { startWithout }
    )
    await t.rejects(started(app), misfit)
  }
})

test('an app that is closed does not try any more', async (t) => {
  let attempts = 0
  const store = withSetup(async () => {
    attempts++
    throw new Error('connect ECONNREFUSED')
  })
  const app = appWith(t, store, { startWithout: true })
  await app.ready()
  await eventually(async () => attempts === 2)
  await app.close()
  const ended = attempts
  t.equal(ended, 2)
})

test('what startWithout names has to be a record store', async (t) => {
  for (const name of ['mian', 'cookie']) {
    await t.rejects(started(appWith(t, memoryStore(), { startWithout: [name as 'main'] })), {
      code: 'FST_SESSIONS_CONFIG',
      message: exactly(`startWithout: store: "${name}" is not a record store; there are main`)
    })
  }
  await t.rejects(started(appWith(t, memoryStore(), { startWithout: 'main' as never })), {
    message: exactly('startWithout: expected true, or an array of names of stores')
  })
})

function withSetup(setup: () => Promise<void>): RecordStore {
  const store = Object.assign(memoryStore(), { capabilities: undefined })
  return Object.assign(store, { setup, address: async () => 'db.example:5432' })
}

function appWith(
  t: Test,
  main: RecordStore,
  options: Pick<SessionsOptions<{ main: RecordStore }>, 'startWithout'> = {},
  log: string[] = [],
  pluginTimeout = 3000
): FastifyInstance {
  const app = Fastify({ pluginTimeout, logger: { level: 'info', stream: { write: (line) => log.push(line) } } })
  t.teardown(() => app.close())
  app.register(sessions, { keys: [KEY], stores: { main }, sessions: { visitor }, ...options } as SessionsOptions)
  app.get('/health', { logLevel: 'silent' }, async () => 'ok')
  app.get('/visit', { logLevel: 'silent' }, async (request) => ({
    visits: request.session(visitor).update('visits', (visits) => visits + 1)
  }))
  return app
}

async function started(app: FastifyInstance): Promise<void> {
  await app.ready()
}
