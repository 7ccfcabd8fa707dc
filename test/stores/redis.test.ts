import { readFile } from 'node:fs/promises'
import { createClientPool } from 'redis'
import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { redisStore } from '../../lib/stores/redis.js'
import type { RecordStore, Write } from '../../types/store.js'
import { deadPort } from '../servers/process.js'
import { startRedis } from '../servers/redis.js'
import { countingDoor } from '../servers/trips.js'
import {
  type Address,
  addressIn,
  bareIoredis,
  type Driver,
  ioredis,
  nodeRedis,
  nodeRedisAddress,
  type Opened,
  own,
  type StoreOptions
} from './redis-clients.js'

const { TEST_REDIS_URL: given } = process.env
const server = given ? undefined : await startRedis()
const address: Address = addressIn(server?.url ?? String(given))
const ownClient = bareIoredis(address)
const admin = (name: string, ...rest: readonly string[]) => ownClient.call(name, ...rest)
const neighbour = own.slice(0, -1)
tap.teardown(async () => {
  await redisStore({ client: ownClient, prefix: neighbour }).clear() // of all that begins with `own` too
  ownClient.disconnect()
  await server?.stop()
})
tap.comment(server ? `Redis ${await server.version()}` : `the server at ${address.host}:${address.port}`)

for (const driver of [ioredis, nodeRedis]) {
  test(`the contract, kept through ${driver.name}`, async (t) => {
    const opened = new Map<RecordStore, Opened>()
    const open = (at: Address, options: StoreOptions = {}, keyPrefix?: string) => {
      const one = driver.open(at, options, keyPrefix)
      opened.set(one.store, one)
      return one.store
    }
    const unused = { host: '127.0.0.1', port: deadPort }
    const cases = conformanceCases({
      open: () => open(address),
      close: (store) => opened.get(store)?.close(),
      neighbour: () => open(address, { prefix: neighbour }),
      unreachable: () => open(unused, { timeout: 300 }),
      lacks: ['sweep']
    })
    for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
  })

  test(`a batch of any size is one round trip through ${driver.name}`, async (t) => {
    const door = await countingDoor(address)
    const { store, close } = driver.open({ ...address, ...at(door) })
    t.teardown(async () => {
      close()
      await door.close()
    })
    await store.saveMany(batch('warm')) // the connection's greeting, and the server learns the scripts
    door.trips()

    const results = await store.saveMany(batch('create'))
    t.equal(door.trips(), 1, 'saveMany')
    t.ok(results.every((result) => typeof result === 'string'))

    const ids = batch('create').map(({ id }) => id)
    const records = await store.readMany(ids)
    t.equal(door.trips(), 1, 'readMany')
    t.strictSame(
      records.map((record) => record?.version),
      results
    )

    const end = Date.now() + 60_000
    const mixed: Write[] = ids.map((id, at) => {
      if (at % 3 === 0) return { kind: 'remove', id }
      if (at % 3 === 1) return { kind: 'touch', id, expires: end }
      return { kind: 'update', id, text: 'new', expires: end, version: results[at] as string }
    })
    await store.saveMany(mixed)
    t.equal(door.trips(), 1, 'saveMany of mixed kinds')
  })

  test(`each single method is one round trip through ${driver.name}`, async (t) => {
    const door = await countingDoor(address)
    const { store, close } = driver.open({ ...address, ...at(door) })
    t.teardown(async () => {
      close()
      await door.close()
    })
    await store.saveMany(batch('warm'))
    door.trips()

    const end = Date.now() + 60_000
    const version = (await store.create('single', 'text', end)) as string
    t.equal(door.trips(), 1, 'create')
    await store.read('single')
    t.equal(door.trips(), 1, 'read')
    await store.update('single', 'new', end, version)
    t.equal(door.trips(), 1, 'update')
    await store.touch('single', end)
    t.equal(door.trips(), 1, 'touch')
    await store.remove('single')
    t.equal(door.trips(), 1, 'remove')
  })

  test(`a write that ${driver.name} finds no script for is carried out all the same`, async (t) => {
    const { store, close } = driver.open(address)
    t.teardown(close)
    const end = Date.now() + 60_000
    await admin('SCRIPT', 'FLUSH')
    const version = await store.create(`flushed-${driver.name}`, 'first', end)
    await admin('SCRIPT', 'FLUSH')
    t.type(await store.update(`flushed-${driver.name}`, 'second', end, version as string), 'string')
    await admin('SCRIPT', 'FLUSH')
    t.equal(await store.touch(`flushed-${driver.name}`, end), true)
    t.equal((await store.read(`flushed-${driver.name}`))?.text, 'second')
  })

  test(`clear leaves alone what the prefix only looks like, through ${driver.name}`, async (t) => {
    await keepsApart(t, driver, undefined)
  })

  test(`clear finds its keys behind the keyPrefix of ${driver.name}`, async (t) => {
    await keepsApart(t, driver, 'app?:')
  })

  test(`nothing stays in the server behind an expired record, through ${driver.name}`, async (t) => {
    const { store, close } = driver.open(address, { prefix: `${own}end-${driver.name}:` })
    t.teardown(close)
    const end = Date.now() + 60_000
    const version = (await store.create('a', 'text', end)) as string
    t.equal(await admin('PEXPIRETIME', `${own}end-${driver.name}:a`), end)
    await store.update('a', 'new', end + 1000, version)
    t.equal(await admin('PEXPIRETIME', `${own}end-${driver.name}:a`), end + 1000)
    await store.touch('a', end + 2000)
    t.equal(await admin('PEXPIRETIME', `${own}end-${driver.name}:a`), end + 2000)
    await store.touch('a', Date.now() - 1)
    t.equal(await admin('EXISTS', `${own}end-${driver.name}:a`), 0)
  })

  test(`a key of another type makes ${driver.name} reject, and is kept`, async (t) => {
    const { store, close } = driver.open(address, { prefix: `${own}type-${driver.name}:` })
    t.teardown(close)
    await admin('HSET', `${own}type-${driver.name}:a`, 'field', 'value')
    const end = Date.now() + 60_000
    await t.rejects(store.read('a'), /WRONGTYPE/)
    await t.rejects(store.update('a', 'text', end, 'version'), /WRONGTYPE/)
    await t.rejects(store.touch('a', end), /WRONGTYPE/)
    t.equal(await admin('TYPE', `${own}type-${driver.name}:a`), 'hash')
  })
}

