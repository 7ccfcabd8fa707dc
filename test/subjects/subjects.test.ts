import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { reservedId, storeId } from '../../lib/records/ticket.js'
import { buildApp, Client, clock } from '../client.js'
import { exactly } from '../exactly.js'
import { waiting } from './turns.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

type Test = Parameters<typeof buildApp>[0]

async function accounts(t: Test, store: RecordStore = memoryStore(), options: { readonly app?: string } = {}) {
  const app = await buildApp(t, {
    ...options,
    stores: { store },
    sessions: { login: { store: 'store', idle: 10 * 24 * 60 * 60, schema: z.object({ user: z.string().optional() }) } }
  })
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('login').regenerate().identify(user).set('user', user).id
  })
  app.get('/hand/:user', async (request) => {
    const { user } = request.params as { user: string }
    request.session('login').identify(user === 'nobody' ? null : user)
  })
  app.get('/out', async (request) => request.session('login').destroy())
  app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
  await app.ready()
  return { app, store, client: new Client(app) }
}

const idOf = (number: number) => storeId(`session ${number}`)

/** Sessions of ann as they are when each signed in by itself, and the index that versions before pages kept of them. */
async function signedInBefore(store: RecordStore, count: number, name = 'login'): Promise<readonly string[]> {
  const now = Date.now()
  const ids = Array.from({ length: count }, (_, number) => idOf(number))
  const index: Record<string, unknown> = {}
  for (const [number, id] of ids.entries()) {
    const began = now - MINUTE - (count - number)
    index[id] = [name, began + 90 * DAY, began]
    await store.create(id, JSON.stringify({ c: began, s: 'ann', p: { user: 'ann' } }), now + 10 * DAY)
  }
  await store.create(reservedId('subject ann', undefined), JSON.stringify(index), now + 90 * DAY)
  return ids
}

t.test('a user with thousands of sessions signs in, is listed and signed out everywhere', async (t) => {
  const sizes: number[] = []
  const engine = memoryStore()
  const { app, store, client } = await accounts(t, engine)
  const ids = await signedInBefore(store, 1500)
  for (const method of ['create', 'update'] as const) {
    const original = engine[method] as (...args: unknown[]) => unknown
    Object.assign(engine, {
      [method]: (...args: unknown[]) => {
        sizes.push((args[1] as string).length)
        return original.apply(engine, args)
      }
    })
  }
  const { body: id } = await client.get('/in/ann')
  sizes.length = 0
  const newest = [id, ...ids.toReversed()]
  t.same(
    (await app.sessions.of('ann')).map((session) => session.id),
    newest,
    'all are listed, the newest first'
  )
  for (let more = 0; more < 200; more++) newest.unshift((await new Client(app).get('/in/ann')).body)
  t.same(
    (await app.sessions.of('ann')).map((session) => session.id),
    newest
  )
  t.ok(Math.max(...sizes) < 16_384, `no record is longer than ${Math.max(...sizes)} characters`)
  t.equal(await app.sessions.revoke('ann', { except: id }), 1700)
  t.equal((await client.get('/who')).body, 'ann')
  t.same(
    (await app.sessions.of('ann')).map((session) => session.id),
    [id]
  )
  t.equal(await app.sessions.revoke('ann'), 1)
  t.same(await app.sessions.of('ann'), [])
})

t.test('a sign-in of a user with thousands of sessions asks for few records', async (t) => {
  let asked = 0
  const engine = memoryStore()
  const { app, store } = await accounts(t, engine)
  await signedInBefore(store, 1500)
  await new Client(app).get('/in/ann')
  for (const method of ['read', 'create', 'update', 'remove'] as const) {
    const original = engine[method] as (...args: unknown[]) => unknown
    Object.assign(engine, {
      [method]: (...args: unknown[]) => {
        asked++
        return original.apply(engine, args)
      }
    })
  }
  for (let more = 0; more < 90; more++) await new Client(app).get('/in/ann')
  t.equal(asked, 360, 'four each: the index is read and written, the record is written, the index is read again')
})

