import t from 'tap'
import { z } from 'zod'
import { memoryStore, type Session } from '../lib/index.js'
import type { MemoryStore } from '../lib/stores/memory.js'
import { buildApp, Client, clock, gate } from './client.js'
import { holderOf } from './held.js'

/** In seconds. */
const DAY = 24 * 3600
/** In milliseconds. */
const MINUTE = 60_000

const schema = z.object({
  count: z.number().default(0),
  items: z.array(z.object({ name: z.string() })).default([]),
  note: z.string().optional()
})

/** What a request may do to a session, by its path. */
const DEEDS: Readonly<Record<string, (session: Session) => unknown>> = {
  '/visit': (session) => session.set('count', 0).id,
  '/add': (session) => session.update('count', (count) => Number(count) + 1),
  '/add-unused': (session) => session.touch(false).update('count', (count) => Number(count) + 1),
  '/push': (session) => (session.get('items') as { name: string }[]).push({ name: 'pushed' }),
  '/note': (session) => session.set('note', 'noted').id,
  '/clear': (session) => session.clear().id,
  '/flash': (session) => session.flash('notice' as never, 'hello' as never).id,
  '/take': (session) => session.flashes('notice' as never),
  '/name/ann': (session) => session.identify('ann').id,
  '/name/bob': (session) => session.identify('bob').id,
  '/name/nobody': (session) => session.identify(null).id,
  '/remember': (session) => session.persist(30 * DAY).id,
  '/forget': (session) => session.persist(false).id,
  '/new-id': (session) => session.regenerate().id,
  '/attributes': (session) => session.cookie({ sameSite: 'strict' }).id
}

async function start(t: Parameters<typeof buildApp>[0], definition: object = {}, more: typeof DEEDS = {}) {
  const store: MemoryStore = memoryStore()
  const it = { store: 'memory', schema, flash: { notice: z.string() }, idle: 10 * DAY, absolute: 90 * DAY }
  const app = await buildApp(t, { stores: { memory: store }, sessions: { it: { ...it, ...definition } } })
  const hold = holderOf(app, 'it')
  for (const [path, run] of Object.entries({ ...DEEDS, ...more })) {
    app.get(path, async (request) => run(request.session('it')) ?? null)
  }
  app.get('/all', async (request) => {
    const session = request.session('it').touch(false)
    const { data, subject = null, problem = null, createdAt, expiresAt } = session
    return { data, notices: session.peek('notice'), subject, problem, created: +createdAt, ends: +expiresAt }
  })
  const client = new Client(app)
  await client.get('/visit')
  /** A request that has read the session when another one changes it, and is answered after that. */
  const overtaken = async (slow: string, ...by: readonly string[]) => {
    const late = await hold(client.copy(), slow)
    for (const path of by) await client.get(path)
    const answer = await late()
    t.equal(answer.statusCode, 200, slow)
    return answer
  }
  const all = async () =>
    (await client.json('/all')) as {
      readonly data: unknown
      readonly notices: readonly string[]
      readonly subject: string | null
      readonly problem: string | null
      readonly created: number
      readonly ends: number
    }
  const sessionsOf = async (user: string) => (await app.sessions.of(user)).map(({ id }) => id)
  /** `Max-Age` of the cookie that the session gets now, in seconds; `undefined`: it ends with the browser. */
  const age = async () => (await client.get('/attributes')).cookies[0]?.maxAge
  return { client, hold, overtaken, all, sessionsOf, age }
}

