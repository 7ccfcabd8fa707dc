import { t as tap, test } from 'tap'
import { createStorage, type Driver } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import memoryDriver from 'unstorage/drivers/memory'
import { conformanceCases } from '../../lib/conformance/index.js'
import { unstorageStore } from '../../lib/stores/unstorage.js'
import { directoryFor } from '../servers/process.js'

const directory = await directoryFor(tap, 'unstorage')

const drivers: Readonly<Record<string, () => Driver>> = {
  memory: () => memoryDriver(),
  fs: () => fsDriver({ base: directory })
}

for (const [name, driver] of Object.entries(drivers)) {
  test(`the contract, through unstorage's driver ${name}`, async (t) => {
    const storage = createStorage({ driver: driver() })
    const cases = conformanceCases({
      open: () => unstorageStore(storage),
      neighbour: () => unstorageStore(storage, { base: 'sessions:others' }),
      unreachable: () => unstorageStore(createStorage({ driver: failing() })),
      lacks: ['readMany', 'saveMany', 'list']
    })
    for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
  })

  test(`clear and sweep of driver ${name} leave alone what is not the store's`, async (t) => {
    const storage = createStorage({ driver: driver() })
    const store = unstorageStore(storage, { base: 'kept:apart' })
    await storage.setItem('kept:other', 'value')
    await storage.setItem('kept:apart:foreign:below', 'value')
    await store.create('a', 'text', Date.now() + 60_000)
    t.equal(await store.sweep(), 0)
    await store.clear()
    t.strictSame((await storage.getKeys('kept')).toSorted(), ['kept:apart:foreign:below', 'kept:other'])
  })
}

test('drivers that know a time to live are told it in seconds, rounded up', async (t) => {
  const told: number[] = []
  const setItem: Driver['setItem'] = (_, __, { ttl }: { ttl?: number }) => void told.push(ttl ?? 0)
  const expires = Date.now() + 60_000
  await unstorageStore(createStorage({ driver: { ...failing(), getItem: () => null, setItem } })).create(
    'a',
    '',
    expires
  )
  const left = (expires - Date.now()) / 1000
  t.equal(told.length, 1)
  t.ok(
    told.every((ttl) => Number.isInteger(ttl) && ttl >= left && ttl <= 60),
    `${told}`
  )
})

test('a value that is half written or of somebody else is no record', async (t) => {
  const storage = createStorage({ driver: memoryDriver() })
  const store = unstorageStore(storage)
  await store.create('a', 'text', Date.now() + 60_000)
  const whole = String(await storage.getItem('sessions:a'))
  for (const value of [whole.slice(0, 20), '', '{"json":true}']) {
    await storage.setItem('sessions:a', value)
    t.equal(await store.read('a'), undefined)
  }
})

test('it says that compare-and-set reaches no further than this process', (t) => {
  t.equal(unstorageStore(createStorage({ driver: memoryDriver() })).capabilities?.compareAndSet, 'process')
  t.end()
})

test('what is no storage, and a base that is no base, are refused', (t) => {
  const refused = { code: 'FST_SESSIONS_STORE_CONFIG' }
  for (const other of [undefined, {}]) t.throws(() => unstorageStore(other as never), refused)
  const storage = createStorage({ driver: memoryDriver() })
  for (const base of ['', ':', 'a:', 'a/../b', 'a?b', 'a.b']) t.throws(() => unstorageStore(storage, { base }), refused)
  t.end()
})

function failing(): Driver {
  const fail = () => Promise.reject(new Error('out of reach'))
  return { hasItem: fail, getItem: fail, setItem: fail, removeItem: fail, getKeys: fail }
}