t.test('sessions that are no more leave no trace for long, however many there were', async (t) => {
  const time = clock(t)
  const { app, store } = await accounts(t)
  const keep = new Client(app)
  await keep.get('/in/ann')
  for (let round = 0; round < 6; round++) {
    for (let more = 0; more < 250; more++) await new Client(app).get('/in/ann')
    for (const days of [4, 4, 3]) {
      time.pass(days * DAY)
      await keep.get('/who')
    }
  }
  let listed = 0
  const pages = await Promise.all(
    Array.from({ length: 40 }, (_, number) => store.read(reservedId(`page ${number} of ann`, undefined)))
  )
  for (const page of [...pages, await store.read(reservedId('subject ann', undefined))]) {
    listed += Object.keys(JSON.parse(page?.text ?? '{}')).length
  }
  t.ok(listed < 600, `${listed} ids of 1501 are left`)
  t.equal((await app.sessions.of('ann')).length, 1)
  t.equal((await keep.get('/who')).body, 'ann')
})

t.test('a list is given in parts, each of which begins behind the one before', async (t) => {
  const { app, store } = await accounts(t)
  await signedInBefore(store, 250)
  for (let more = 0; more < 40; more++) await new Client(app).get('/in/ann')
  const all = await app.sessions.of('ann')
  t.equal(all.length, 290)
  const parts: string[] = []
  let after: string | undefined
  for (;;) {
    const part = await app.sessions.of('ann', { limit: 33, after })
    t.ok(part.length === 33 || parts.length + part.length === 290)
    if (part.length === 0) break
    parts.push(...part.map(({ id }) => id))
    // The place in the list stays where it is when its session ends.
    after = part.at(-1)?.cursor
    await app.sessions.revoke('ann', { only: part.at(-1)?.id as string })
  }
  t.same(
    parts,
    all.map(({ id }) => id)
  )
  t.equal((await app.sessions.of('ann', { limit: 1000 })).length, 290 - 9)
})

t.test('a list in parts goes through all stores of the app', async (t) => {
  const schema = z.object({})
  const app = await buildApp(t, {
    stores: { one: memoryStore(), two: memoryStore() },
    sessions: { first: { store: 'one', schema }, second: { store: 'two', schema } }
  })
  app.get('/in/:name', async (request) => {
    const { name } = request.params as { name: string }
    request.session(name).regenerate().identify('ann')
  })
  const time = clock(t)
  const names = ['first', 'second', 'second', 'first', 'second']
  for (const name of names) {
    time.pass(1000)
    await new Client(app).get(`/in/${name}`)
  }
  const all = await app.sessions.of('ann')
  t.same(
    all.map(({ name }) => name),
    names.toReversed()
  )
  const first = await app.sessions.of('ann', { limit: 2 })
  const second = await app.sessions.of('ann', { limit: 2, after: first[1]?.cursor as string })
  const third = await app.sessions.of('ann', { limit: 2, after: second[1]?.cursor as string })
  t.same([...first, ...second, ...third], all)
})

t.test('a server whose clock is behind does not change the order of the list', async (t) => {
  const time = clock(t)
  const { app } = await accounts(t)
  const ids: string[] = []
  for (let each = 0; each < 150; each++) {
    time.pass(each % 2 === 0 ? 1000 : -1500)
    ids.unshift((await new Client(app).get('/in/ann')).body)
  }
  t.same(
    (await app.sessions.of('ann')).map(({ id }) => id),
    ids
  )
})

t.test('what of() and revoke() are told is checked', async (t) => {
  const { app, client } = await accounts(t)
  await client.get('/in/ann')
  const code = 'FST_SESSIONS_CONFIG'
  const refused: readonly (readonly [Promise<unknown>, string])[] = [
    [app.sessions.of('ann', null as never), 'of(): expected { limit, after } or nothing, got null'],
    [app.sessions.of('ann', 7 as never), 'of(): expected { limit, after } or nothing, got number'],
    [app.sessions.of('ann', { limit: 0 }), 'of(): limit: expected a whole number from 1, got 0'],
    [app.sessions.of('ann', { limit: 1.5 }), 'of(): limit: expected a whole number from 1, got 1.5'],
    [app.sessions.of('ann', { limit: '5' as never }), 'of(): limit: expected a whole number from 1, got string'],
    [app.sessions.of('ann', { after: 'x' }), 'of(): after: expected the cursor of a session'],
    [app.sessions.of('ann', { after: 7 as never }), 'of(): after: expected the cursor of a session'],
    [
      app.sessions.revoke('ann', { except: 'a', only: 'b' } as never),
      'revoke(): expected { except } or { only }, got both'
    ],
    ...[{}, null, 'id', { except: '' }, { only: { id: undefined } }, { only: 7 }].map(
      (which) =>
        [
          app.sessions.revoke('ann', which as never),
          'revoke(): expected { except } or { only }, with a session of a record store or its id'
        ] as const
    )
  ]
  for (const [asked, message] of refused) await t.rejects(asked, { code, message: `app.sessions.${message}` }, message)
  t.equal((await client.get('/who')).body, 'ann')
  t.equal(await app.sessions.revoke('ann', { only: '../../etc/passwd' }), 0)
})

