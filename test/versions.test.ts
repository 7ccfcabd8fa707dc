import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import type { Definition, SessionsOptions } from '../types/options.js'
import { buildApp, Client, clock, gate } from './client.js'

const NAMES = ['kept', 'sealed']

/** A process that runs one version of an app: the same session on a record store and in the cookie. */
async function version(t: Test, store: RecordStore, definition: Definition, options: Partial<SessionsOptions> = {}) {
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { kept: { store: 'memory', ...definition }, sealed: definition },
    ...options
  })
  const each = (request: { session(name: string): never }, run: (session: never) => unknown) =>
    NAMES.map((name) => run(request.session(name)))
  app.post('/set', async (request) => {
    for (const [key, value] of Object.entries(request.body as object)) {
      each(request as never, (session: { set(key: string, value: unknown): void }) => session.set(key, value))
    }
  })
  app.get('/do/:what', async (request) => {
    const { what } = request.params as { what: keyof typeof DEEDS }
    each(request as never, DEEDS[what] as (session: never) => unknown)
  })
  app.get('/get', async (request) => NAMES.map((name) => request.session(name).data))
  app.get('/problems', async (request) => NAMES.map((name) => request.session(name).problem ?? null))
  app.get('/seen', async (request) =>
    NAMES.map((name) => {
      const { id = null, isNew, data, problem = null, createdAt } = request.session(name)
      return { id, isNew, data, problem, createdAt }
    })
  )
  return app
}

interface Told {
  set(key: string, value: unknown): unknown
  flash(kind: string, message: string): unknown
  flashes(kind: string): unknown
  regenerate(): unknown
  persist(seconds: number): unknown
  clear(): unknown
  destroy(): unknown
  cookie(options: object): unknown
}

const DEEDS = {
  flash: (session: Told) => session.flash('notice', 'hello'),
  take: (session: Told) => session.flashes('notice'),
  regenerate: (session: Told) => session.regenerate(),
  persist: (session: Told) => session.persist(30 * 24 * 3600),
  clear: (session: Told) => session.clear(),
  destroy: (session: Told) => session.destroy(),
  cookie: (session: Told) => session.cookie({ sameSite: 'strict' }),
  restart: (session: Told) => {
    session.destroy()
    session.set('name', 'Anew')
  }
}

const flash = { notice: z.string() }
const ONE: Definition = { schema: z.object({ name: z.string(), visits: z.number().default(0) }), flash }
const up = (payload: unknown) => {
  const { name, ...rest } = payload as { name: string }
  const [first, last] = name.split(' ')
  return { first, last, ...rest }
}
const down = (payload: unknown) => {
  const { first, last, ...rest } = payload as { first: string; last: string }
  return { name: `${first} ${last}`, ...rest }
}
const twoSchema = z.object({ first: z.string(), last: z.string(), visits: z.number().default(0) })
const TWO: Definition = { version: 2, schema: twoSchema, flash, migrate: { 1: up } }
const TWO_DOWN: Definition = { ...TWO, migrate: { 1: { up, down } } }

const set = (client: Client, payload: object) => client.get('/set', { method: 'POST', payload })
const both = <T>(value: T) => [value, value]

/** All that is stored, and each read of it. */
function watched(store = memoryStore()) {
  const texts = new Map<string, string>()
  const writes: string[] = []
  const watch = (kind: string, id: string, text?: string) => {
    writes.push(kind)
    if (text !== undefined) texts.set(id, text)
  }
  return {
    texts,
    writes,
    store: {
      kind: 'record',
      read: (id) => store.read(id),
      create: (id, text, expires) => {
        watch('create', id, text)
        return store.create(id, text, expires)
      },
      update: (id, text, expires, version) => {
        watch('update', id, text)
        return store.update(id, text, expires, version)
      },
      touch: (id, expires) => {
        watch('touch', id)
        return store.touch(id, expires)
      },
      remove: (id) => {
        watch('remove', id)
        return store.remove(id)
      }
    } satisfies RecordStore as RecordStore
  }
}

