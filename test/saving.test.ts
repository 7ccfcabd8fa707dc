import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import { buildApp, Client } from './client.js'
import { exactly } from './exactly.js'

const schema = z.object({
  n: z.number().default(0),
  list: z.array(z.string()).default([]),
  any: z.any().optional(),
  a: z.string().optional()
})

/** A store that takes its time, so that saves overlap with what comes after them. */
function slow(): RecordStore & { broken: boolean } {
  const engine = memoryStore()
  const store = { ...engine, broken: false } as RecordStore & { broken: boolean }
  for (const method of ['read', 'create', 'update', 'touch', 'remove', 'readMany', 'saveMany'] as const) {
    const original = engine[method] as (...args: unknown[]) => Promise<unknown>
    Object.assign(store, {
      [method]: async (...args: unknown[]) => {
        await new Promise(setImmediate)
        if (store.broken) throw new Error('connection refused')
        return original.apply(engine, args)
      }
    })
  }
  return store
}

async function app(t: Parameters<typeof buildApp>[0], definition = {}) {
  const store = slow()
  const app = await buildApp(t, {
    stores: { slow: store },
    sessions: { it: { store: 'slow', schema, flash: { notice: z.string() }, ...definition } }
  })
  app.get('/start', async (request) => request.session('it').set('a', 'start').isDirty)
  app.get('/get', async (request) => request.session('it').data)
  app.get('/peek', async (request) => request.session('it').peek())
  return { app, store, client: new Client(app) }
}

const add = (n: unknown) => (n as number) + 1

t.test('what is changed while a save is under way is saved by the next one, once', async (t) => {
  const { app: server, client } = await app(t)
  server.get('/overlap', async (request) => {
    const it = request.session('it')
    const saves: Promise<void>[] = []
    for (let message = 0; message < 5; message++) {
      it.update('n', add)
      it.flash('notice', `message ${message}`)
      saves.push(it.save())
    }
    await Promise.all(saves)
    return it.isDirty
  })
  await client.get('/start')
  t.equal((await client.get('/overlap')).body, 'false')
  t.hasStrict(await client.json('/get'), { n: 5, a: 'start' })
  t.hasStrict(await client.json('/peek'), { notice: ['message 0', 'message 1', 'message 2', 'message 3', 'message 4'] })
})

t.test('overlapping saves of two connections lose nothing of either', async (t) => {
  const { app: server, client } = await app(t)
  server.get('/messages', async (request) => {
    const it = request.session('it')
    const saves: Promise<void>[] = []
    for (let message = 0; message < 10; message++) {
      it.update('n', add)
      saves.push(it.save())
      await new Promise(setImmediate)
    }
    await Promise.all(saves)
  })
  await client.get('/start')
  await Promise.all([client.get('/messages'), client.get('/messages'), client.get('/messages')])
  t.hasStrict(await client.json('/get'), { n: 30 })
})

t.test('objects are watched on after they were saved, those that were set too', async (t) => {
  const { app: server, client } = await app(t)
  server.get('/watch', async (request) => {
    const it = request.session('it')
    it.set('list', ['set']).set('any', { deep: [1] })
    const mine = it.get('list') as string[]
    await it.save()
    const clean = it.isDirty
    const saving = it.save()
    mine.push('after')
    ;(it.get('any') as { deep: number[] }).deep.push(2)
    await saving
    return [clean, it.isDirty]
  })
  await client.get('/start')
  t.same(await client.json('/watch'), [false, true])
  t.same(await client.json('/get'), { n: 0, a: 'start', list: ['set', 'after'], any: { deep: [1, 2] } })
})

t.test('what is changed within an object during a save is saved by the next one', async (t) => {
  const { app: server, client } = await app(t)
  server.get('/within', async (request) => {
    const it = request.session('it')
    it.set('list', ['before']).set('any', ['before'])
    const objects = it.data as { list: string[]; any: string[] }
    for (const change of ['during', 'during the next']) {
      const saving = it.save()
      for (const object of [objects.list, objects.any]) object.push(change)
      await saving
    }
  })
  await client.get('/start')
  await client.get('/within')
  const all = ['before', 'during', 'during the next']
  t.hasStrict(await client.json('/get'), { list: all, any: all })
})

