import { Redis } from '@upstash/redis'
import { type Test, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { redisStore } from '../../lib/stores/redis.js'
import { deadPort } from '../servers/process.js'
import { startRedis } from '../servers/redis.js'
import { type HttpDoor, upstashDoor } from '../stand-ins/upstash.js'

test('the contract, kept through @upstash/redis', async (t) => {
  const { door } = await running(t)
  const open = (prefix: string) => redisStore({ client: clientOf(door.url), prefix })
  const cases = conformanceCases({
    open: () => open('contract:'),
    neighbour: () => open('other:'),
    unreachable: () => redisStore({ client: clientOf(`http://127.0.0.1:${deadPort}`), timeout: 2000 }),
    lacks: ['sweep']
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('several records are one request', async (t) => {
  const { door } = await running(t)
  const store = redisStore({ client: clientOf(door.url) })
  await store.setup()
  door.requests()
  await store.saveMany(
    ['a', 'b', 'c'].map((id) => ({ kind: 'create', id, text: 'text', expires: Date.now() + 60_000 }))
  )
  t.ok(door.requests() <= 2, 'once more for a script that the server does not know yet')
  await store.readMany(['a', 'b', 'c'])
  t.equal(door.requests(), 1)
})

test('an error of Upstash is told without the command, which holds what the session does', async (t) => {
  const { door, server } = await running(t)
  await server.admin('SET', 'session:a', 'x')
  await server.admin('CONFIG', 'SET', 'maxmemory', '1')
  const store = redisStore({ client: new Redis({ url: door.url, token: 'x', enableAutoPipelining: false }) })
  const error = await store.create('b', 'a secret of the user', Date.now() + 60_000).catch((error) => error)
  t.match(error.message, /OOM/)
  t.notMatch(error.message, /secret/)
  t.equal(error.cause, undefined)
})

async function running(t: Test) {
  const server = await startRedis()
  const door: HttpDoor = await upstashDoor(server)
  t.teardown(async () => {
    await door.close()
    await server.stop()
  })
  return { server, door }
}

function clientOf(url: string): Redis {
  return new Redis({ url, token: 'x', retry: false })
}
