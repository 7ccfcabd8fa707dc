import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { conformanceCases, type StoreHarness } from '../../lib/conformance/index.js'
import { cached } from '../../lib/stores/cached.js'
import { memoryStore } from '../../lib/stores/memory.js'
import type { Awaitable, RecordStore } from '../../types/store.js'
import { clock, gate } from '../client.js'
import { exactly } from '../exactly.js'

const day = 86_400_000
const shared = {
  memory: cached(memoryStore()),
  delayed: cached(delayed(memoryStore())),
  bare: cached(bare(memoryStore()))
}
const harnesses: Readonly<Record<string, StoreHarness>> = {
  'a store in memory': { open: () => shared.memory, neighbour: () => cached(memoryStore()), lacks: ['setup'] },
  'a slow store': { open: () => shared.delayed, neighbour: () => cached(memoryStore()), lacks: ['setup'], rounds: 5 },
  'a store with nothing but the necessary': {
    open: () => shared.bare,
    lacks: ['setup', 'readMany', 'saveMany', 'list', 'clear', 'sweep']
  }
}

for (const [name, harness] of Object.entries(harnesses)) {
  test(`the contract, through a cache before ${name}`, async (t) => {
    for (const { name, skipped, run } of conformanceCases(harness)) await t.test(name, { skip: skipped ?? false }, run)
  })
}

test('what another process wrote or ended is seen once ttl has passed, and not later', async (t) => {
  const time = clock(t)
  const engine = memoryStore()
  const store = cached(engine, { ttl: 1000 })
  const version = (await engine.create('a', 'first', Date.now() + day)) as number
  await engine.create('b', 'signed in', Date.now() + day)
  await store.readMany?.(['a', 'b'])
  await engine.update('a', 'second', Date.now() + day, version)
  await engine.remove('b')
  time.pass(500)
  t.equal((await store.read('a'))?.text, 'first')
  t.equal((await store.read('b'))?.text, 'signed in')
  time.pass(500)
  t.equal((await store.read('a'))?.text, 'second')
  t.equal(await store.read('b'), undefined)
})

test('a read that must be fresh asks the store, and what it learns is there for the others', async (t) => {
  const engine = memoryStore()
  const store = cached(engine, { ttl: day })
  for (const id of ['a', 'b']) {
    await engine.create(id, 'first', Date.now() + day)
    await store.read(id)
    await engine.update(id, 'second', Date.now() + day, (await engine.read(id))?.version ?? '')
    t.equal((await store.read(id))?.text, 'first')
  }
  t.equal((await store.read('a', { fresh: true }))?.text, 'second')
  t.equal((await store.read('a'))?.text, 'second')
  t.equal((await store.readMany?.(['a', 'b'], { fresh: true }))?.[1]?.text, 'second')
})

test('a read that must be fresh does not join one that set out before', async (t) => {
  const { engine, held, reads } = holdable()
  const store = cached(engine, { ttl: day })
  await engine.create('a', 'first', Date.now() + day)
  const { opened, open } = gate()
  held.read = opened
  const early = store.read('a')
  await engine.remove('a')
  held.read = undefined
  t.equal(await store.read('a', { fresh: true }), undefined)
  open()
  await early
  t.equal(await store.read('a'), undefined, 'the late answer is not kept either')
  t.equal(reads(), 3)
})

test('a record is absent when it ends, however long the ttl', async (t) => {
  const time = clock(t)
  const store = cached(memoryStore(), { ttl: day })
  await store.create('a', 'text', Date.now() + 1000)
  t.equal((await store.read('a'))?.text, 'text')
  time.pass(1000)
  t.equal(await store.read('a'), undefined)
})

test('own writes are seen at once, and a writer who lost a race reads the store itself', async (t) => {
  const engine = memoryStore()
  const store = cached(engine, { ttl: day })
  await store.create('a', 'first', Date.now() + day)
  const read = await store.read('a')
  await engine.update('a', 'by another', Date.now() + day, read?.version ?? '')
  t.equal((await store.read('a'))?.text, 'first')
  t.equal(await store.update('a', 'mine', Date.now() + day, read?.version ?? ''), undefined)
  const newer = await store.read('a')
  t.equal(newer?.text, 'by another')
  t.ok(await store.update('a', 'mine', Date.now() + day, newer?.version ?? ''))
  t.equal((await store.read('a'))?.text, 'mine')
  const ends = Date.now() + 2 * day
  await store.touch('a', ends)
  t.equal((await store.read('a'))?.expires, ends)
  await store.saveMany?.([{ kind: 'remove', id: 'a' }])
  t.equal(await store.read('a'), undefined)
})

