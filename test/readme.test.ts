import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import type { Definition, SessionsOptions } from '../types/options.js'
import { buildApp, Client, gate } from './client.js'
import { directoryFor } from './servers/process.js'
import { startRedis } from './servers/redis.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const tsc = join(root, 'node_modules/.bin/tsc')

/** What examples after the first take for granted: an app with a few sessions. */
const PRELUDE = `
import Fastify from 'fastify'
import sessions, { cookieStore, defineSession, defineSessions, memoryStore } from 'fastify-sessions'
import { z } from 'zod'
const app = Fastify()
const options = defineSessions({
  keys: [process.env.OLD_KEY],
  stores: { cookie: cookieStore(), memory: memoryStore() },
  sessions: {
    cart: { schema: z.object({ items: z.array(z.string()).default([]) }) },
    login: { store: 'memory', schema: z.object({ user: z.string() }) }
  }
})
declare module 'fastify-sessions' { interface Register { options: typeof options } }
await app.register(sessions, options)
`

const [OLD_KEY, NEW_KEY] = ['old', 'new'].map((age) => `the ${age} key, of thirty-two bytes or more`) as [
  string,
  string
]
Object.assign(process.env, { OLD_KEY, NEW_KEY })

/** Where an example says where Redis is, in TypeScript. */
const REDIS_URL = 'process.env.README_REDIS_URL as string'

async function examples(): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string)
}

/** Compiles files as a program of their own, inside the package, so that its name resolves to itself. */
async function compile(name: string, files: Record<string, string>): Promise<string> {
  const directory = join(root, 'dist/readme', name)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: {
      rootDir: root,
      outDir: join(directory, 'out'),
      noUnusedLocals: false,
      noPropertyAccessFromIndexSignature: false
    },
    include: ['*.ts'],
    exclude: []
  }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text)
  // The test runner's own preloads are not for the compiler.
  await run('sh', ['-c', 'NODE_OPTIONS= exec "$0" -p "$1"', tsc, directory]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout || String(error))
  })
  return join(directory, 'out/dist/readme', name)
}

t.test('the first example of the README runs as it stands', async (t) => {
  const [first] = await examples()
  const out = await compile('first', { 'app.ts': first as string })
  const home = process.cwd()
  process.chdir(await directoryFor(t, 'readme'))
  t.teardown(() => process.chdir(home))
  process.env['SESSION_KEY'] = 'a key of thirty-two bytes or more, for the README'
  const { app } = (await import(pathToFileURL(join(out, 'app.js')).href)) as { app: FastifyInstance }
  t.teardown(() => app.close())
  const client = new Client(app)
  const added = await client.get('/cart/tea', { method: 'POST' })
  t.equal(added.statusCode, 302)
  t.same(await client.json('/'), { items: ['tea'], notices: ['Added to your cart'] })
  t.same(await client.json('/'), { items: ['tea'], notices: [] })
})