test('a write that the client sends twice is done once, and both answers say so', async (t) => {
  const sentTwice: unknown[] = []
  const client = bareIoredis(address)
  t.teardown(() => client.disconnect())
  const twice = {
    options: client.options,
    call: () => Promise.reject(new Error('not asked for')),
    get: (key: string) => client.get(key),
    del: (key: string) => client.del(key),
    scan: () => Promise.reject(new Error('not asked for')),
    eval: async (lua: string, keys: number, ...rest: string[]) => {
      sentTwice.push(await client.eval(lua, keys, ...rest))
      return client.eval(lua, keys, ...rest)
    },
    evalsha: () => Promise.reject(new Error('NOSCRIPT'))
  }
  const store = redisStore({ client: twice, prefix: `${own}twice:` })
  const end = Date.now() + 60_000
  const first = await store.create('a', 'first', end)
  t.type(first, 'string')
  const second = await store.update('a', 'second', end, first as string)
  t.type(second, 'string')
  t.strictSame(sentTwice, [1, 1])
  t.hasStrict(await store.read('a'), { text: 'second', version: second })
  await store.remove('a')
})

test('the rights that the manual names are enough', async (t) => {
  const page = await readFile('docs/stores/redis.md', 'utf8')
  const [, command = ''] = /ACL SETUSER (.*)$/m.exec(page) ?? []
  const [, ...rights] = command.replace('~session:*', `~${own}*`).split(' ')
  const [username, password] = [`${own}user`, 'secret']
  await admin('ACL', 'SETUSER', username, 'reset', ...rights)
  t.teardown(() => admin('ACL', 'DELUSER', username))
  for (const driver of [ioredis, nodeRedis]) {
    const { store, close } = driver.open({ ...address, username, password }, { prefix: `${own}rights:` })
    t.teardown(close)
    const end = Date.now() + 60_000
    await store.setup()
    const version = (await store.create('a', 'text', end)) as string
    t.type(await store.update('a', 'new', end, version), 'string')
    t.equal(await store.touch('a', end), true)
    t.equal((await store.read('a'))?.text, 'new')
    t.equal(await store.remove('a'), true)
    await store.clear()
  }
  const outside = ioredis.open({ ...address, username, password }, { prefix: 'elsewhere:' })
  t.teardown(outside.close)
  await t.rejects(outside.store.read('a'), /NOPERM/)
})

