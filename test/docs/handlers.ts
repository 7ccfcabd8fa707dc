import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { z } from 'zod'
import type { Definition } from '../../types/options.js'
import { buildApp, Client, gate } from '../client.js'
import type { Examples } from './examples.js'

const run = promisify(execFile)
const [OLD_KEY, NEW_KEY] = ['old', 'new'].map((age) => `the ${age} key, of thirty-two bytes or more`) as [
  string,
  string
]

/** Schemas, flash messages, routes, keys and migrations, as the manual shows them. */
export async function handlers(t: Test, examples: Examples): Promise<void> {
  Object.assign(process.env, { OLD_KEY, NEW_KEY, SESSION_KEY: OLD_KEY })

  t.test('a codec keeps a Date', async (t) => {
    const { app, visit } = await examples.load<{ visit: Definition }>(t, 'isoDate')
    app.sessions.define('visit', visit)
    app.get('/set', async (request) => void request.session('visit').set('since', new Date(1)))
    app.get('/get', async (request) => request.session('visit').get('since') instanceof Date)
    const client = new Client(app)
    await client.get('/set')
    t.equal(await client.json('/get'), true)
  })

  t.test('a message is shown once, after a redirect', async (t) => {
    const { app } = await examples.load(t, '/address')
    const client = new Client(app)
    t.equal((await client.get('/address', { method: 'POST' })).headers.location, '/address')
    t.same(await client.json('/address'), { error: [{ field: 'city', text: 'We do not deliver there' }] })
    t.same(await client.json('/address'), {})
  })

  t.test('routes name their sessions', async (t) => {
    const { app } = await examples.load(t, '/health')
    t.equal((await app.inject('/health')).body, 'ok')
    t.same((await app.inject('/cart')).json(), { items: [] })
  })

  t.test('a route of a timer moves no end', async (t) => {
    const { app } = await examples.load(t, '/unread')
    t.same((await app.inject('/unread')).json(), { items: 0 })
  })

  t.test('a user sees where they are signed in, and ends one of these sessions', async (t) => {
    const { app } = await examples.load(t, '/devices')
    app.get('/sign-in', async (request) => void request.session('login').identify('ann').set('user', 'ann'))
    const [here, elsewhere] = [new Client(app), new Client(app)]
    t.same(await here.json('/devices'), [])
    await elsewhere.get('/sign-in')
    await here.get('/sign-in')
    const devices = (await here.json('/devices')) as { id: string; here: boolean }[]
    t.hasStrict(devices, [{ here: true }, { here: false }])
    await here.get(`/devices/${devices[1]?.id}/end`, { method: 'POST' })
    t.same(await elsewhere.json('/devices'), [])
    t.hasStrict(await here.json('/devices'), [{ here: true }])
  })

  t.test('a key is rotated and nobody signed out', async (t) => {
    const sessions = { prefs: { schema: z.object({ theme: z.string().default('light') }) } }
    const [before, after] = [
      await buildApp(t, { keys: [OLD_KEY], sessions }),
      await buildApp(t, { keys: [NEW_KEY], sessions })
    ]
    const { app } = await examples.load(t, 'rotate(')
    before.get('/', async (request) => void request.session('prefs').set('theme', 'dark'))
    for (const later of [app, after]) later.get('/', async (request) => request.session('prefs').data)
    const client = new Client(before)
    await client.get('/')
    t.same(await client.copy(after).json('/'), { theme: 'light' }, 'the old key is not the new one')
    const seen = client.copy(app)
    t.same(await seen.json('/'), { theme: 'dark' })
    t.same(await seen.copy(after).json('/'), { theme: 'dark' }, 'what was seen once has the new key')
  })

  t.test('a schema of version 2 takes what was stored under version 1', async (t) => {
    for (const part of ['1: (payload)', 'down: (payload)']) {
      const before = await accounts(t, { schema: z.object({ name: z.string() }) })
      before.get('/set', async (request) => void request.session('account').set('name', 'Ada Lovelace'))
      const client = new Client(before)
      await client.get('/set')
      const after = await accounts(t, (await examples.load<{ account: Definition }>(t, part)).account)
      t.same(await client.copy(after).json('/'), { first: 'Ada', last: 'Lovelace' })
    }
  })

  t.test('with `down`, a process of version 1 takes what was stored under version 2', async (t) => {
    const { account } = await examples.load<{ account: Definition }>(t, 'down: (payload)')
    const newer = await accounts(t, account)
    newer.get('/set', async (request) => void request.session('account').set('first', 'Ada').set('last', 'Lovelace'))
    const client = new Client(newer)
    await client.get('/set')
    const older = await accounts(t, { schema: z.object({ name: z.string() }) })
    t.same(await client.copy(older).json('/'), { name: 'Ada Lovelace' })
  })

  t.test('the conformance suite runs with the test runner of Node', async (t) => {
    const args = ['--test-reporter=tap', examples.path('conformanceCases')]
    const { stdout } = await run(process.execPath, args, { env: plain() })
    t.match(stdout, /^# pass [1-9]\d+$/m)
    t.match(stdout, /^# fail 0$/m)
  })

  t.test('what two tabs set becomes one list', async (t) => {
    const { app, list } = await examples.load<{ list: Definition }>(t, 'merge:')
    app.sessions.define('list', { ...list, store: 'file' } as Definition)
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
}

function accounts(t: Test, account: Definition) {
  return buildApp(t, { keys: [OLD_KEY], sessions: { account } }).then((app) => {
    app.get('/', async (request) => request.session('account').data)
    return app
  })
}

/** Returns the environment for other programs, which must not load the test runner's preloads. */
function plain(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '' }
}