t.test('a clear and a set during a save are done after it', async (t) => {
  const { app: server, client } = await app(t)
  server.get('/clear', async (request) => {
    const it = request.session('it')
    it.set('a', 'first').update('n', add)
    const saving = it.save()
    it.clear().set('list', ['after'])
    await saving
  })
  await client.get('/start')
  await client.get('/clear')
  t.same(await client.json('/get'), { n: 0, list: ['after'] })
})

t.test('a save that failed is made good by the next one', async (t) => {
  const { app: server, store, client } = await app(t)
  server.get('/retry', async (request) => {
    const it = request.session('it')
    it.update('n', add)
    store.broken = true
    const failed = await it.save().catch((error: Error) => error.message)
    store.broken = false
    it.update('n', add)
    await it.save()
    return failed
  })
  await client.get('/start')
  t.match((await client.get('/retry')).body, /could not save session "it": its store failed/)
  t.hasStrict(await client.json('/get'), { n: 2 })
})

t.test('a session that is loaded twice at once is one session', async (t) => {
  const { app: server, client } = await app(t, { load: 'manual' })
  server.get('/load', async (request) => {
    const it = request.session('it')
    const [one, two] = await Promise.all([it.load(), it.load()])
    one.set('a', 'loaded')
    return one === two && two.get('a')
  })
  server.get('/set', async (request) => (await request.session('it').load()).update('n', add))
  server.get('/read', async (request) => (await request.session('it').load()).data)
  await client.get('/set')
  t.equal((await client.get('/load')).body, 'loaded')
  t.hasStrict(await client.json('/read'), { n: 1, a: 'loaded' })
})

t.test('who signs out while the store is down is told that it did not work', async (t) => {
  const { app: server, store, client } = await app(t, { onStoreError: 'empty' })
  server.get('/out', async (request) => request.session('it').destroy())
  await client.get('/start')
  store.broken = true
  t.match((await client.get('/out')).json(), {
    statusCode: 503,
    code: 'FST_SESSIONS_SAVE',
    message: /can not be ended/
  })
  store.broken = false
  t.hasStrict(await client.json('/get'), { a: 'start' })
  await client.get('/out')
  t.equal(client.jar.size, 0)
})

t.test('a sign-out during a save ends what the save stored, on every store', async (t) => {
  const { app: server, client } = await app(t)
  server.sessions.define('sealed', { schema })
  server.get('/both', async (request) => {
    for (const name of ['it', 'sealed']) request.session(name).set('a', 'both')
    return request.session('it').id
  })
  server.get('/out', async (request) => {
    const sessions = ['it', 'sealed'].map((name) => request.session(name).set('n', 7))
    const saving = request.saveSessions()
    for (const session of sessions) session.destroy()
    const seen = sessions.map((session) => session.get('a') ?? null)
    await saving
    return seen
  })
  server.get('/again', async (request) => {
    const it = request.session('it').set('n', 7)
    const saving = it.save()
    it.destroy()
    it.set('a', 'again')
    await saving
    await it.save()
    return it.id
  })
  server.get('/problems', async (request) => ['it', 'sealed'].map((name) => request.session(name).problem ?? null))
  await client.get('/both')
  const copy = client.copy()
  t.same(await client.json('/out'), [null, null])
  t.equal(client.jar.size, 0, 'the browser forgets both')
  t.same(await copy.json('/problems'), ['gone', null], 'and the store the one that it held')
  const { body: id } = await client.get('/both')
  const old = client.copy()
  t.not((await client.get('/again')).body, id)
  t.hasStrict(await client.json('/get'), { n: 0, a: 'again' })
  t.same(await old.json('/problems'), ['gone', null])
})