t.test(
  'hostile or damaged text in the place of an index means that no sessions are known, and is mended',
  async (t) => {
    const good = [idOf(1), ['login', 9e12, 1]] as const
    const texts = [
      '',
      'garbage',
      '7',
      'null',
      '[[[',
      '['.repeat(50_000),
      '[1,2,3]',
      '{"__proto__":["login",9e12,1]}',
      `{"${idOf(0)}":null}`,
      `{"${idOf(0)}":["login",1e999,1]}`,
      `{"${idOf(0)}":["login",9e12,-1]}`,
      `{"${idOf(0)}":[7,9e12,1]}`,
      '{"../../etc/passwd":["login",9e12,1]}',
      JSON.stringify({ [good[0]]: good[1], [idOf(0)]: 'no' })
    ]
    for (const text of texts) {
      const { app, store, client } = await accounts(t)
      for (const purpose of ['subject ann', 'pages of ann', 'page 1 of ann']) {
        await store.create(reservedId(purpose, undefined), text, Date.now() + DAY)
      }
      const ids = [(await client.get('/in/ann')).body]
      t.same(
        (await app.sessions.of('ann')).map(({ id }) => id),
        ids,
        text.slice(0, 70)
      )
      // So many that pages are needed.
      const more = text.startsWith('{"__') || text === 'garbage' ? 150 : 1
      for (let each = 0; each < more; each++) ids.unshift((await new Client(app).get('/in/ann')).body)
      t.same(
        (await app.sessions.of('ann')).map(({ id }) => id),
        ids
      )
      t.equal(await app.sessions.revoke('ann'), ids.length)
    }
  }
)

t.test(
  'an index that never stays as it was read ends in an error of its own, for a sign-in and a revocation',
  async (t) => {
    const engine = memoryStore()
    const { app, client } = await accounts(t, engine)
    await client.get('/in/ann')
    const { update } = engine
    engine.update = () => undefined
    const [response] = await Promise.all([
      new Client(app).get('/in/ann'),
      t.rejects(app.sessions.revoke('ann'), { code: 'FST_SESSIONS_CONFLICT' })
    ])
    t.equal(response.statusCode, 503)
    t.match(response.json(), { code: 'FST_SESSIONS_SAVE', message: /parallel requests changed the record 200 times/ })
    engine.update = update
    t.equal(await app.sessions.revoke('ann'), 1)
  }
)

t.test('what a revocation ended before its store failed stays ended, and the rest can be ended later', async (t) => {
  let calls = Number.POSITIVE_INFINITY
  const engine = memoryStore()
  const store = waiting(engine, () => {
    if (calls-- <= 0) throw new Error('down')
  })
  const { app } = await accounts(t, store)
  await signedInBefore(engine, 1000)
  await new Client(app).get('/in/ann')
  calls = 40
  await t.rejects(app.sessions.revoke('ann'), { message: exactly('down') })
  calls = Number.POSITIVE_INFINITY
  const left = (await app.sessions.of('ann')).length
  t.ok(left > 0 && left < 1000, `${left} are left`)
  t.equal(await app.sessions.revoke('ann'), left)
  t.same(await app.sessions.of('ann'), [])
})

