import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import Fastify from 'fastify'
import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import * as mini from 'zod/mini'
import * as z3 from 'zod/v3'
import sessions, { memoryStore, type SessionsOptions } from '../lib/index.js'
import { HandlerSession } from '../lib/request/handler-session.js'
import { clock, KEY } from './client.js'
import { exactly } from './exactly.js'

const schema = z.object({ n: z.number().default(0) })

const sound = { kind: 'record', read() {}, create() {}, update() {}, touch() {}, remove() {} }

async function start(options: object): Promise<string> {
  const app = Fastify()
  try {
    await app.register(sessions, { keys: [KEY], sessions: {}, ...options } as SessionsOptions)
    await app.ready()
    return 'started'
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    return code === 'FST_SESSIONS_CONFIG' ? message : `${code}: ${message}`
  } finally {
    await app.close().catch(() => undefined)
  }
}

/** What stands behind each `z.date()` that is refused. */
const DATE =
  ' does not survive storage as JSON: write z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })'

/** A text is the whole message; a regular expression leaves out a list of all that there is. */
const told = (message: string | RegExp) => (typeof message === 'string' ? exactly(message) : message)

const define = (definition: object) => start({ sessions: { cart: definition } })
const holding = (value: unknown) => define({ schema: z.object({ value: value as z.ZodType }) })

t.test('wrong options are refused at start, and the message says where and what', async (t) => {
  const cases: [object, string | RegExp][] = [
    [{ keys: undefined }, 'keys: expected an array of at least one key, for example [process.env.SESSION_KEY]'],
    [{ keys: [] }, 'keys: expected an array of at least one key, for example [process.env.SESSION_KEY]'],
    [{ keys: [undefined] }, 'keys[0]: expected text or bytes, got undefined; is the environment variable set?'],
    [{ keys: [null] }, 'keys[0]: expected text or bytes, got null; is the environment variable set?'],
    [
      { keys: [KEY, 'short'] },
      'keys[1]: 5 bytes are too few, 32 are needed; make one with: node -p "crypto.randomBytes(32).toString(\'base64url\')"'
    ],
    [{ keys: [KEY, KEY] }, 'keys: the same key stands there twice'],
    [{ sessions: undefined }, 'sessions: expected an object of definitions by name'],
    [{ sessions: { 'a b': { schema } } }, 'session "a b": the name is not an RFC 6265 token'],
    [{ sessions: { cart: null } }, 'session "cart": expected a definition, { schema: z.object({…}) } at the least'],
    [
      { stores: { redis: {} } },
      'stores: "redis" is not a store: expected what a store function returns, such as fileStore({…})'
    ],
    [
      { stores: { mine: { kind: 'record', read: () => undefined } } },
      'stores: "mine" has no create(): a record store has read(), create(), update(), touch(), remove()'
    ],
    [
      { stores: { mine: { ...sound, remove: undefined } } },
      'stores: "mine" has no remove(): a record store has read(), create(), update(), touch(), remove()'
    ],
    [{ stores: { mine: { ...sound, sweep: true } } }, 'stores: "mine" has a sweep that is not a function'],
    [{ stores: { mine: Promise.resolve(sound) } }, 'stores: "mine" is a promise: await it'],
    [
      { invalidValueStatus: 200, sessions: { a: { schema } } },
      'session "a": invalidValueStatus: expected a status from 400 to 599, got 200'
    ],
    ...[399, 600, 404.5, '404'].map((status): [object, string] => [
      { invalidValueStatus: status, sessions: { a: { schema } } },
      `session "a": invalidValueStatus: expected a status from 400 to 599, got ${JSON.stringify(status)}`
    ]),
    [{ sessions: [{ schema }] }, 'sessions: expected an object of definitions by name'],
    [{ sessions: { cart: schema } }, 'session "cart": expected { schema }, got the schema itself'],
    [{ stores: [memoryStore()] }, 'stores: expected an object of stores by name'],
    [{ secret: KEY }, /^there is no option "secret"; there are keys, sessions, /],
    [{ default: 'cart' }, 'default: no session "cart"; there are none'],
    [
      { default: 'crat', sessions: { cart: { schema }, late: { schema } } },
      'default: no session "crat"; there are cart, late'
    ],
    [{ app: '' }, 'app: expected a non-empty string, got an empty one'],
    [{ app: 1 }, 'app: expected a non-empty string, got number'],
    [{ cookie: 'sid' }, 'cookie: expected an object of attributes, got string'],
    [{ cookie: { name: 'sid' } }, /^cookie: there is no option "name"; there are path, /],
    [
      { sweepInterval: '10m' },
      'sweepInterval: expected seconds from 0 to 1209600 (14 days; 0 switches sweeping off), got the text "10m"'
    ],
    [{ clearMarker: { store: 'nowhere' } }, 'clearMarker: store: "nowhere" is not a record store; there is none'],
    [
      { clearMarker: { store: 'memory', refresh: -1 }, stores: { memory: memoryStore() } },
      'clearMarker: refresh: expected seconds from 0 to 3600 (an hour), got -1'
    ],
    [
      { sessions: { a: { schema, cookie: { name: 'x' } }, b: { schema, cookie: { name: 'x' } } } },
      'sessions "a" and "b" share the cookie "x"'
    ],
    [
      { keys: [KEY], sessions: { a: { schema, chunks: 2 }, 'a.1': { schema } } },
      'sessions "a" and "a.1" share the cookie "__Host-a.1"'
    ]
  ]
  for (const [options, message] of cases) t.match(await start(options), told(message))
  t.equal(await start({}), 'started')
})

