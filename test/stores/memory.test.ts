import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { memoryStore } from '../../lib/stores/memory.js'
import type { RecordStore, Version, Write } from '../../types/store.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const shared = memoryStore()
const cases = conformanceCases({ open: () => shared, neighbour: () => memoryStore(), lacks: ['setup'] })
for (const { name, skipped, run } of cases) test(name, { skip: skipped ?? false }, run)

test('a full store drops what was not used for longest', async (t) => {
  const store = memoryStore({ maxRecords: 4 })
  const [read, touched, updated, idle] = ids(4) as [string, string, string, string]
  for (const id of [read, touched, updated, idle]) await store.create(id, 'text', tomorrow())
  const { version = '' } = (await store.read(updated)) ?? {}
  await store.update(updated, 'new', tomorrow(), version)
  await store.touch(touched, tomorrow())
  await store.read(read)
  await store.create(freshId(), 'one more', tomorrow())
  t.same(await texts(store, [read, touched, updated, idle]), ['text', 'text', 'new', undefined])
})

test('writing that failed does not keep a record from being used', async (t) => {
  const store = memoryStore({ maxRecords: 2 })
  const [first, second] = ids(2) as [string, string]
  await store.create(first, 'first', tomorrow())
  await store.create(second, 'second', tomorrow())
  t.equal(await store.create(first, 'again', tomorrow()), undefined)
  await store.create(freshId(), 'one more', tomorrow())
  t.same(await texts(store, [first, second]), ['first', undefined])
})

test('a full store drops expired records before live ones, however lately they were used', async (t) => {
  const store = memoryStore({ maxRecords: 3 })
  const [oldest, touched, expired, fresh] = ids(4) as [string, string, string, string]
  for (const id of [oldest, touched, expired]) await store.create(id, 'text', tomorrow())
  await store.touch(touched, Date.now() + 1000)
  await store.touch(touched, tomorrow())
  await store.touch(expired, yesterday())
  await store.create(fresh, 'text', tomorrow())
  t.same(await texts(store, [oldest, touched, fresh, expired]), ['text', 'text', 'text', undefined])
  t.equal(await store.sweep(), 0, 'it was dropped, not only hidden')
})

test('maxBytes bounds long texts, and letters beyond U+00FF count twice', async (t) => {
  const kept = async (letter: string) => {
    const store = memoryStore({ maxBytes: 100_000 })
    const all = ids(40)
    for (const id of all) await store.create(id, letter.repeat(10_000), tomorrow())
    return (await texts(store, all)).filter((text) => text !== undefined).length
  }
  t.equal(await kept('a'), 9)
  t.equal(await kept('é'), 9)
  t.equal(await kept('ż'), 4)
})

test('an update that grows a record makes room for itself', async (t) => {
  const store = memoryStore({ maxBytes: 10_000 })
  const [older, grown] = ids(2) as [string, string]
  await store.create(older, 'a'.repeat(4000), tomorrow())
  const version = (await store.create(grown, 'b', tomorrow())) ?? ''
  t.ok(await store.update(grown, 'b'.repeat(8000), tomorrow(), version))
  t.same(await texts(store, [older, grown]), [undefined, 'b'.repeat(8000)])
})

test('updating a record over and over takes no more room than its last text', async (t) => {
  const store = memoryStore({ maxBytes: 10_000 })
  const [other, updated] = ids(2) as [string, string]
  await store.create(other, 'a'.repeat(3000), tomorrow())
  let version = await store.create(updated, 'b'.repeat(3000), tomorrow())
  for (let round = 0; round < 10; round++) {
    version = await store.update(updated, `${round}`.repeat(3000), tomorrow(), version ?? '')
  }
  t.same(await texts(store, [other, updated]), ['a'.repeat(3000), '9'.repeat(3000)])
})

test('room that is given back can be used again', async (t) => {
  const store = memoryStore({ maxRecords: 10, maxBytes: 20_000 })
  const long = 'a'.repeat(1500)
  for (let round = 0; round < 5; round++) {
    const all = ids(10)
    for (const id of all) await store.create(id, long, tomorrow())
    t.same(
      await texts(store, all),
      all.map(() => long)
    )
    if (round % 2) await store.clear()
    else for (const id of all) await store.remove(id)
  }
})

