import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import type { Definition } from '../types/options.js'
import { buildApp, Client, gate } from './client.js'

const schema = z.object({
  n: z.number().default(0),
  list: z.array(z.string()).default([]),
  note: z.string().optional()
})

async function start(t: Parameters<typeof buildApp>[0], definition: Partial<Definition> = {}) {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { it: { store: 'memory', schema, flash: { notice: z.string() }, ...definition } }
  })
  app.get('/start', async (request) => request.session('it').set('n', 1).isDirty)
  app.get('/data', async (request) => request.session('it').data)
  return { app, client: new Client(app) }
}

t.test('an update that returns nothing is an error, and what was there stays', async (t) => {
  const { app, client } = await start(t)
  app.get('/forgotten', async (request) => {
    request.session('it').update('list', ((list: string[]) => {
      list.push('in place')
    }) as never)
  })
  app.get('/optional', async (request) => {
    request.session('it').update('note', (() => undefined) as never)
  })
  await client.get('/start')
  const forgotten = await client.get('/forgotten')
  t.equal(forgotten.statusCode, 500)
  t.match(forgotten.json(), {
    code: 'FST_SESSIONS_INVALID_VALUE',
    message:
      'session "it": list: the function given to update() returned undefined: return the new value, or call delete() to remove it'
  })
  t.match((await client.get('/optional')).json(), { code: 'FST_SESSIONS_INVALID_VALUE' })
  t.same(await client.json('/data'), { n: 1, list: [] })
})

t.test(
  'an update that returns nothing when it runs again on newer data is an error, and the newer data stays',
  async (t) => {
    const { app, client } = await start(t)
    const first = gate()
    const loaded = gate()
    app.get('/slow', async (request) => {
      request.session('it').update('n', ((n: number) => (n === 1 ? 2 : undefined)) as never)
      loaded.open()
      await first.opened
    })
    app.get('/fast', async (request) => request.session('it').set('n', 7).isDirty)
    await client.get('/start')
    const slow = client.get('/slow')
    await loaded.opened
    await client.get('/fast')
    first.open()
    const answer = await slow
    t.equal(answer.statusCode, 500)
    t.match(answer.json(), {
      code: 'FST_SESSIONS_SAVE',
      message: /"it": n: the function given to update\(\) returned undefined/
    })
    t.same(await client.json('/data'), { n: 7, list: [] })
  }
)

t.test('keys that are not strings are refused by whatever takes a key', async (t) => {
  const { app, client } = await start(t, { schema: z.looseObject({ n: z.number().default(0) }) })
  const key = Symbol('user') as never
  app.get('/:call', async (request) => {
    const it = request.session('it')
    const { call } = request.params as { call: string }
    if (call === 'get') it.get(key)
    if (call === 'has') it.has(key)
    if (call === 'set') it.set(key, 1 as never)
    if (call === 'update') it.update(key, (() => 1) as never)
    if (call === 'delete') it.delete(key)
    if (call === 'flash') it.flash(key, 'text' as never)
    if (call === 'flashes') it.flashes(key)
    if (call === 'peek') it.peek(key)
    if (call === 'number') it.get(1 as never)
  })
  for (const call of ['get', 'has', 'set', 'update', 'delete', 'flash', 'flashes', 'peek']) {
    const answer = await client.get(`/${call}`)
    t.match(
      answer.json(),
      {
        code: 'FST_SESSIONS_INVALID_VALUE',
        message: 'session "it": Symbol(user): keys are strings, got symbol'
      },
      call
    )
  }
  t.match((await client.get('/number')).json(), { message: 'session "it": 1: keys are strings, got number' })
})