t.test('wrong definitions are refused at start', async (t) => {
  const cases: [object, string | RegExp][] = [
    [{}, 'session "cart" has no schema: write schema: z.object({…}), the keys that it holds'],
    [{ schema: {} }, 'session "cart": schema: expected a z.object({…}) or another Standard Schema'],
    [{ schema, store: 'redis' }, 'session "cart": store: there is no store "redis"; there are cookie'],
    [{ schema, store: memoryStore() }, 'session "cart": store: expected the name of one of the stores, got object'],
    [{ schema, iddle: 3 }, /^session "cart": there is no option "iddle"; there are schema, /],
    [
      { schema, cookie: { samesite: 'lax' } },
      /^session "cart": cookie: there is no option "samesite"; there are name, /
    ],
    [
      { schema, cookie: { secure: 'true' } },
      'session "cart": cookie: secure: expected true, false or "auto", got "true"'
    ],
    [{ schema, merge: { n: 'theirs' } }, 'session "cart": merge: n: expected a function'],
    [
      { schema, version: 2, migrate: { 1: null } },
      'session "cart": migrate: 1: expected a function, or { up, down } of two'
    ],
    [{ schema, version: 2, migrate: { 1: {} } }, 'session "cart": migrate: 1: up: expected a function'],
    [
      { schema, version: 2, migrate: { 1: { up: (it: unknown) => it, down: true } } },
      'session "cart": migrate: 1: down: expected a function'
    ],
    [
      { schema, version: 2, migrate: { 1: { up: (it: unknown) => it, back: true } } },
      'session "cart": migrate: 1: there is no option "back"; there are up, down'
    ],
    [
      { schema, version: 2, migrate: { 1.5: (it: unknown) => it } },
      'session "cart": migrate: step 1.5 leads nowhere: the version is 2'
    ],
    [
      { schema, version: 2, migrate: { 0: () => ({}) } },
      'session "cart": migrate: step 0 leads nowhere: the version is 2'
    ],
    [{ schema, maxBytes: 10 }, 'session "cart": maxBytes: expected a whole number of bytes, at least 256, got 10'],
    [{ schema, maxBytes: '1MB' }, 'session "cart": maxBytes: expected a whole number of bytes, at least 256, got 1MB'],
    [{ schema, merge: { m: () => 1 } }, 'session "cart": merge: m: the schema has no such key; it has n'],
    [{ schema, cookie: { httpOnly: 'yes' } }, 'session "cart": cookie: httpOnly: expected true or false, got string'],
    [
      { schema, cookie: { priority: 'urgent' } },
      'session "cart": cookie: priority: expected "low", "medium" or "high", got "urgent"'
    ],
    [{ schema, flash: true }, /flash: expected z.object/],
    [{ schema, flash: ['notice'] }, /flash: expected z.object/],
    [{ schema, flash: { notice: 'string' } }, 'session "cart" flash "notice": expected the schema of one message'],
    [{ schema, idle: 0 }, 'session "cart": idle: expected seconds from 1 to 34560000 (400 days), got 0'],
    [
      { schema, absolute: Number.NaN },
      'session "cart": absolute: expected seconds from 1 to 315360000 (10 years), got NaN'
    ],
    [{ schema, touchAfter: -1 }, 'session "cart": touchAfter: expected seconds from 0 to 34560000 (400 days), got -1'],
    [
      { schema, grace: '10' },
      'session "cart": grace: expected seconds from 0 to 3600 (an hour), got the text "10": write the number 10'
    ],
    [{ schema, chunks: 5 }, 'session "cart": chunks: expected 1 to 4, got 5'],
    [{ schema, version: 0 }, 'session "cart": version: expected a whole number from 1, got 0'],
    [
      { schema, version: 2, migrate: { 2: () => ({}) } },
      'session "cart": migrate: step 2 leads nowhere: the version is 2'
    ],
    [{ schema, seal: 'none' }, 'session "cart": seal: expected "encrypt" or "sign", got "none"'],
    [{ schema, seal: null }, 'session "cart": seal: expected "encrypt" or "sign", got null'],
    [{ schema, load: 'lazy' }, 'session "cart": load: expected "auto" or "manual", got "lazy"'],
    [{ schema, onStoreError: 'ignore' }, 'session "cart": onStoreError: expected "throw" or "empty", got "ignore"'],
    [{ schema, flashOnPrefetch: true }, 'session "cart": flashOnPrefetch: expected "keep" or "take", got true'],
    [{ schema, onInvalid: 'drop' }, 'session "cart": onInvalid: expected "reset" or "throw", got "drop"'],
    [{ schema, flash: z.string() }, /flash: expected z.object/],
    [{ schema, flash: { notice: z.date() } }, `session "cart" flash "notice": its schema: z.date()${DATE}`],
    [{ schema, cookie: { name: 'a b' } }, 'session "cart": cookie: name: "a b" is not an RFC 6265 token'],
    [
      { schema, cookie: { name: '__Host-x', path: '/shop' } },
      'session "cart": cookie: name: "__Host-x" needs secure: true, path: "/" and no domain (RFC 6265bis §4.1.3.2)'
    ],
    [
      { schema, cookie: { name: '__Secure-x', secure: false } },
      'session "cart": cookie: name: "__Secure-x" needs secure: true (RFC 6265bis §4.1.3.1)'
    ],
    [{ schema, cookie: { path: 'shop' } }, /path: expected "\/"/],
    [{ schema, cookie: { path: '/;x' } }, /path: expected "\/"/],
    [{ schema, cookie: { domain: 'a b' } }, 'session "cart": cookie: domain: "a b" is not a host name'],
    [
      { schema, cookie: { sameSite: true } },
      'session "cart": cookie: sameSite: expected "lax", "strict" or "none", got true'
    ],
    [
      { schema, cookie: { sameSite: 'none', secure: false } },
      'session "cart": cookie: sameSite: "none" needs secure: browsers drop the cookie otherwise'
    ],
    [
      { schema, cookie: { partitioned: true, secure: false } },
      'session "cart": cookie: partitioned needs secure: browsers drop the cookie otherwise'
    ],
    [
      { schema, cookie: { maxAge: 1.5 } },
      'session "cart": cookie: maxAge: expected whole seconds from 1 to 34560000 (400 days, RFC 6265bis §5.5), got 1.5'
    ],
    [
      { schema, cookie: { maxAge: 34_560_001 } },
      'session "cart": cookie: maxAge: expected whole seconds from 1 to 34560000 (400 days, RFC 6265bis §5.5), got 34560001: seconds, not milliseconds? Then write 34560'
    ]
  ]
  for (const [definition, message] of cases) t.match(await define(definition), told(message))
  t.equal(await define({ schema, cookie: { domain: 'example.com', path: '/shop', secure: false } }), 'started')
  for (const invalidValueStatus of [400, 599]) t.equal(await define({ schema, invalidValueStatus }), 'started')
})