t.test(
  'what is ended is what is listed: no session that has passed to another user, to nobody or to a new id',
  async (t) => {
    const { app } = await accounts(t)
    const [ann, bob, nobody] = [new Client(app), new Client(app), new Client(app)]
    for (const client of [ann, bob, nobody]) await client.get('/in/ann')
    await ann.get('/in/ann')
    await bob.get('/hand/bob')
    await nobody.get('/hand/nobody')
    t.equal((await app.sessions.of('ann')).length, 1)
    t.equal(await app.sessions.revoke('ann'), 1)
    t.equal((await ann.get('/who')).body, 'nobody')
    t.equal((await bob.get('/who')).body, 'ann', 'the session goes on')
    t.equal((await nobody.get('/who')).body, 'ann', 'the session goes on')
    t.equal((await app.sessions.of('bob')).length, 1)
  }
)

t.test('ending one session by an id that was replaced a moment ago ends what came in its place', async (t) => {
  const { app, client } = await accounts(t)
  const { body: old } = await client.get('/in/ann')
  await client.get('/in/ann')
  t.equal(await app.sessions.revoke('ann', { only: old }), 1)
  t.equal((await client.get('/who')).body, 'nobody')
})

t.test("another user's session is not ended by its id", async (t) => {
  const { app, client } = await accounts(t)
  const { body: id } = await client.get('/in/bob')
  t.equal(await app.sessions.revoke('ann', { only: id }), 0)
  t.equal((await client.get('/who')).body, 'bob')
})

t.test('two apps with names of their own, on one store, do not list or end the sessions of one another', async (t) => {
  const store = memoryStore()
  const [shop, forum, nameless] = [
    await accounts(t, store, { app: 'shop' }),
    await accounts(t, store, { app: 'forum' }),
    await accounts(t, store)
  ]
  for (const { client } of [shop, forum, nameless]) await client.get('/in/ann')
  for (const { app } of [shop, forum, nameless]) t.equal((await app.sessions.of('ann')).length, 1)
  t.equal(await shop.app.sessions.revoke('ann'), 1)
  t.equal((await shop.client.get('/who')).body, 'nobody')
  t.equal((await forum.client.get('/who')).body, 'ann')
  t.equal((await nameless.client.get('/who')).body, 'ann')
})

t.test(
  'what a version before pages enters and strikes out is seen, and what this one has in pages stays',
  async (t) => {
    const { app, store } = await accounts(t)
    const ids = await signedInBefore(store, 300)
    await new Client(app).get('/in/ann')
    const at = reservedId('subject ann', undefined)
    const found = await store.read(at)
    const index = JSON.parse(found?.text ?? '{}') as Record<string, unknown>
    t.ok(
      Object.values(index).every((entry) => Array.isArray(entry) && entry.length === 3),
      'as that version writes it'
    )
    const now = Date.now()
    const theirs = storeId('theirs')
    await store.create(theirs, JSON.stringify({ c: now, s: 'ann', p: { user: 'ann' } }), now + DAY)
    await store.update(at, JSON.stringify({ [theirs]: ['login', now + DAY, now] }), now + DAY, found?.version as number)
    const listed = (await app.sessions.of('ann')).map(({ id }) => id)
    t.ok(listed.includes(theirs))
    t.equal(listed.length, 1 + ids.length + 1 - Object.keys(index).length)
    t.equal(await app.sessions.revoke('ann'), listed.length)
  }
)

t.test('a call for which nobody waits and that fails is a line in the log, and ends no process', async (t) => {
  const log: { readonly msg?: string; readonly level?: number }[] = []
  const refusing = Object.assign(memoryStore(), {
    read: () => Promise.reject(new Error('down')),
    clear: () => Promise.reject(new Error('down'))
  })
  const app = await buildApp(
    t,
    { stores: { refusing }, sessions: { kept: { store: 'refusing', schema: z.object({}) } } },
    log
  )
  await app.ready()
  const calls = [app.sessions.of('ada'), app.sessions.revoke('ada'), app.sessions.clear()]
  t.same(
    (await Promise.allSettled(calls)).map(({ status }) => status),
    ['rejected', 'rejected', 'rejected']
  )
  void app.sessions.revoke('ada')
  await new Promise(setImmediate)
  const told = log.filter(({ level, msg }) => level === 50 && msg?.startsWith('app.sessions.'))
  t.same(told.map(({ msg }) => msg?.replace(/ failed$/, '')).sort(), [
    'app.sessions.clear()',
    'app.sessions.of()',
    'app.sessions.revoke()',
    'app.sessions.revoke()'
  ])
})