/** With another id before the slow request saves, what it did is replayed on a record that it never read. */
for (const [kind, before] of [
  ['the session', []],
  ['the session and gave it a new id', ['/new-id']]
] as const) {
  t.test(`a user who is named while another request runs stays named: it changed ${kind}`, async (t) => {
    const { client, overtaken, all, sessionsOf } = await start(t)
    await overtaken('/add', '/name/ann', ...before)
    t.hasStrict(await all(), { data: { count: 1 }, subject: 'ann' })
    t.same(await sessionsOf('ann'), [(await client.get('/note')).body])
  })

  t.test(`of two users who are named at once the later one counts: the first changed ${kind}`, async (t) => {
    const { overtaken, all, sessionsOf } = await start(t)
    await overtaken('/name/bob', '/name/ann', ...before)
    t.equal((await all()).subject, 'bob')
    t.same([(await sessionsOf('ann')).length, (await sessionsOf('bob')).length], [0, 1])
  })

  t.test(`a user who is taken away while another request runs stays away: it changed ${kind}`, async (t) => {
    const { client, overtaken, all, sessionsOf } = await start(t)
    await client.get('/name/ann')
    await overtaken('/add', '/name/nobody', ...before)
    t.hasStrict(await all(), { data: { count: 1 }, subject: null })
    t.same(await sessionsOf('ann'), [])
  })

  t.test(`a browser that is remembered while another request runs stays so: it changed ${kind}`, async (t) => {
    const { overtaken, age } = await start(t)
    await overtaken('/add', '/remember', ...before)
    t.equal(await age(), 30 * DAY)
  })

  t.test(`of two that remember a browser and do not, the later one counts: the first changed ${kind}`, async (t) => {
    const { overtaken, age } = await start(t)
    await overtaken('/remember', '/forget', ...before)
    t.equal(await age(), 30 * DAY)
    await overtaken('/forget', '/remember')
    t.equal(await age(), undefined)
  })

  t.test(`what is pushed into a list while another request runs is not lost: that changed ${kind}`, async (t) => {
    const { overtaken, all } = await start(t)
    await overtaken('/push', '/add', ...before)
    t.same((await all()).data, { count: 1, items: [{ name: 'pushed' }] })
  })

  t.test(`what a slow request sets, clears or says beside another one is kept: that changed ${kind}`, async (t) => {
    const { client, overtaken, all } = await start(t)
    await overtaken('/note', '/add', ...before)
    t.same((await all()).data, { count: 1, items: [], note: 'noted' })
    await overtaken('/flash', '/add', ...before)
    t.same((await all()).notices, ['hello'])
    t.same((await overtaken('/take', '/add', ...before)).json(), ['hello'])
    t.same(await all().then(({ data, notices }) => [data, notices]), [{ count: 3, items: [], note: 'noted' }, []])
    await client.get('/flash')
    await overtaken('/clear', '/add', ...before)
    t.same(await all().then(({ data, notices, problem }) => [data, notices, problem]), [
      { count: 0, items: [] },
      [],
      null
    ])
  })

  t.test(`a message that a slow request did not look at is kept: another left it, and changed ${kind}`, async (t) => {
    const { overtaken, all } = await start(t)
    await overtaken('/add', '/flash', ...before)
    t.hasStrict(await all(), { data: { count: 1 }, notices: ['hello'] })
  })

  t.test(`a slow request moves the end of a session, and not its beginning: another changed ${kind}`, async (t) => {
    const time = clock(t)
    const { client, hold, all } = await start(t)
    const { created } = await all()
    time.pass(60 * MINUTE)
    const slow = await hold(client.copy(), '/add')
    for (const path of ['/note', ...before]) await client.get(path)
    time.pass(50 * MINUTE)
    const earliest = Date.now()
    await slow()
    const latest = Date.now()
    const { created: later, ends } = await all()
    t.equal(later, created)
    t.ok(ends >= earliest + 10 * DAY * 1000 && ends <= latest + 10 * DAY * 1000, 'ten days from then')
  })

  t.test(`a slow request that is no use leaves the end where another put it, which changed ${kind}`, async (t) => {
    const time = clock(t)
    const { client, hold, all } = await start(t)
    time.pass(60 * MINUTE)
    const slow = await hold(client.copy(), '/add-unused')
    for (const path of ['/note', ...before]) await client.get(path)
    const { ends } = await all()
    time.pass(50 * MINUTE)
    await slow()
    t.hasStrict(await all(), { data: { count: 1 }, ends })
  })
}

t.test('what a request says once and saves is no longer its word, when another says otherwise', async (t) => {
  for (const [first, other, expected] of [
    ['/remember', '/forget', { age: undefined, subject: null }],
    ['/name/ann', '/name/bob', { age: undefined, subject: 'bob' }],
    ['/remember', '/note', { age: 30 * DAY, subject: null }]
  ] as const) {
    const [saved, goOn] = [gate(), gate()]
    const twice = async (session: Session) => {
      DEEDS[first]?.(session)
      await session.save()
      const { isDirty } = session
      saved.open()
      await goOn.opened
      session.update('count', (count) => Number(count) + 1)
      return isDirty
    }
    const { client, all, age } = await start(t, {}, { '/twice': twice })
    const answer = client.copy().json('/twice')
    await saved.opened
    await client.get(other)
    goOn.open()
    t.equal(await answer, false)
    const { data, subject } = await all()
    t.hasStrict(data, { count: 1 })
    t.same({ age: await age(), subject }, expected)
  }
})