t.test('a schema that can not survive storage is refused, with the path and what to write instead', async (t) => {
  const codec = z.codec(z.string(), z.string(), { decode: async (text) => text, encode: (text) => text })
  const cases: [unknown, string | RegExp][] = [
    [z.date(), `session "cart": value: z.date()${DATE}`],
    [z.coerce.date(), `session "cart": value: z.date()${DATE}`],
    [z.array(z.object({ at: z.date() })), `session "cart": value[].at: z.date()${DATE}`],
    [
      z.map(z.string(), z.number()),
      'session "cart": value: z.map() does not survive storage as JSON: write z.codec(z.array(z.tuple([key, value])), z.map(key, value), { decode: (entries) => new Map(entries), encode: (map) => [...map] })'
    ],
    [
      z.set(z.string()),
      'session "cart": value: z.set() does not survive storage as JSON: write z.codec(z.array(item), z.set(item), { decode: (items) => new Set(items), encode: (set) => [...set] })'
    ],
    [
      z.bigint(),
      'session "cart": value: z.bigint() does not survive storage as JSON: write z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })'
    ],
    [
      z.literal([1n]),
      'session "cart": value: a bigint does not survive storage as JSON: write z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })'
    ],
    [
      z.literal(['a', 1n]),
      'session "cart": value: a bigint does not survive storage as JSON: write z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })'
    ],
    [z.symbol(), 'session "cart": value: z.symbol() does not survive storage as JSON: keep a string instead'],
    [z.nan(), 'session "cart": value: z.nan() does not survive storage as JSON: keep null instead'],
    [
      z.never(),
      'session "cart": value: a required z.never() can be given no value: leave the key out, or write z.never().optional()'
    ],
    [
      z.object({ in: z.object({ none: z.never() }) }),
      'session "cart": value.in.none: a required z.never() can be given no value: leave the key out, or write z.never().optional()'
    ],
    [
      z.promise(z.string()),
      'session "cart": value: z.promise() does not survive storage as JSON: keep what it resolves to instead'
    ],
    [
      z.instanceof(URL),
      'session "cart": value: z.instanceof() does not survive storage as JSON: write z.codec(stored, z.instanceof(…), { decode, encode })'
    ],
    [z.string().transform((text) => text.length), /z.transform\(\) goes one way/],
    [z.preprocess((value) => value, z.string()), /z.transform\(\) goes one way/],
    [
      z.success(z.string()),
      'session "cart": value: z.success() goes one way and can\'t be stored: write z.codec(stored, typed, { decode, encode })'
    ],
    [z.string().refine(async () => true), /must not be async/],
    [codec, /must not be async/],
    [z.tuple([z.string(), z.date()]), `session "cart": value[1]: z.date()${DATE}`],
    [z.tuple([z.string()], z.date()), `session "cart": value[]: z.date()${DATE}`],
    [z.record(z.string(), z.date()), `session "cart": value{}: z.date()${DATE}`],
    [z.union([z.string(), z.date()]), /value: z.date/],
    [
      z.intersection(z.object({ a: z.string() }), z.object({ b: z.date() })),
      `session "cart": value.b: z.date()${DATE}`
    ],
    [z.lazy(() => z.object({ at: z.date() })), `session "cart": value.at: z.date()${DATE}`],
    [z.date().optional().nullable().readonly(), /value: z.date/],
    [z.looseObject({}).catchall(z.date()), `session "cart": value.*: z.date()${DATE}`],
    [
      z.object({ deep: z.object({ list: z.array(z.string()) }).default({ list: [] }) }),
      'session "cart": value.deep: zod hands out one and the same object in this default to everybody: write it as a function, .default(() => (…))'
    ],
    [
      z.array(z.string()).catch([]),
      'session "cart": value: zod hands out one and the same object in this default to everybody: write it as a function, .catch(() => (…))'
    ],
    [
      z.any().prefault({ list: [] }),
      'session "cart": value: zod hands out one and the same object in this default to everybody: write it as a function, .prefault(() => (…))'
    ],
    [
      z.array(z.any()).default([Object.freeze({ tags: [] })]),
      'session "cart": value: zod hands out one and the same object in this default to everybody: write it as a function, .default(() => (…))'
    ],
    [z.codec(z.date(), z.string(), { decode: String, encode: (text) => new Date(text) }), /value: z.date/],
    [z.iso.datetime().default('not a date'), 'session "cart": the default of value: Invalid ISO datetime']
  ]
  const oneWay = [
    ['string', 'number', z.string().pipe(z.coerce.number())],
    ['string', 'number', z.string().pipe(z.number() as never)],
    [
      'string',
      'number',
      z
        .string()
        .optional()
        .pipe(z.coerce.number().optional() as never)
    ],
    ['string', 'boolean', z.string().pipe(z.coerce.boolean())],
    ['number', 'string', z.array(z.number().pipe(z.coerce.string()))],
    ['number', 'string', z.number().pipe(z.enum(['a', 'b']) as never)],
    ['string', 'number', z.string().pipe(z.literal([1, 2]) as never)],
    ['string', 'number', mini.pipe(mini.string(), mini.number() as never)],
    ['string or null', 'number', z.literal(['a', null]).pipe(z.number() as never)]
  ] as const
  for (const [from, to, value] of oneWay) {
    t.match(
      await holding(value),
      `a pipe from ${from} to ${to} goes one way, and what it gives could never be set: write z.coerce.${to}(), or z.codec(`
    )
  }
  const contents = [
    z.array(z.string()).pipe(z.array(z.coerce.number()) as never),
    z.object({ a: z.string(), b: z.string() }).pipe(z.object({ a: z.string(), b: z.coerce.number() }) as never)
  ]
  for (const value of contents)
    t.match(await holding(value), 'a pipe between schemas of different content goes one way')
  for (const [value, message] of cases) t.match(await holding(value), told(message))
  for (const other of [z.string(), z.array(z.string()), z.number()]) {
    t.match(
      await define({ schema: other }),
      /schema: expected a schema of an object, z.object\(\{…\}\), got z\.(string|array|number)\(\)/
    )
  }
  t.match(
    await define({ schema: z.object(Object.fromEntries([['__proto__', z.string()]])) }),
    'session "cart": its schema: a key can not be named __proto__'
  )
})

