import { RedisStore } from 'connect-redis'
import session from 'express-session'
import { createClient } from 'redis'
import { t as tap, test } from 'tap'
import { conformanceCases, type StoreHarness } from '../../lib/conformance/index.js'
import { type ExpressSessionStore, expressStore } from '../../lib/stores/express.js'
import { startRedis } from '../servers/redis.js'

const server = await startRedis()
tap.comment(`Redis ${await server.version()}`)
const client = createClient({ url: server.url })
client.on('error', () => {})
await client.connect()
tap.teardown(async () => {
  client.destroy()
  await server.stop()
})

const inRedis = (prefix: string) => new RedisStore({ client, prefix })
const shared = { redis: inRedis('records:'), memory: new session.MemoryStore() }
const harnesses: Readonly<Record<string, StoreHarness>> = {
  'connect-redis': {
    open: () => expressStore(shared.redis),
    neighbour: () => expressStore(inRedis('others:')),
    unreachable: () => expressStore(new RedisStore({ client: createClient({ disableOfflineQueue: true }) })),
    lacks: ['sweep', 'readMany', 'saveMany', 'list']
  },
  "express-session's MemoryStore": {
    open: () => expressStore(shared.memory),
    neighbour: () => expressStore(new session.MemoryStore()),
    unreachable: () => expressStore(failing('out of reach')),
    lacks: ['sweep', 'readMany', 'saveMany', 'list']
  }
}

for (const [name, harness] of Object.entries(harnesses)) {
  test(`the contract, through ${name}`, async (t) => {
    for (const { name, skipped, run } of conformanceCases(harness)) await t.test(name, { skip: skipped ?? false }, run)
  })
}

test('Redis itself removes a record when it ends, also when it was renewed', async (t) => {
  const store = expressStore(inRedis('ends:'))
  const end = Math.ceil(Date.now() / 1000) * 1000 + 60_000
  await store.create('a', 'text', end)
  await store.touch('a', end + 600_000)
  const left = Number(await client.pTTL('ends:a'))
  t.ok(left > 600_000 && left <= 662_000, `${left} ms`)
  t.equal((await store.read('a'))?.expires, end + 600_000)
})

test('the other store finds the end wherever it looks for it', async (t) => {
  const seen: { cookie: { expires: Date; maxAge: number; originalMaxAge: number } }[] = []
  const other = { ...failing('unused'), get: (_: string, done: Done) => done(), set: record(seen) }
  const expires = Date.now() + 60_000
  await expressStore(other).create('a', 'text', expires)
  const cookie = seen[0]?.cookie
  t.equal(cookie?.expires.getTime(), expires)
  t.equal(cookie?.originalMaxAge, cookie?.maxAge)
  t.ok(cookie && cookie.maxAge > 0 && cookie.maxAge <= 60_000)
})

test('ENOENT of a store on files means that there is no such record', async (t) => {
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' })
  const store = expressStore({ ...failing('unused'), get: (_: string, done: Done) => done(missing) })
  t.equal(await store.read('a'), undefined)
  t.equal(await store.remove('a'), false)
})

test("an error of the other store is the caller's, thrown, called back or rejected", async (t) => {
  const down = new Error('down')
  const fail = () => {
    throw down
  }
  for (const get of [fail, async () => fail(), (_: string, done: Done) => done(down)]) {
    await t.rejects(expressStore({ ...failing('unused'), get }).read('a'), down)
  }
})

test('two bridges over one store do not overwrite each other', async (t) => {
  const memory = new session.MemoryStore()
  const [mine, theirs] = [expressStore(memory), expressStore(memory)]
  const expires = Date.now() + 60_000
  const version = (await mine.create('a', 'first', expires)) as string
  const answers = await Promise.all([mine, theirs].map((store) => store.update('a', 'second', expires, version)))
  t.equal(answers.filter((answer) => answer !== undefined).length, 1)
})

test('it says that compare-and-set reaches no further than this process', (t) => {
  t.equal(expressStore(shared.memory).capabilities?.compareAndSet, 'process')
  t.end()
})

test('what is no store for express-session is refused', (t) => {
  const refused = { code: 'FST_SESSIONS_STORE_CONFIG', message: /has no get\(\)/ }
  for (const other of [undefined, null, {}]) t.throws(() => expressStore(other as never), refused)
  t.end()
})

test('a store without clear makes a store without clear', (t) => {
  t.equal(expressStore(failing('unused')).clear, undefined)
  t.end()
})

type Done = (error?: unknown, value?: unknown) => void

function failing(why: string): ExpressSessionStore {
  const fail = (...args: unknown[]) => (args.at(-1) as Done)(new Error(why))
  return { get: fail, set: fail, destroy: fail }
}

function record<T>(seen: T[]) {
  return (_: string, value: T, done: Done) => {
    seen.push(value)
    done()
  }
}