test('a write that failed, maybe done and maybe not, leaves nothing in the cache', async (t) => {
  const engine = memoryStore()
  const failing: RecordStore = {
    ...bare(engine),
    remove: async (id) => {
      await engine.remove(id)
      throw new Error('the answer got lost')
    }
  }
  const store = cached(failing, { ttl: day })
  await store.create('a', 'text', Date.now() + day)
  await store.read('a')
  await t.rejects(store.remove('a'), /got lost/)
  t.equal(await store.read('a'), undefined)
})

for (const begins of ['before', 'during'] as const) {
  test(`a slow read that began ${begins} a write does not fill the cache with the older state`, async (t) => {
    const { engine, held } = holdable()
    const store = cached(engine, { ttl: day })
    const version = (await store.create('a', 'first', Date.now() + day)) as number
    const [reading, writing] = [gate(), gate()]
    held.read = reading.opened
    held.write = writing.opened
    const early = begins === 'before' ? store.read('a') : undefined
    const write = store.update('a', 'second', Date.now() + day, version)
    const slow = early ?? store.read('a')
    writing.open()
    await write
    reading.open()
    t.equal((await slow)?.text, 'first')
    held.read = undefined
    t.equal((await store.read('a'))?.text, 'second')
  })
}

test('a read that is answered while a write is under way is not kept beyond it', async (t) => {
  const { engine, held } = holdable()
  const store = cached(engine, { ttl: day })
  const version = (await store.create('a', 'first', Date.now() + day)) as number
  const { opened, open } = gate()
  held.write = opened
  const write = store.update('a', 'second', Date.now() + day, version)
  t.equal((await store.read('a'))?.text, 'first')
  open()
  await write
  t.equal((await store.read('a'))?.text, 'second')
})

test('reads of one record at the same time are one round trip, and reads of several one batch', async (t) => {
  const { engine, reads, batches } = holdable()
  const store = cached(engine, { ttl: day })
  for (const id of ['a', 'b', 'c', 'd']) await store.create(id, id, Date.now() + day)
  const all = await Promise.all(Array.from({ length: 20 }, () => store.read('a')))
  t.ok(all.every((record) => record?.text === 'a'))
  t.equal(reads(), 1)
  const both = [store.readMany?.(['c', 'a', 'b', 'c']), store.readMany?.(['b', 'd', 'c'])]
  t.strictSame(
    (await Promise.all(both)).map((records) => records?.map((record) => record?.text)),
    [
      ['c', 'a', 'b', 'c'],
      ['b', 'd', 'c']
    ]
  )
  t.strictSame(batches(), [['c', 'b']])
  t.equal(reads(), 2, 'the one that nobody had asked for yet')
})

test('a record whose time in the cache runs out within a batch does not seem absent', async (t) => {
  const time = clock(t)
  const store = cached(memoryStore(), { ttl: 10 })
  for (const id of ['a', 'b']) await store.create(id, id, Date.now() + day)
  const still = Date.now
  Date.now = () => {
    time.pass(3)
    return still()
  }
  for (let round = 0; round < 30; round++) {
    await store.read('a')
    const records = await store.readMany?.(['a', 'b'])
    t.strictSame(
      records?.map((record) => record?.text),
      ['a', 'b']
    )
  }
})

test('a store that throws is one that rejects', async (t) => {
  const down = () => {
    throw new Error('down')
  }
  const engine = { ...bare(memoryStore()), read: down, readMany: down, update: down }
  const store = cached(engine)
  await t.rejects(store.read('a'), { message: exactly('down') })
  await t.rejects(store.readMany?.(['a', 'b']) as Promise<unknown>, { message: exactly('down') })
  await t.rejects(store.update('a', 'text', Date.now() + day, 1), { message: exactly('down') })
})