t.test(
  'what a newer process stored is shown empty where it can’t be read, and no change there replaces it',
  async (t) => {
    const time = clock(t)
    const { store, writes } = watched()
    const asked: string[] = []
    const older = await version(t, store, {
      ...ONE,
      onInvalid: ({ name }) => {
        asked.push(name)
        return { name: 'mended' }
      }
    })
    const newer = new Client(await version(t, store, TWO))
    await set(newer, { first: 'Ada', last: 'Lovelace' })
    const client = newer.copy(older)
    const before = client.cookie
    const [kept, sealed] = (await client.json('/seen')) as [object, object]
    const [{ id, createdAt }] = (await newer.json('/seen')) as [{ id: string; createdAt: string }]
    t.hasStrict(kept, { id, isNew: false, data: { visits: 0 }, problem: 'newer', createdAt })
    t.hasStrict(sealed, { isNew: false, data: { visits: 0 }, problem: 'newer' })
    writes.length = 0
    for (const what of ['flash', 'regenerate', 'persist', 'clear']) {
      const response = await client.get(`/do/${what}`)
      t.match(response.json(), { statusCode: 503, code: 'FST_SESSIONS_SAVE', message: /version 2 of it is stored/ })
      t.notOk(response.headers['set-cookie'])
    }
    t.equal((await set(client, { name: 'Bob' })).statusCode, 503)
    t.same([(await client.get('/do/take')).statusCode, (await client.get('/do/cookie')).statusCode], [200, 200])
    time.pass(2 * 24 * 3600_000)
    older.sessions.rotate([
      'another key of thirty-two bytes or more!',
      'a key of thirty-two bytes or more, for tests only'
    ])
    t.same(await client.json('/problems'), both('newer'))
    t.same(asked, [], 'onInvalid is not asked')
    t.equal(client.cookie, before, 'neither renewed nor sealed anew')
    t.same(writes, [], 'nor was the store written to')
    t.same(await newer.json('/get'), both({ first: 'Ada', last: 'Lovelace', visits: 0 }))
  }
)

t.test('the error of such a change has a code of its own', async (t) => {
  const store = memoryStore()
  const older = await version(t, store, ONE)
  let codes: unknown
  older.get('/why', async (request) => {
    request.session('kept').set('name', 'Bob')
    await request.saveSessions().catch(({ errors }) => {
      codes = [...errors].map(([name, { code }]) => [name, code])
    })
  })
  const newer = new Client(await version(t, store, TWO))
  await set(newer, { first: 'Ada', last: 'Lovelace' })
  await newer.copy(older).get('/why')
  t.same(codes, [['kept', 'FST_SESSIONS_NEWER']])
})

t.test('signing out works where the session can’t be read, and a new one may follow', async (t) => {
  const { store, texts } = watched()
  const older = await version(t, store, ONE)
  const newer = await version(t, store, TWO)
  const client = new Client(newer)
  await set(client, { first: 'Ada', last: 'Lovelace' })
  const copy = client.copy()
  const leaving = client.copy(older)
  await leaving.get('/do/destroy')
  t.equal(leaving.jar.size, 0)
  t.equal(texts.size, 1)
  t.hasStrict(await copy.json('/problems'), ['gone', null], 'a copy of the cookie finds nothing')

  const again = new Client(newer)
  await set(again, { first: 'Ada', last: 'Lovelace' })
  const starting = again.copy(older)
  t.equal((await starting.get('/do/restart')).statusCode, 200)
  t.same(await starting.json('/get'), both({ name: 'Anew', visits: 0 }))
})

t.test('signing out ends what no longer fits the schema, for whoever copied the cookie', async (t) => {
  const { store } = watched()
  const client = new Client(await version(t, store, ONE))
  await set(client, { name: 'Ada Lovelace' })
  const other = await version(t, store, { schema: z.object({ name: z.number() }), flash })
  const leaving = client.copy(other)
  t.same(await leaving.json('/problems'), both('schema'))
  await leaving.get('/do/destroy')
  t.same(await client.json('/problems'), ['gone', null])
})