test('a pool of node-redis clients serves as well', async (t) => {
  const pool = createClientPool(nodeRedisAddress(address))
  pool.on('error', () => {})
  await pool.connect()
  t.teardown(() => pool.destroy())
  const store = redisStore({ client: pool, prefix: `${own}pool:` })
  const version = await store.create('a', 'text', Date.now() + 60_000)
  t.hasStrict(await store.read('a'), { text: 'text', version })
  await store.clear()
  t.equal(await store.read('a'), undefined)
})

test('options that can’t work are refused at once', async (t) => {
  const client = bareIoredis(address)
  t.teardown(() => client.disconnect())
  t.throws(() => redisStore({ client: {} as never }), StoreConfigError)
  t.throws(() => redisStore({ client: undefined as never }), StoreConfigError)
  t.throws(() => redisStore({ client, prefix: '' }), StoreConfigError)
  t.throws(() => redisStore({ client, timeout: 0 }), StoreConfigError)
  t.throws(() => redisStore({ client, timeout: Number.POSITIVE_INFINITY }), StoreConfigError)
})

test('an end that is no number is refused, and writes nothing', async (t) => {
  const { store, close } = ioredis.open(address)
  t.teardown(close)
  await t.rejects(store.create('nan', 'text', Number.NaN), RangeError)
  t.equal(await store.read('nan'), undefined)
})

test('an end before 1970 has passed, one beyond all dates is to come, one between two milliseconds is the later', async (t) => {
  const { store, close } = ioredis.open(address)
  t.teardown(close)
  for (const expires of [0, -1, -0.5, Number.NEGATIVE_INFINITY]) {
    t.type(await store.create(`end${expires}`, 'text', expires), 'string')
    t.equal(await store.read(`end${expires}`), undefined)
  }
  const soon = Date.now() + 60_000
  for (const [expires, end] of [
    [Number.POSITIVE_INFINITY, 8.64e15],
    [Number.MAX_VALUE, 8.64e15],
    [8.64e15, 8.64e15],
    [soon + 0.25, soon + 1]
  ] as const) {
    const version = await store.create(`end${expires}`, 'text', expires)
    t.strictSame(await store.read(`end${expires}`), { text: 'text', version, expires: end })
    t.equal(await store.touch(`end${expires}`, expires), true)
    t.strictSame(await store.read(`end${expires}`), { text: 'text', version, expires: end })
    await store.remove(`end${expires}`)
  }
})

async function keepsApart(t: Test, driver: Driver, keyPrefix: string | undefined): Promise<void> {
  const mine = driver.open(address, { prefix: `${own}a[b]*?\\c:` }, keyPrefix)
  const others = ['ab*?\\c:', 'a[b]x?\\c:', 'a[b]**\\c:', 'a[b]*?c:', 'b'].map((prefix) =>
    driver.open(address, { prefix: own + prefix }, keyPrefix)
  )
  const bare = driver.open(address, { prefix: `${own}a[b]*?\\c:` }, 'appX:')
  t.teardown(() => {
    for (const { close } of [mine, bare, ...others]) close()
  })
  const all = [mine, bare, ...others].map(({ store }) => store)
  const end = Date.now() + 60_000
  for (const store of all) await store.saveMany(batch('kept'))
  await mine.store.clear()
  const [left, ...kept] = await Promise.all(all.map((store) => store.readMany(batch('kept').map(({ id }) => id))))
  t.ok(left?.every((record) => record === undefined))
  t.ok(kept.every((records) => records.every((record) => record !== undefined && record.expires <= end + 60_000)))
  for (const store of all) await store.clear()
}

/** Where a door is, without what counts its trips. */
function at({ host, port }: Address): Address {
  return { host, port }
}

function batch(name: string): readonly Write[] {
  const expires = Date.now() + 60_000
  return Array.from({ length: 30 }, (_, at) => ({ kind: 'create', id: `${name}-${at}`, text: 'text', expires }))
}