test('an error is not remembered', async (t) => {
  const engine = memoryStore()
  let down = true
  const read: RecordStore['read'] = (id) => (down ? Promise.reject(new Error('down')) : engine.read(id))
  const store = cached({ ...bare(engine), read }, { ttl: day })
  await engine.create('a', 'text', Date.now() + day)
  for (const outcome of await Promise.allSettled([store.read('a'), store.read('a')]))
    t.equal(outcome.status, 'rejected')
  down = false
  t.equal((await store.read('a'))?.text, 'text')
})

test('no more than max records are kept', async (t) => {
  const { engine, reads } = holdable()
  const store = cached(engine, { ttl: day, max: 3 })
  for (const id of ['a', 'b', 'c', 'd']) {
    await store.create(id, id, Date.now() + day)
    await store.read(id)
  }
  for (const id of ['b', 'c', 'd']) await store.read(id)
  t.equal(reads(), 4)
  await store.read('a')
  t.equal(reads(), 5)
})

test('clear empties the cache as well', async (t) => {
  const store = cached(memoryStore(), { ttl: day })
  await store.create('a', 'text', Date.now() + day)
  await store.read('a')
  await store.clear?.()
  t.equal(await store.read('a'), undefined)
})

test('what the store under the cache says of itself, the cache says too', (t) => {
  t.strictSame(cached(memoryStore()).capabilities, memoryStore().capabilities)
  t.equal(cached(bare(memoryStore())).capabilities, undefined)
  t.end()
})

test('what is no store, and numbers that are none, are refused', (t) => {
  const refused = { code: 'FST_SESSIONS_STORE_CONFIG' }
  for (const other of [undefined, null, {}, { kind: 'cookie' }]) t.throws(() => cached(other as never), refused)
  for (const value of [0, -1, Number.NaN, '10']) {
    t.throws(() => cached(memoryStore(), { ttl: value as number }), refused)
    t.throws(() => cached(memoryStore(), { max: value as number }), refused)
  }
  t.end()
})

function bare(store: RecordStore): RecordStore {
  return {
    kind: 'record',
    read: (id) => store.read(id),
    create: (id, text, expires) => store.create(id, text, expires),
    update: (id, text, expires, version) => store.update(id, text, expires, version),
    touch: (id, expires) => store.touch(id, expires),
    remove: (id) => store.remove(id)
  }
}

/** Each call takes a while before and after the engine does its work. */
function delayed(store: ReturnType<typeof memoryStore>): RecordStore {
  const slowly = async <T>(work: () => Awaitable<T>): Promise<T> => {
    await sleep(Math.random() * 3)
    const done = await work()
    await sleep(Math.random() * 3)
    return done
  }
  return {
    kind: 'record',
    read: (id) => slowly(() => store.read(id)),
    create: (id, text, expires) => slowly(() => store.create(id, text, expires)),
    update: (id, text, expires, version) => slowly(() => store.update(id, text, expires, version)),
    touch: (id, expires) => slowly(() => store.touch(id, expires)),
    remove: (id) => slowly(() => store.remove(id)),
    readMany: (ids) => slowly(() => store.readMany(ids)),
    saveMany: (writes) => slowly(() => store.saveMany(writes)),
    list: (options) => slowly(() => store.list(options)),
    clear: () => slowly(() => store.clear()),
    sweep: (options) => store.sweep(options)
  }
}

/** A store whose answers can be held back after the work is done (reads) or before it is done (writes). */
function holdable() {
  const memory = memoryStore()
  const held: { read?: Promise<unknown> | undefined; write?: Promise<unknown> | undefined } = {}
  const asked: (readonly string[])[] = []
  let count = 0
  const engine: RecordStore = {
    ...bare(memory),
    read: async (id) => {
      count++
      const hold = held.read
      const record = await memory.read(id)
      await hold
      return record
    },
    update: async (id, text, expires, version) => {
      await held.write
      return memory.update(id, text, expires, version)
    },
    readMany: (ids) => {
      asked.push(ids)
      return memory.readMany(ids)
    }
  }
  return { engine, held, reads: () => count, batches: () => asked }
}