t.test('a schema of zod 3 is refused by its name, wherever it stands', async (t) => {
  const zod3 =
    'this is a schema of zod 3, which can not encode: import { z } from "zod" in version 4 (npm install zod@4), not from "zod/v3"'
  t.equal(await define({ schema: z3.object({ n: z3.number() }) }), `session "cart": schema: ${zod3}`)
  t.equal(await holding(z3.string()), `session "cart": value: ${zod3}`)
  t.equal(await holding(z.array(z3.string() as never)), `session "cart": value[]: ${zod3}`)
  t.equal(await define({ schema, flash: { notice: z3.string() } }), `session "cart" flash "notice": ${zod3}`)
  t.equal(await holding(v.string()), 'session "cart": value: expected a schema of zod, got object')
})

t.test('a default that gives another value at each call is refused, with what to write', async (t) => {
  const isoDate = z.codec(z.iso.datetime(), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString()
  })
  let calls = 0
  const values = [
    z.string().default(() => randomUUID()),
    z.number().default(() => ++calls),
    isoDate.default(() => new Date(++calls)),
    z.object({ id: z.string() }).default(() => ({ id: randomUUID() })),
    z.object({ id: z.string().default(() => randomUUID()) }).prefault({})
  ]
  const message =
    'session "cart": value: its default gives another value at each call, so each request would see another: ' +
    'write .optional() instead, and where a session begins if (!session.has("value")) session.set("value", …)'
  for (const value of values) t.equal(await holding(value), message)
})