t.test('with a way down, processes of both versions read and change the session in turn', async (t) => {
  const store = memoryStore()
  const [one, two] = [await version(t, store, ONE), await version(t, store, TWO_DOWN)]
  const client = new Client(two)
  const on = (app: typeof one) => Object.assign(client, { app })
  await set(on(two), { first: 'Ada', last: 'Lovelace' })
  t.same(await on(one).json('/get'), both({ name: 'Ada Lovelace', visits: 0 }))
  await set(on(one), { visits: 1 })
  t.same(await on(two).json('/get'), both({ first: 'Ada', last: 'Lovelace', visits: 1 }))
  await set(on(two), { last: 'Byron', visits: 2 })
  t.same(await on(one).json('/get'), both({ name: 'Ada Byron', visits: 2 }))
  await on(one).get('/do/regenerate')
  t.same(await on(one).json('/get'), both({ name: 'Ada Byron', visits: 2 }))
  t.same(await on(two).json('/get'), both({ first: 'Ada', last: 'Byron', visits: 2 }))
})

t.test('an older process that changes no value leaves the newer form as it is', async (t) => {
  const time = clock(t)
  const store = memoryStore()
  const lossy = { ...TWO_DOWN, schema: twoSchema.extend({ born: z.number().optional() }) }
  const forgetful = {
    ...lossy,
    migrate: { 1: { up, down: (payload: unknown) => ({ name: (down(payload) as { name: string }).name }) } }
  }
  const [one, two] = [await version(t, store, ONE), await version(t, store, forgetful)]
  const client = new Client(two)
  await set(client, { first: 'Ada', last: 'Lovelace', born: 1815 })
  const older = client.copy(one)
  for (const what of ['flash', 'take', 'persist', 'regenerate']) await older.get(`/do/${what}`)
  time.pass(2 * 3600_000)
  await older.get('/get')
  const expected = { first: 'Ada', last: 'Lovelace', born: 1815, visits: 0 }
  t.same(await older.copy(two).json('/get'), both(expected))
  t.same(await older.json('/get'), both({ name: 'Ada Lovelace', visits: 0 }))
})

t.test('values that are changed in an older process during its own save are kept', async (t) => {
  const store = memoryStore()
  const [one, two] = [await version(t, store, ONE), await version(t, store, TWO_DOWN)]
  one.get('/twice', async (request) => {
    const session = request.session('kept')
    session.flash('notice', 'first')
    const saving = session.save()
    session.set('visits', 5)
    await saving
    return [session.isDirty, session.get('visits')]
  })
  const client = new Client(two)
  await set(client, { first: 'Ada', last: 'Lovelace' })
  t.same(await client.copy(one).json('/twice'), [true, 5])
  t.same(((await client.json('/get')) as object[])[0], { first: 'Ada', last: 'Lovelace', visits: 5 })
})

t.test('forms reach as far down as steps say without a gap, and cost nothing where there is none', async (t) => {
  const { store, texts } = watched()
  const three = (migrate: Definition['migrate']): Definition => ({
    version: 3,
    schema: z.object({ names: z.array(z.string()) }),
    migrate: migrate ?? {}
  })
  const upTwo = (payload: unknown) => {
    const { first, last, ...rest } = payload as { first: string; last: string }
    return { names: [first, last], ...rest }
  }
  const downTwo = (payload: unknown) => {
    const { names, ...rest } = payload as { names: string[] }
    return { first: names[0], last: names[1], ...rest }
  }
  const stored = async (migrate: Definition['migrate']) => {
    texts.clear()
    const client = new Client(await version(t, store, three(migrate)))
    await set(client, { names: ['Ada', 'Lovelace'] })
    return JSON.parse([...texts.values()][0] as string).o
  }
  const twoForm = { first: 'Ada', last: 'Lovelace' }
  t.same(await stored({ 1: { up, down }, 2: { up: upTwo, down: downTwo } }), {
    1: { name: 'Ada Lovelace' },
    2: twoForm
  })
  t.same(await stored({ 1: up, 2: { up: upTwo, down: downTwo } }), { 2: twoForm })
  t.equal(await stored({ 1: { up, down }, 2: upTwo }), undefined)
  const thrower = () => {
    throw new Error('Ada')
  }
  t.equal(await stored({ 1: { up, down }, 2: { up: upTwo, down: thrower } }), undefined)
  t.equal(await stored({ 1: { up, down }, 2: { up: upTwo, down: () => undefined } }), undefined)
  t.same(await stored({ 1: { up, down: () => [] }, 2: { up: upTwo, down: downTwo } }), { 2: twoForm })
})

