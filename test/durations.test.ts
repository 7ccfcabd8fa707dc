import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import sessions, { memoryStore } from '../lib/index.js'
import { cached } from '../lib/stores/cached.js'
import { memcachedStore } from '../lib/stores/memcached.js'
import { buildApp, Client, KEY } from './client.js'

const schema = z.object({ n: z.number().default(0) })
const DAY = 24 * 60 * 60

/** What the app says at start. */
async function start(options: object): Promise<string> {
  const app = Fastify()
  try {
    await app.register(sessions, { keys: [KEY], sessions: {}, ...options } as never)
    await app.ready()
    return 'started'
  } catch (error) {
    return (error as Error).message
  } finally {
    await app.close()
  }
}

const define = (definition: object) => start({ sessions: { cart: { schema, ...definition } } })
const marker = (refresh: unknown) =>
  start({
    stores: { memory: memoryStore() },
    sessions: { cart: { schema } },
    clearMarker: { store: 'memory', refresh }
  })

/** Every option that says how long, as a function of that. */
const options: Readonly<Record<string, (value: unknown) => Promise<string>>> = {
  idle: (idle) => define({ idle, absolute: 3650 * DAY }),
  'idle, of all sessions': (idle) => start({ idle, absolute: 3650 * DAY, sessions: { cart: { schema } } }),
  absolute: (absolute) => define({ absolute }),
  touchAfter: (touchAfter) => define({ touchAfter }),
  grace: (grace) => define({ grace }),
  'cookie: maxAge': (maxAge) => define({ cookie: { maxAge } }),
  sweepInterval: (sweepInterval) => start({ sweepInterval }),
  'clearMarker: refresh': marker,
  'cached: ttl': async (ttl) => refusal(() => cached(memoryStore(), { ttl: ttl as number })),
  'memcached: refresh': async (refresh) =>
    refusal(() => memcachedStore({ discovery: '127.0.0.1:1', refresh: refresh as number }))
}

function refusal(make: () => unknown): string {
  try {
    make()
    return 'started'
  } catch (error) {
    return (error as Error).message
  }
}

for (const [name, given] of Object.entries(options)) {
  t.test(
    `${name}: what is no finite number, in range, is refused at start with the unit and what was got`,
    async (t) => {
      const cases: [unknown, string][] = [
        ['600', 'the text "600": write the number 600'],
        ['10m', 'the text "10m"'],
        ['', 'the text ""'],
        [Number.NaN, 'NaN'],
        [Number.POSITIVE_INFINITY, 'Infinity'],
        [-1, '-1'],
        [null, 'null'],
        [true, 'true'],
        [{ days: 1 }, 'an object'],
        [10n, '10']
      ]
      for (const [value, got] of cases) {
        const message = await given(value)
        t.match(message, /: expected (whole )?(milli)?seconds from [01] to \d+ \([^)]+\), got /)
        t.equal(message.split(', got ')[1], got)
      }
      t.equal(await given(60), 'started')
    }
  )
}

t.test('a number of milliseconds where seconds are meant is recognised', async (t) => {
  t.match(await define({ idle: 14 * DAY * 1000 }), /got 1209600000: seconds, not milliseconds\? Then write 1209600$/)
  t.match(await define({ idle: 401 * DAY }), /got 34646400: seconds, not milliseconds\? Then write 34646\.4$/)
  t.match(await define({ grace: 10_000 }), /seconds, not milliseconds\? Then write 10$/)
  t.match(await start({ sweepInterval: 40 * DAY }), /^sweepInterval: .*14 days; 0 switches sweeping off/)
})

t.test('persist() takes whole seconds, and says what it got', async (t) => {
  const app = await buildApp(t, { sessions: { cart: { schema } } })
  app.get('/:age', async (request) => {
    const { age } = request.params as { age: string }
    return request.session('cart').persist(JSON.parse(age)).isDirty
  })
  const client = new Client(app)
  const code = 'FST_SESSIONS_LIFETIME'
  const expected =
    'session "cart": persist(): expected whole seconds from 1 to 34560000 (400 days, RFC 6265bis §5.5), got'
  t.hasStrict(await client.json('/"60"'), { code, message: `${expected} the text "60": write the number 60` })
  t.hasStrict(await client.json('/1.5'), { code, message: `${expected} 1.5` })
  t.hasStrict(await client.json('/0'), { code, message: `${expected} 0` })
  t.equal((await client.get('/60')).body, 'true')
})

t.test('an idle time that the absolute lifetime cuts off is refused, unless it is a default', async (t) => {
  const message = (idle: number, absolute: number) =>
    `session "cart": idle: ${idle} s is longer than absolute, ${absolute} s, which ends the session first: raise absolute, or lower idle`
  t.equal(await define({ idle: 7200, absolute: 3600 }), message(7200, 3600))
  t.equal(await define({ idle: 100 * DAY }), message(100 * DAY, 90 * DAY))
  const all = (shared: object, own: object) => start({ ...shared, sessions: { cart: { schema, ...own } } })
  t.equal(await all({ absolute: 3600 }, { idle: 7200 }), message(7200, 3600))
  t.equal(await all({ idle: 7200, absolute: 3600 }, {}), message(7200, 3600))
  t.equal(await all({ idle: 7200 }, { absolute: 3600 }), 'started')
  t.equal(await define({ absolute: 3600 }), 'started')
  t.equal(await all({ absolute: 3600 }, {}), 'started')
})