t.test('a default of the time is refused when the time has gone on until the app is ready', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const time = clock(t)
  const value = z.number().default(() => Date.now())
  await app.register(sessions, { keys: [KEY], sessions: { cart: { schema: z.object({ value }) } } })
  time.pass(1)
  await t.rejects(async () => void (await app.ready()), {
    code: 'FST_SESSIONS_CONFIG',
    message: /^session "cart": value: its default gives another value at each call/
  })
})

t.test('what does survive is let in', async (t) => {
  const isoDate = z.codec(z.iso.datetime(), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString()
  })
  interface Tree {
    name: string
    children: Tree[]
  }
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(tree) }))
  const comment = z.object({
    text: z.string(),
    get answers() {
      return z.array(comment)
    }
  })
  const values = [
    isoDate,
    isoDate.default(() => new Date(0)),
    z.coerce.number(),
    z.string().pipe(z.string().min(2)).optional(),
    z.union([z.string(), z.number()]).pipe(z.coerce.number()),
    z.any().pipe(z.number()),
    z.stringbool().pipe(z.boolean()),
    z.union([z.object({ a: z.string() }), z.object({ a: z.number() })]).pipe(z.object({ a: z.number() })),
    z.stringbool(),
    tree,
    z.string().trim().toLowerCase(),
    z.enum(['a', 'b']),
    z.templateLiteral(['a', z.number()]),
    z.json(),
    z.any(),
    z.custom<`${number}px`>(),
    z.object({ list: z.array(z.string()) }).default(() => ({ list: [] })),
    z.array(z.string()).prefault([]),
    z.object({ list: z.array(z.string()) }).prefault({ list: [] }),
    z.number().catch(0),
    z.array(z.string()).catch(() => []),
    z.array(z.string()).catch(({ input }) => (Array.isArray(input) ? input.map(String) : [])),
    comment
  ]
  for (const value of values) t.equal(await holding(value), 'started', value.def.type)
  t.equal(await define({ schema: mini.object({ n: mini._default(mini.number(), 0) }) }), 'started')
  t.equal(await define({ schema: v.object({ n: v.number() }) }), 'started')
  t.equal(await define({ schema: z.record(z.string(), z.number()) }), 'started')
  t.equal(
    await define({
      schema: z.discriminatedUnion('at', [z.object({ at: z.literal('a') }), z.object({ at: z.literal('b') })])
    }),
    'started'
  )
})

