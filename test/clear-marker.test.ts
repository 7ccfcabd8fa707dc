import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore, type StoredRecord } from '../lib/index.js'
import { ClearMarker } from '../lib/records/clear-marker.js'
import { reservedId } from '../lib/records/ticket.js'
import { buildApp, Client, clock } from './client.js'

const schema = z.object({ n: z.number().default(0) })
const MARKER = reservedId('fastify-sessions clear marker', undefined)
const DAY = 24 * 3600_000

/** A store that tells how often the marker was read, and fails when it is told to. */
function watched() {
  const engine = memoryStore()
  const told = { reads: 0, fails: false, created: async () => {} }
  const store: RecordStore = {
    kind: 'record',
    read: (id) => {
      if (told.fails) throw new Error('connection refused')
      if (id === MARKER) told.reads++
      return engine.read(id)
    },
    create: async (id, text, expires) => {
      await told.created()
      return engine.create(id, text, expires)
    },
    update: (id, text, expires, version) => engine.update(id, text, expires, version),
    touch: (id, expires) => engine.touch(id, expires),
    remove: (id) => engine.remove(id)
  }
  return { store, told, marker: () => engine.read(MARKER) as StoredRecord }
}

async function start(t: Parameters<typeof buildApp>[0], definition: object = {}, refresh = 0) {
  const { store, told, marker } = watched()
  const app = await buildApp(t, {
    stores: { it: store },
    sessions: { sealed: { schema, ...definition } },
    clearMarker: { store: 'it', refresh }
  })
  app.get('/set', async (request) => request.session('sealed').set('n', 1).get('n'))
  app.get('/get', async (request) => [request.session('sealed').get('n'), request.session('sealed').problem ?? null])
  app.get('/other', async () => 'other')
  const client = new Client(app)
  await client.get('/set')
  return { app, client, told, marker }
}

t.test('while the clear marker can not be read, no cookie from before is taken for good', async (t) => {
  const { client, told } = await start(t)
  told.fails = true
  t.match((await client.get('/get')).json(), {
    statusCode: 503,
    message: /^session "sealed": its store failed: it could not be read$/
  })
  t.equal((await client.get('/other')).body, 'other')
  told.fails = false
  t.same(await client.json('/get'), [1, null])
})

t.test('where the app goes on without, the session is empty meanwhile, and the browser keeps its cookie', async (t) => {
  const { client, told } = await start(t, { onStoreError: 'empty' })
  told.fails = true
  t.same(await client.json('/get'), [0, 'store'])
  t.equal((await client.get('/set')).headers['set-cookie'], undefined)
  told.fails = false
  t.same(await client.json('/get'), [1, null])
})

t.test('the clear marker is read once in the time that the options say', async (t) => {
  const time = clock(t)
  const { client, told } = await start(t, {}, 60)
  const reads = []
  for (const ms of [0, 1, 58_000, 3000, 1, 61_000]) {
    time.pass(ms)
    await client.get('/get')
    reads.push(told.reads)
  }
  t.same(reads, [1, 1, 1, 2, 2, 3])
})

t.test('a clearing makes the marker later and never earlier, whatever it holds', async (t) => {
  const now = Date.now()
  for (const [stored, at, expected] of [
    [undefined, now, now],
    [now - 5000, now, now],
    [now + 5000, now, now + 5000],
    [now, now, now]
  ] as const) {
    const { store, marker } = watched()
    if (stored !== undefined) await store.create(MARKER, String(stored), now + DAY)
    const clearing = new ClearMarker(store, 0, DAY)
    await clearing.set(at)
    t.equal(clearing.clearedAt, expected)
    t.match(marker(), { text: String(expected), expires: expected + DAY })
  }
})

t.test('of two processes that clear at once, the later moment counts for both', async (t) => {
  const now = Date.now()
  const { store, told, marker } = watched()
  const [one, two] = [new ClearMarker(store, 0, DAY), new ClearMarker(store, 0, DAY)]
  let isFirst = true
  told.created = async () => {
    if (!isFirst) return
    isFirst = false
    await two.set(now + 3)
  }
  await one.set(now)
  t.equal(marker().text, String(now + 3))
  t.same([one.clearedAt, two.clearedAt], [now + 3, now + 3])
})