test('a record beyond maxBytes is refused, and pushes nobody out', async (t) => {
  const store = memoryStore({ maxBytes: 5000 })
  const [id, giant] = ids(2) as [string, string]
  const version = (await store.create(id, 'small', tomorrow())) ?? ''
  const refused = { name: 'RangeError', message: /6280 bytes is beyond maxBytes, which is 5000/ }
  t.throws(() => store.create(giant, 'a'.repeat(6000), tomorrow()), refused)
  t.throws(() => store.update(id, 'a'.repeat(6000), tomorrow(), version), refused)
  t.same(await texts(store, [id, giant]), ['small', undefined])
  t.ok(await store.update(id, 'still writable', tomorrow(), version))
})

test('a refused write of a batch leaves the others done', async (t) => {
  const store = memoryStore({ maxBytes: 5000 })
  const [first, giant, last] = ids(3) as [string, string, string]
  const create = (id: string, text: string): Write => ({ kind: 'create', id, text, expires: tomorrow() })
  const batch = [create(first, 'first'), create(giant, 'a'.repeat(6000)), create(last, 'last')]
  await t.rejects(async () => store.saveMany(batch), { name: 'RangeError' })
  t.same(await texts(store, [first, giant, last]), ['first', undefined, 'last'])
})

test('a sweep leaves the event loop free and stops when told', async (t) => {
  const store = memoryStore()
  for (const id of ids(5000)) await store.create(id, 'text', yesterday())
  const controller = new AbortController()
  const sweeping = store.sweep({ signal: controller.signal })
  setImmediate(() => controller.abort())
  const swept = await sweeping
  t.ok(swept > 0 && swept < 5000, `others ran in between, and ${swept} of 5000 were swept by then`)
  t.equal(swept + (await store.sweep()), 5000)
})

test('records take no more of the heap than maxBytes, give or take a half', async (t) => {
  const maxBytes = 8_000_000
  for (const letters of ['', 'a'.repeat(300), 'ż'.repeat(300)]) {
    const store = memoryStore({ maxBytes })
    const before = await heapUsed()
    for (let count = 0; count < 60_000; count++) await store.create(freshId(), `${count}${letters}`, tomorrow())
    const taken = (await heapUsed()) - before
    t.ok(taken < 1.5 * maxBytes, `${taken} bytes`)
    t.ok(taken > 0.5 * maxBytes, `${taken} bytes`)
    await store.clear()
  }
})

test('a record does not keep the string alive that its text was cut from', async (t) => {
  const store = memoryStore()
  const before = await heapUsed()
  for (let count = 0; count < 50; count++) {
    const body = `${count}`.padEnd(1_000_000, 'x')
    await store.create(freshId(), body.slice(100, 200), tomorrow())
  }
  const taken = (await heapUsed()) - before
  t.ok(taken < 5_000_000, `${taken} bytes for 50 texts of 100 characters`)
  await store.clear()
})

test('nor does one that was updated, but for a few of those that were written last', async (t) => {
  const store = memoryStore()
  const before = await heapUsed()
  const all = ids(1000)
  const expected: string[] = []
  for (const id of all) {
    const version = (await store.create(id, 'text', tomorrow())) as Version
    const text = freshId().padEnd(200_000, 'x').slice(0, 100)
    t.ok(await store.update(id, text, tomorrow(), version))
    expected.push(Buffer.from(text).toString())
  }
  const taken = (await heapUsed()) - before
  t.ok(taken < 300 * 200_000, `${taken} bytes for 1000 texts of 100 characters`)
  t.same(await texts(store, all), expected, 'what was copied meanwhile reads the same')
  for (const id of all) await store.remove(id)
  const left = (await heapUsed()) - before
  t.ok(left < 5_000_000, `${left} bytes after all were removed`)
})

test('bounds that are no bounds are refused', async (t) => {
  for (const bound of [0, -1, Number.NaN, '10', null]) {
    const refused = {
      code: 'FST_SESSIONS_STORE_CONFIG',
      message: new RegExp(`must be a number of at least 1.*${bound}`)
    }
    t.throws(() => memoryStore({ maxRecords: bound as number }), refused)
    t.throws(() => memoryStore({ maxBytes: bound as number }), refused)
  }
  t.ok(memoryStore({ maxRecords: Infinity, maxBytes: Infinity }))
})

function ids(count: number): readonly string[] {
  return Array.from({ length: count }, freshId)
}

function freshId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
}

function tomorrow(): number {
  return Date.now() + 86_400_000
}

function yesterday(): number {
  return Date.now() - 86_400_000
}

async function texts(store: RecordStore, all: readonly string[]): Promise<readonly (string | undefined)[]> {
  return Promise.all(all.map(async (id) => (await store.read(id))?.text))
}

/** After a turn, so that no finished call's values stand on the stack, and twice, as weak things take two. */
async function heapUsed(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().heapUsed
}