t.test('what a route says of sessions is checked when the app is ready', async (t) => {
  const cases: [unknown, RegExp][] = [
    [true, /^route "GET \/cart": config.sessions: expected false, an array of names, or \{ load, touch \}/],
    ['cart', /expected false, an array of names, or/],
    [['crat'], /no session "crat"; there are cart, late/],
    [{ laod: ['cart'] }, /config.sessions: there is no option "laod"; there are load, touch/],
    [{ load: ['crat'] }, /config.sessions: load: no session "crat"; there are cart, late/],
    [{ load: 'cart' }, /config.sessions: load: expected false or an array of names/],
    [{ touch: 'no' }, /config.sessions: touch: expected true or false, got string/]
  ]
  for (const [config, message] of cases) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(sessions, { keys: [KEY], sessions: { cart: { schema } } })
    app.get('/cart', { config: { sessions: config as never } }, async () => '')
    app.sessions.define('late', { schema })
    await t.rejects(async () => void (await app.ready()), { code: 'FST_SESSIONS_CONFIG', message })
  }
})

t.test('a store that can not be set up is named, with the reason', async (t) => {
  const refused = new AggregateError([], '')
  Object.assign(refused, { code: 'ECONNREFUSED' })
  const app = Fastify()
  t.teardown(() => app.close())
  const store = Object.assign(memoryStore(), { setup: () => Promise.reject(refused) })
  await app.register(sessions, { keys: [KEY], stores: { db: store }, sessions: {} })
  await t.rejects(async () => void (await app.ready()), {
    code: 'FST_SESSIONS_STORE_CONFIG',
    message: exactly(
      'store "db": could not be set up: ECONNREFUSED. Does its server run, and is the address right, and what the app signs in with? To start without it, and answer requests for its sessions with 503 until it is there: startWithout: ["db"]'
    ),
    cause: refused
  })
})

