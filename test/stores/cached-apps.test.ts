import { type Test, test } from 'tap'
import { z } from 'zod'
import { cached } from '../../lib/stores/cached.js'
import { encrypted } from '../../lib/stores/encrypted.js'
import { memoryStore } from '../../lib/stores/memory.js'
import type { RecordStore } from '../../types/store.js'
import { buildApp, Client, clock, gate, KEY } from '../client.js'

const wrappings: Readonly<Record<string, (store: RecordStore) => RecordStore>> = {
  'a cache': (store) => cached(store, { ttl: 60_000 }),
  'a cache over encryption': (store) => cached(encrypted(store, { keys: [KEY] }), { ttl: 60_000 }),
  'encryption over a cache': (store) => encrypted(cached(store, { ttl: 60_000 }), { keys: [KEY] })
}

for (const [name, wrap] of Object.entries(wrappings)) {
  test(`two apps on one store, each behind ${name}, lose no update`, async (t) => {
    const engine = memoryStore()
    const [mine, theirs] = [await counter(t, wrap(engine)), await counter(t, wrap(engine))]
    const client = new Client(mine.app)
    await client.get('/start')
    await client.copy(theirs.app).get('/count')
    const clients = Array.from({ length: 40 }, (_, index) => client.copy(index % 2 ? mine.app : theirs.app))
    const running = clients.map((one) => one.get('/visit'))
    for (const one of [mine, theirs]) one.open()
    t.ok((await Promise.all(running)).every(({ statusCode }) => statusCode === 200))
    // One after another as well: each app's cache is behind by what the other has just done.
    for (const one of clients) t.equal((await one.get('/visit')).statusCode, 200)
    t.equal(Number(await client.copy((await counter(t, wrap(engine))).app).json('/count')), 80)
  })

  test(`a session that another app ended is not brought back by one behind ${name}`, async (t) => {
    const time = clock(t)
    const engine = memoryStore()
    const [mine, theirs] = [await counter(t, wrap(engine)), await counter(t, wrap(engine))]
    mine.open()
    const client = new Client(mine.app)
    await client.get('/start')
    await client.json('/count')
    const stolen = client.copy()
    await client.copy(theirs.app).get('/end')
    t.equal((await stolen.get('/visit')).statusCode, 200)
    time.pass(60_000)
    t.equal(await client.copy().json('/count'), -1)
    t.equal(await client.copy(theirs.app).json('/count'), -1)
  })
}

async function counter(t: Test, store: RecordStore) {
  const { opened, open } = gate()
  const app = await buildApp(t, {
    stores: { store },
    sessions: { visitor: { store: 'store', schema: z.object({ count: z.number().default(-1) }) } }
  })
  app.get('/start', async (request) => void request.session('visitor').set('count', 0))
  app.get('/count', async (request) => request.session('visitor').get('count'))
  app.get('/end', async (request) => void request.session('visitor').destroy())
  app.get('/visit', async (request) => {
    const session = request.session('visitor')
    await opened
    session.update('count', (count) => (count as number) + 1)
  })
  return { app, open }
}