t.test('the other examples of the README', async (t) => {
  const [, ...others] = await examples()
  const files = others.map((text, index) => {
    // Each is a module of its own; what one declares is not known to the next.
    const prelude = index === 0 ? PRELUDE : PRELUDE.replace(/^declare module.*$/m, '')
    const names = ['app', ...[...text.matchAll(/^const (\w+) =/gm)].map(([, name]) => name)]
    return `${prelude}\n${text.replace("'redis://localhost:6379'", REDIS_URL)}\nexport { ${names} }\n`
  })
  const out = await compile('others', Object.fromEntries(files.map((text, index) => [`example-${index}.ts`, text])))
  const pathOf = (part: string) => {
    const index = others.findIndex((text) => text.includes(part))
    if (index === -1) throw new Error(`no example has ${part}`)
    return join(out, `example-${index}.js`)
  }
  /** The module of the example that holds `part`: its app, and what it names itself. */
  async function example<Own>(t: Test, part: string): Promise<Own & { readonly app: FastifyInstance }> {
    const module = (await import(pathToFileURL(pathOf(part)).href)) as Own & { readonly app: FastifyInstance }
    t.teardown(() => module.app.close())
    return module
  }

  t.test('a codec keeps a Date', async (t) => {
    const { app, visit } = await example<{ visit: Definition }>(t, 'isoDate')
    app.sessions.define('visit', visit)
    app.get('/set', async (request) => void request.session('visit').set('since', new Date(1)))
    app.get('/get', async (request) => request.session('visit').get('since') instanceof Date)
    const client = new Client(app)
    await client.get('/set')
    t.equal(await client.json('/get'), true)
  })

  t.test('sessions are kept in Redis', async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    Object.assign(process.env, { README_REDIS_URL: server.url, SESSION_KEY: NEW_KEY })
    type Own = {
      readonly redisOptions: SessionsOptions
      readonly client: { dbSize(): Promise<number>; destroy(): void }
    }
    const { redisOptions, client } = await example<Own>(t, 'redisStore')
    t.teardown(() => client.destroy())
    const app = await buildApp(t, redisOptions)
    app.get('/add', async (request) => void request.session('basket').set('items', ['tea']))
    app.get('/', async (request) => request.session('basket').data)
    const browser = new Client(app)
    await browser.get('/add')
    t.same(await browser.json('/'), { items: ['tea'] })
    t.equal(await client.dbSize(), 1)
  })

  t.test('the suite of the conformance package runs', async (t) => {
    const { stdout } = await run('sh', [
      '-c',
      'NODE_OPTIONS= exec node --test-reporter=tap "$0"',
      pathOf('conformanceCases')
    ])
    t.match(stdout, /^# pass [1-9]\d+$/m)
    t.match(stdout, /^# fail 0$/m)
  })

  t.test('routes name their sessions', async (t) => {
    const { app } = await example(t, '/health')
    t.equal((await app.inject('/health')).body, 'ok')
    t.same((await app.inject('/cart')).json(), { items: [] })
  })

  t.test('one signs in, is remembered, ends the others, and signs out', async (t) => {
    const { app } = await example(t, '/sign-in')
    app.get('/me', async (request) => ({ user: request.session('login').get('user') }))
    const [here, elsewhere] = [new Client(app), new Client(app)]
    const payload = { name: 'ann', remember: 'yes' }
    const { cookies } = await here.get('/sign-in', { method: 'POST', payload })
    t.match(cookies, [{ maxAge: 30 * 24 * 60 * 60 }])
    await elsewhere.get('/sign-in', { method: 'POST', payload: { name: 'ann' } })
    t.same(await elsewhere.json('/me'), { user: 'ann' })
    await here.get('/sign-out-everywhere-else', { method: 'POST' })
    t.same(await elsewhere.json('/me'), {})
    t.same(await here.json('/me'), { user: 'ann' })
    const copy = here.copy()
    await here.get('/sign-out', { method: 'POST' })
    t.same(await copy.json('/me'), {})
  })

  t.test('a schema of version 2 takes what was stored under version 1', async (t) => {
    const before = await buildApp(t, {
      keys: [OLD_KEY],
      sessions: { account: { schema: z.object({ name: z.string() }) } }
    })
    before.get('/', async (request) => void request.session('account').set('name', 'Ada Lovelace'))
    const client = new Client(before)
    await client.get('/')
    const { app, account } = await example<{ account: Definition }>(t, 'migrate:')
    app.sessions.define('account', account)
    app.get('/', async (request) => request.session('account').data)
    t.same(await client.copy(app).json('/'), { first: 'Ada', last: 'Lovelace' })
  })

  t.test('a key is rotated and nobody signed out', async (t) => {
    const sessions = { cart: { schema: z.object({ items: z.array(z.string()) }) } }
    const [before, after] = [
      await buildApp(t, { keys: [OLD_KEY], sessions }),
      await buildApp(t, { keys: [NEW_KEY], sessions })
    ]
    const { app } = await example(t, 'rotate(')
    before.get('/', async (request) => void request.session('cart').set('items', ['tea']))
    for (const later of [app, after]) later.get('/', async (request) => request.session('cart').data)
    const client = new Client(before)
    await client.get('/')
    t.same(await client.copy(after).json('/'), {}, 'the old key is not the new one')
    const seen = client.copy(app)
    t.same(await seen.json('/'), { items: ['tea'] })
    t.same(await seen.copy(after).json('/'), { items: ['tea'] }, 'what was seen once has the new key')
  })

  t.test('what two tabs set becomes one list', async (t) => {
    const { app, list } = await example<{ list: Definition }>(t, 'merge:')
    app.sessions.define('list', { ...list, store: 'memory' } as Definition)
    const both = gate()
    let waiting = 0
    app.get('/', async (request) => request.session('list').get('tags'))
    app.get('/:tag', async (request) => {
      request.session('list').set('tags', [(request.params as { tag: string }).tag])
      if (++waiting === 3) both.open()
      if (waiting > 1) await both.opened
    })
    const client = new Client(app)
    await client.get('/first')
    await Promise.all([client.get('/a'), client.get('/b')])
    t.same(new Set((await client.json('/')) as string[]), new Set(['a', 'b']))
  })

  t.test('a hijacked reply has its session saved', async (t) => {
    const { app } = await example(t, '/events')
    const client = new Client(app)
    t.equal((await client.get('/events')).body, 'data: 1\n\n')
    t.equal((await client.get('/events')).body, 'data: 2\n\n')
  })

  t.test('a plugin defines a session of its own', async (t) => {
    const { app } = await example(t, 'wizard')
    t.equal((await app.inject('/wizard')).body, '1')
  })
})

t.test('the store in the README is the one that passes the conformance suite', async (t) => {
  const tested = await readFile(join(root, 'test/conformance/example-store.ts'), 'utf8')
  const shown = (await examples()).find((text) => text.includes('exampleStore'))
  t.equal(functionIn(shown as string), functionIn(tested))
})

function functionIn(text: string): string {
  return text.slice(text.indexOf('export function'))
}
