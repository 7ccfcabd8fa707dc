import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { buildApp, Client, clock } from './client.js'

const schema = z.object({ n: z.number().default(0) })
const DAY = 24 * 60 * 60

async function rollingApp(t: Test, store: string, definition: object = {}, options: object = {}) {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { visit: { store, schema, idle: DAY, cookie: { maxAge: DAY }, rolling: true, ...definition } },
    ...options
  } as never)
  app.get('/set', async (request) => void request.session('visit').set('n', 1))
  app.get('/n', async (request) => {
    const { problem = null } = request.session('visit')
    return [problem, request.session('visit').get('n')]
  })
  app.get('/plain', async () => 'plain')
  app.get('/left-out', { config: { sessions: false } }, async () => 'plain')
  app.get('/poll', { config: { sessions: { touch: false } } }, async () => 'plain')
  app.get('/broken', async () => {
    throw new Error('broken')
  })
  return app
}

for (const store of ['memory', 'cookie']) {
  t.test(
    `every request that brings a rolling session renews it on the ${store} store, whoever asks for it`,
    async (t) => {
      const { pass } = clock(t)
      const client = new Client(await rollingApp(t, store))
      t.equal((await client.get('/plain')).headers.vary, undefined, 'no cookie came')
      await client.get('/set')
      for (let hours = 0; hours < 48; hours += 12) {
        pass(12 * 60 * 60 * 1000)
        const { cookies, headers } = await client.get('/plain')
        t.hasStrict(cookies, [{ name: '__Host-visit', maxAge: DAY }])
        t.equal(headers.vary, 'Cookie')
      }
      pass(20)
      t.hasStrict((await client.get('/plain')).cookies, [{ maxAge: DAY }], 'however little it is')
      t.same(await client.json('/n'), [null, 1])
      pass(DAY * 1000 + 1)
      t.same(await client.json('/n'), ['expired', 0])
    }
  )

  t.test(
    `HEAD and routes that do not count as use leave a rolling session on the ${store} store as it is`,
    async (t) => {
      const { pass } = clock(t)
      const client = new Client(await rollingApp(t, store))
      await client.get('/set')
      pass(1000)
      for (const url of ['/poll', '/broken', ...(store === 'memory' ? ['/left-out'] : [])]) {
        t.same((await client.get(url)).cookies, [], url)
      }
      t.same((await client.get('/plain', { method: 'HEAD' })).cookies, [])
    }
  )
}

t.test('a rolling session whose store fails costs a request nothing that does not ask for it', async (t) => {
  const store = memoryStore()
  const client = new Client(await rollingApp(t, 'memory', {}, { stores: { memory: store } }))
  await client.get('/set')
  store.read = () => {
    throw new Error('down')
  }
  t.equal((await client.get('/plain')).statusCode, 200)
  t.equal((await client.get('/n')).statusCode, 503)
})

t.test('without rolling a request that asks for no session renews none', async (t) => {
  const { pass } = clock(t)
  const client = new Client(await rollingApp(t, 'cookie', { rolling: false }))
  await client.get('/set')
  pass(12 * 60 * 60 * 1000)
  t.same((await client.get('/plain')).cookies, [])
})

t.test('touchAfter for all definitions gives way to rolling, and one of its own is refused', async (t) => {
  const { pass } = clock(t)
  const client = new Client(await rollingApp(t, 'cookie', {}, { touchAfter: 3600 }))
  await client.get('/set')
  pass(1000)
  t.equal((await client.get('/plain')).cookies.length, 1)
  await t.rejects(rollingApp(t, 'cookie', { touchAfter: 60 }), {
    code: 'FST_SESSIONS_CONFIG',
    message: /^session "visit": rolling moves its end with each request, touchAfter: 60 with fewer/
  })
  await t.rejects(rollingApp(t, 'cookie', { rolling: 'yes' }), { message: /rolling: expected true or false/ })
})