t.test('a process never goes back to a clearing that was earlier', async (t) => {
  const now = Date.now()
  const { store } = watched()
  const clearing = new ClearMarker(store, 0, DAY)
  await clearing.set(now)
  await store.remove(MARKER)
  await clearing.ask(now + 1)
  t.equal(clearing.clearedAt, now)
  await store.create(MARKER, String(now - 1), now + DAY)
  await clearing.ask(now + 2)
  t.equal(clearing.clearedAt, now)
})

t.test('a marker is believed that is a day ahead, and no more', async (t) => {
  const now = Date.now()
  for (const [text, expected] of [
    [String(now + DAY), now + DAY],
    [String(now + DAY + 1), now],
    [` ${now}`, now],
    [`${now}x`, now],
    ['', now],
    ['0', 0]
  ] as const) {
    const { store, marker } = watched()
    await store.create(MARKER, text, now + 2 * DAY)
    const clearing = new ClearMarker(store, 0, DAY)
    await clearing.ask(now)
    t.equal(clearing.clearedAt, expected, text)
    t.equal(marker().text, String(expected))
  }
})

t.test('without a store nobody is asked when all sessions were cleared', async (t) => {
  const marker = new ClearMarker(undefined, 0, DAY)
  t.equal(marker.isDue(), false)
  await marker.ask(5)
  t.equal(marker.clearedAt, 0)
  await marker.set(7)
  t.equal(marker.clearedAt, 7)
})

t.test('the marker is due again when the time that the options say has passed', async (t) => {
  const real = Date.now
  const now = real()
  t.teardown(() => {
    Date.now = real
  })
  const marker = new ClearMarker(watched().store, 1000, DAY)
  t.equal(marker.isDue(), true)
  await marker.ask(now)
  for (const [passed, isDue] of [
    [0, false],
    [999, false],
    [1000, true]
  ] as const) {
    Date.now = () => now + passed
    t.equal(marker.isDue(), isDue, String(passed))
  }
})

t.test('a clearing is later than each before it, and than every session that it has to end', async (t) => {
  const now = Date.now()
  for (const [seen, before, expected] of [
    [[], 0, now],
    [[], now - 5, now],
    [[], now, now + 1],
    [[], now + 5, now + 6],
    [[now - 1], 0, now],
    [[now + 9, now + 3], 0, now + 9],
    [[now + 3, now + 9], 0, now + 9],
    [[now + DAY + 1], 0, now + DAY]
  ] as const) {
    for (const store of [undefined, watched().store]) {
      const marker = new ClearMarker(store, 0, DAY)
      for (const at of seen) marker.see(at)
      if (before > 0) await marker.set(before)
      t.equal(await marker.next(now), expected)
    }
  }
  const { store } = watched()
  await store.create(MARKER, String(now + 50), now + DAY)
  t.equal(await new ClearMarker(store, 0, DAY).next(now), now + 51, 'and than that of another process')
})

t.test('a marker that can not be read is mended once, whoever else mends it', async (t) => {
  const now = Date.now()
  for (const [meanwhile, expected, stored] of [
    [undefined, now, String(now)],
    [String(now - 7), now - 7, String(now - 7)],
    ['removed', now, undefined]
  ] as const) {
    const { store, marker } = watched()
    await store.create(MARKER, 'unreadable', now + DAY)
    const { read } = store
    let reads = 0
    const asked: unknown[] = []
    store.read = async (id, options) => {
      asked.push(options)
      const found = await read(id)
      if (++reads === 1 && meanwhile !== undefined) {
        await store.remove(id)
        if (meanwhile !== 'removed') await store.create(id, meanwhile, now + DAY)
      }
      return found
    }
    const clearing = new ClearMarker(store, 0, DAY)
    await clearing.ask(now)
    t.equal(clearing.clearedAt, expected, String(meanwhile))
    t.equal(marker()?.text, stored)
    t.same(asked, [{ fresh: true }, { fresh: true }], 'never from a cache')
  }
})

t.test('who mends it while another one does tries again', async (t) => {
  const now = Date.now()
  const { store, marker } = watched()
  await store.create(MARKER, 'unreadable', now + DAY)
  const { update } = store
  let tries = 0
  store.update = async (...asked) => (++tries < 3 ? undefined : update(...asked))
  const clearing = new ClearMarker(store, 0, DAY)
  await clearing.ask(now)
  t.same([tries, clearing.clearedAt, marker().text], [3, now, String(now)])
  t.equal(marker().expires, now + DAY)
})
