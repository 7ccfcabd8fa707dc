import { setTimeout as sleep } from 'node:timers/promises'
import { type Test, t as tap, test } from 'tap'
import type { AsyncRecordStore } from '../../types/store.js'
import { eventually } from '../servers/eventually.js'
import { type RedisServer, startRedis } from '../servers/redis.js'
import { type Driver, ioredis, nodeRedis } from './redis-clients.js'

tap.setTimeout(120_000)

for (const driver of [ioredis, nodeRedis]) {
  test(`a server that is killed makes ${driver.name} reject, and its records are back when it is`, async (t) => {
    const server = await running(t, '--appendonly', 'yes', '--appendfsync', 'always')
    const store = opened(t, driver, server, 500)
    const version = await create(store, 'a')

    await server.kill()
    await rejectsAll(t, store, version)

    await server.start()
    await eventually(async () => (await store.read('a'))?.version === version)
    t.type(await store.update('a', 'after', soon(), version), 'string', 'also the scripts are there again')
  })

  test(`a server that stands still makes ${driver.name} reject in time, and goes on afterwards`, async (t) => {
    const server = await running(t)
    const store = opened(t, driver, server, 300)
    const version = await create(store, 'a')

    await server.pause()
    await rejectsAll(t, store, version, /no answer within 300 ms/)

    server.resume()
    await eventually(async () => (await store.read('a'))?.version === version)
    t.type(await store.update('a', 'after', soon(), version), 'string')
  })

  test(`a read-only replica makes ${driver.name} reject every write, and answers reads`, async (t) => {
    const [master, replica] = [await running(t), await running(t)]
    const store = opened(t, driver, replica)
    const version = await create(store, 'before')
    await replica.admin('REPLICAOF', master.host, master.port)
    await eventually(async () => String(await replica.admin('INFO', 'replication')).includes('master_link_status:up'))
    const written = await create(opened(t, driver, master), 'a')
    await eventually(async () => (await store.read('a'))?.version === written)

    await t.rejects(store.create('c', 'text', soon()), /READONLY/)
    await t.rejects(store.update('a', 'text', soon(), written), /READONLY/)
    await t.rejects(store.touch('a', soon()), /READONLY/)
    await t.rejects(store.remove('a'), /READONLY/)
    await t.rejects(store.saveMany?.([{ kind: 'remove', id: 'a' }]) as Promise<unknown>, /READONLY/)
    t.equal(await store.read('before'), undefined, 'the replica has what its master has')
    t.equal(await store.update('before', 'text', soon(), version), undefined)

    await replica.admin('REPLICAOF', 'NO', 'ONE')
    t.type(await store.update('a', 'promoted', soon(), written), 'string')
  })

  test(`a full server makes ${driver.name} reject what would grow it, and signing out still works`, async (t) => {
    const server = await running(t, '--maxmemory-policy', 'noeviction')
    const store = opened(t, driver, server)
    const version = await create(store, 'a')
    await create(store, 'b')
    await server.admin('CONFIG', 'SET', 'maxmemory', '1')

    await t.rejects(store.create('c', 'text', soon()), /OOM/)
    await t.rejects(store.update('a', 'text', soon(), version), /OOM/)
    await t.rejects(store.touch('a', soon()), /OOM/)
    t.hasStrict(await store.read('a'), { text: 'text', version })
    t.equal(await store.remove('a'), true)
    const mixed = store.saveMany?.([
      { kind: 'create', id: 'c', text: 'text', expires: soon() },
      { kind: 'remove', id: 'b' }
    ])
    await t.rejects(mixed as Promise<unknown>, /OOM/)
    t.equal(await store.read('b'), undefined, 'a refused write does not keep the others of its batch')

    await server.admin('CONFIG', 'SET', 'maxmemory', '0')
    t.type(await store.create('c', 'text', soon()), 'string')
  })

  test(`${driver.name} neither loses nor doubles an increment while its connections are cut`, async (t) => {
    const server = await running(t)
    const store = opened(t, driver, server)
    await store.create('count', '0', soon())
    let [sure, unsure] = [0, 0]
    const increment = async () => {
      try {
        if (await incremented(store)) sure++
      } catch {
        unsure++
      }
    }
    const sixty = async () => {
      for (let done = 0; done < 60; done++) await increment()
    }
    const writing = Promise.all([sixty(), sixty(), sixty()])
    const cutting = new AbortController()
    const cuts = (async () => {
      while (!cutting.signal.aborted) {
        await cutConnections(server)
        await sleep(15)
      }
    })()
    await writing
    cutting.abort()
    await cuts
    const count = Number((await store.read('count'))?.text)
    t.comment(`${count} in the store, ${sure} told to be there, ${unsure} told to have failed`)
    t.ok(count >= sure && count <= sure + unsure, `${count} of ${sure} to ${sure + unsure}`)
  })
}

test('what node-redis could not send in time is not sent when the server is back', async (t) => {
  const server = await running(t)
  const store = opened(t, nodeRedis, server, 300)
  await create(store, 'a')
  await server.kill()
  await t.rejects(store.create('late', 'text', soon()), /no answer within 300 ms/)
  await server.start()
  await eventually(async () => (await store.read('a')) === undefined) // nothing was on disk
  t.equal(await store.read('late'), undefined)
})

async function running(t: Test, ...args: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(...args)
  t.teardown(() => server.stop())
  t.comment(`Redis ${await server.version()}`)
  return server
}

function opened(t: Test, driver: Driver, server: RedisServer, timeout = 5000): AsyncRecordStore {
  const { store, close } = driver.open(server, { timeout })
  t.teardown(close)
  return store
}

async function incremented(store: AsyncRecordStore): Promise<boolean> {
  const record = await store.read('count')
  if (!record) throw new Error('the record is gone')
  const next = String(Number(record.text) + 1)
  return (await store.update('count', next, soon(), record.version)) !== undefined
}

async function create(store: AsyncRecordStore, id: string): Promise<string> {
  return (await store.create(id, 'text', soon())) as string
}

async function rejectsAll(t: Test, store: AsyncRecordStore, version: string, error: RegExp = /./): Promise<void> {
  await t.rejects(store.read('a'), error, 'read')
  await t.rejects(store.create('other', 'text', soon()), error, 'create')
  await t.rejects(store.update('a', 'text', soon(), 'not the version'), error, 'update')
  await t.rejects(store.touch('other', soon()), error, 'touch')
  await t.rejects(store.remove('other'), error, 'remove')
  await t.rejects(store.readMany?.(['a', 'b']) as Promise<unknown>, error, 'readMany')
  const write = { kind: 'update', id: 'b', text: 'text', expires: soon(), version } as const
  await t.rejects(store.saveMany?.([write]) as Promise<unknown>, error, 'saveMany')
  await t.rejects(store.clear?.() as Promise<unknown>, error, 'clear')
}

/** All but the one that asks. */
async function cutConnections(server: RedisServer): Promise<void> {
  await server.admin('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').catch(() => {})
}

function soon(): number {
  return Date.now() + 600_000
}