t.test('a step down gets a copy: what it does to that is not stored', async (t) => {
  const store = memoryStore()
  const spoiling = (payload: unknown) => {
    const { first, last } = payload as { first: string; last: string }
    Object.assign(payload as object, { first: 'spoilt' })
    return { name: `${first} ${last}` }
  }
  const client = new Client(await version(t, store, { ...TWO, migrate: { 1: { up, down: spoiling } } }))
  await set(client, { first: 'Ada', last: 'Lovelace' })
  t.same(await client.json('/get'), both({ first: 'Ada', last: 'Lovelace', visits: 0 }))
})

t.test('a request of an older process that a newer one overtook is refused, and the newer data stays', async (t) => {
  const { store, writes } = watched()
  const [one, two] = [await version(t, store, ONE), await version(t, store, TWO)]
  let [arrived, goOn] = [gate(), gate()]
  one.get('/slow/:what', async (request) => {
    const session = request.session('kept')
    if ((request.params as { what: string }).what === 'regenerate') session.regenerate()
    session.set('visits', 7)
    arrived.open()
    await goOn.opened
  })
  for (const what of ['set', 'regenerate']) {
    const client = new Client(one)
    await set(client, { name: 'Ada Lovelace' })
    ;[arrived, goOn] = [gate(), gate()]
    writes.length = 0
    const slow = client.copy().get(`/slow/${what}`)
    await arrived.opened
    const newer = client.copy(two)
    await set(newer, { last: 'Byron' })
    goOn.open()
    const response = await slow
    t.match(response.json(), { statusCode: 503, message: /version 2 of it is stored/ })
    t.notOk(response.headers['set-cookie'])
    t.same(((await newer.json('/get')) as object[])[0], { first: 'Ada', last: 'Byron', visits: 0 })
    t.equal(writes.filter((kind) => kind === 'create').length, writes.filter((kind) => kind === 'remove').length)
  }
})

t.test('with a way down, parallel requests of both versions lose nothing of one another', async (t) => {
  const store = memoryStore()
  const [one, two] = [await version(t, store, ONE), await version(t, store, TWO_DOWN)]
  const [arrived, goOn] = [gate(), gate()]
  one.get('/slow', async (request) => {
    request.session('kept').update('visits', (visits) => Number(visits) + 1)
    arrived.open()
    await goOn.opened
  })
  two.get('/visit', async (request) => {
    request.session('kept').update('visits', (visits) => Number(visits) + 1)
    request.session('kept').set('last', 'Byron')
  })
  const client = new Client(one)
  await set(client, { name: 'Ada Lovelace' })
  const slow = client.get('/slow')
  await arrived.opened
  t.equal((await client.copy(two).get('/visit')).statusCode, 200)
  goOn.open()
  t.equal((await slow).statusCode, 200)
  const [kept] = (await client.copy(two).json('/get')) as object[]
  t.same(kept, { first: 'Ada', last: 'Byron', visits: 2 })
})

t.test('a list of a user’s sessions tells what each process can read of them', async (t) => {
  const store = memoryStore()
  const [one, two, down] = [
    await version(t, store, ONE),
    await version(t, store, TWO),
    await version(t, store, TWO_DOWN)
  ]
  for (const [app, user] of [
    [two, 'plain'],
    [down, 'down']
  ] as const) {
    app.get('/identify', async (request) => request.session('kept').identify(user).id)
    const client = new Client(app)
    await set(client, { first: 'Ada', last: 'Lovelace' })
    await client.get('/identify')
  }
  await one.ready()
  t.hasStrict(await one.sessions.of('plain'), [{ data: undefined }])
  t.hasStrict(await one.sessions.of('down'), [{ data: { name: 'Ada Lovelace', visits: 0 } }])
  t.hasStrict(await two.sessions.of('down'), [{ data: { first: 'Ada', last: 'Lovelace' } }])
})

t.test('what comes often is remembered for both versions as each reads it', async (t) => {
  const store = memoryStore()
  const [one, two] = [await version(t, store, ONE), await version(t, store, TWO_DOWN)]
  const client = new Client(two)
  for (let visits = 1; visits <= 6; visits++) {
    await set(client, { first: 'Ada', last: 'Lovelace', visits })
    const older = client.copy(one)
    for (let round = 0; round < 4; round++) {
      t.same(await older.json('/get'), both({ name: 'Ada Lovelace', visits }))
      t.same(await client.json('/get'), both({ first: 'Ada', last: 'Lovelace', visits }))
    }
  }
})