t.test('flash messages that are taken, cleared or left while a save is under way stay so', async (t) => {
  const { app: server, client } = await app(t)
  server.get('/add/:message', async (request) => {
    request.session('it').flash('notice', (request.params as { message: string }).message)
  })
  server.get('/take-meanwhile', async (request) => {
    const it = request.session('it')
    it.update('n', add)
    it.flash('notice', 'saved')
    const saving = it.save()
    const taken = it.flashes('notice')
    it.flash('notice', 'after')
    await saving
    return [taken, it.peek('notice')]
  })
  server.get('/clear-meanwhile', async (request) => {
    const it = request.session('it').set('n', 5)
    const saving = it.save()
    it.clear()
    await saving
    return [it.data, it.peek()]
  })
  await client.get('/start')
  await client.get('/add/before')
  t.same(await client.json('/take-meanwhile'), [['before', 'saved'], ['after']])
  t.same(await client.json('/peek'), { notice: ['after'] })
  t.same(await client.json('/clear-meanwhile'), [{ n: 0, list: [] }, {}])
  t.same(await client.json('/peek'), {})
})

t.test('a new id that is asked for during a save is given after it', async (t) => {
  const { app: server, client } = await app(t, { grace: 0 })
  server.get('/id', async (request) => request.session('it').id)
  server.get('/in', async (request) => {
    const it = request.session('it').set('n', 7)
    const saving = it.save()
    it.regenerate().set('a', 'in')
    await saving
    return it.isDirty
  })
  server.get('/problem', async (request) => request.session('it').problem)
  await client.get('/start')
  const { body: id } = await client.get('/id')
  const old = client.copy()
  t.equal((await client.get('/in')).body, 'true')
  t.not((await client.get('/id')).body, id)
  t.hasStrict(await client.json('/get'), { n: 7, a: 'in' })
  t.equal((await old.get('/problem')).body, 'retired')
})

t.test('who a session belongs to can change during a save', async (t) => {
  const { app: server, client } = await app(t)
  server.get('/change/:user', async (request) => {
    const { user } = request.params as { user: string }
    const it = request.session('it').identify('ann')
    const saving = it.save()
    it.identify(user === 'nobody' ? null : user)
    await saving
  })
  server.get('/subject', async (request) => request.session('it').subject ?? 'nobody')
  for (const user of ['bob', 'nobody']) {
    await client.get('/start')
    await client.get(`/change/${user}`)
    t.equal((await client.get('/subject')).body, user)
    t.same((await server.sessions.of('ann')).length, 0)
    t.same((await server.sessions.of(user)).length, user === 'bob' ? 1 : 0)
  }
})

t.test('a store that throws instead of rejecting is a store that failed', async (t) => {
  const store = memoryStore()
  const server = await buildApp(t, { stores: { memory: store }, sessions: { it: { store: 'memory', schema } } })
  server.get('/add', async (request) => request.session('it').update('n', add))
  const client = new Client(server)
  t.equal((await client.get('/add')).body, '1')
  const refuse = () => {
    throw new Error('out of order')
  }
  Object.assign(store, { update: refuse })
  const failed = await client.get('/add')
  t.match(failed.json(), {
    statusCode: 503,
    code: 'FST_SESSIONS_SAVE',
    message: exactly('could not save session "it": its store failed')
  })
  t.equal(failed.headers['set-cookie'], undefined)
  Object.assign(store, { read: refuse })
  t.hasStrict((await client.get('/add')).json(), { statusCode: 503, code: 'FST_SESSIONS_STORE' })
  for (const method of ['read', 'update']) Reflect.deleteProperty(store, method)
  t.equal((await client.get('/add')).body, '2')
})

t.test('a store that answers at once has saved when save() returns', async (t) => {
  const server = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { it: { store: 'memory', schema } }
  })
  server.get('/add', async (request) => {
    const it = request.session('it')
    it.update('n', add)
    const saving = it.save()
    const { isDirty } = it
    await saving
    return { isDirty, n: it.get('n') }
  })
  const client = new Client(server)
  t.same(await client.json('/add'), { isDirty: false, n: 1 })
  t.same(await client.json('/add'), { isDirty: false, n: 2 })
})