t.test('what comes too early, or means nobody, is refused and not taken for "there is none"', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request) => {
    if (request.url === '/early') request.session('cart').get('n')
  })
  await app.register(sessions, { keys: [KEY], stores: { memory: memoryStore() }, sessions: { cart: { schema } } })
  const code = 'FST_SESSIONS_CONFIG'
  await t.rejects(app.sessions.of('ada'), { code, message: /^app.sessions.of\(\): too early: .*app.ready\(\)/ })
  await t.rejects(app.sessions.revoke('ada'), { code, message: /^app.sessions.revoke\(\): too early/ })
  await t.rejects(app.sessions.clear(), { code, message: /^app.sessions.clear\(\): too early/ })
  app.get('/early', async () => '')
  const early = (await app.inject('/early')).json<{ code: string; message: string }>()
  t.match(early, { code: 'FST_SESSIONS_NOT_LOADED', message: /register fastify-sessions before the hook/ })
  await t.rejects(app.sessions.of(undefined as never), { code, message: /non-empty string, got undefined/ })
  await t.rejects(app.sessions.revoke(''), { code, message: /non-empty string/ })
  for (const which of ['id', {}, { except: undefined }, { only: 7 }]) {
    await t.rejects(app.sessions.revoke('ada', which as never), {
      code,
      message: /expected \{ except \} or \{ only \}/
    })
  }
})

t.test('what is left undefined in the second argument of revoke does not count', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(sessions, {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: { cart: { schema, store: 'memory' } }
  })
  app.get('/', async (request) => request.session('cart').identify('ada').id)
  await app.ready()
  const [first, second] = [(await app.inject('/')).body, (await app.inject('/')).body]
  t.equal(await app.sessions.revoke('ada', { except: undefined, only: first } as never), 1)
  t.same(
    (await app.sessions.of('ada')).map(({ id }) => id),
    [second]
  )
})

t.test('a value set on request.session, which is one for all requests, is refused', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(sessions, { keys: [KEY], sessions: { cart: { schema } } })
  app.get('/', async (request) => {
    const instead = (call: string) =>
      `request.session is a function that gives the session of a name: write request.session("cart").${call} (in Nest take @Req(), not @Session()); for plugins that expect a session there, give the options default: "cart"`
    const asObject = request.session as unknown as { get(key: string): unknown; user?: string; id?: string }
    const code = 'FST_SESSIONS_UNKNOWN'
    t.throws(() => Object.assign(asObject, { user: 'ada' }), {
      code,
      message: `request.session.user: ${instead('set("user", …)')}`
    })
    t.throws(() => asObject.get('user'), { code, message: `request.session.get: ${instead('get')}` })
    t.throws(() => asObject.id, { code, message: `request.session.id: ${instead('id')}` })
    // A function has a name of its own, and no session is to be sent as it is.
    const others = ['constructor', 'name', 'toJSON']
    for (const member of Object.getOwnPropertyNames(HandlerSession.prototype)) {
      if (!others.includes(member)) t.throws(() => Reflect.get(asObject, member), { code }, member)
    }
    t.equal(asObject.user, undefined)
    t.equal(JSON.stringify({ session: request.session }), '{}')
    t.match(inspect(request.session), '[Function: session] Object')
    t.equal(request.session.call(request, 'cart'), request.session('cart'))
    const nests = request.session as (name: string) => unknown
    t.throws(() => nests('cart'), {
      code: 'FST_SESSIONS_NOT_LOADED',
      message: /write request\.session\(…\), not a copy of the function \(in Nest take @Req\(\), not @Session\(\)\)$/
    })
    t.throws(() => Object.assign(request.session('cart'), { n: 1 }), {
      code: 'FST_SESSIONS_UNSUPPORTED',
      message: exactly('session "cart": "n" would not be kept: use set()')
    })
    t.throws(() => Object.assign(request.session('cart'), { get: 1 }), TypeError)
    t.throws(() => Object.assign(request.session('cart'), { data: {} }), TypeError)
    t.throws(() => request.session(undefined as never), {
      message: exactly('no session "undefined": the app defines cart')
    })
    return ''
  })
  await app.inject('/')
})
