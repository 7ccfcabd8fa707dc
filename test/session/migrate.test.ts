import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { placesOf } from '../../lib/records/subject-index.js'
import { withoutMessage } from '../../lib/session/migrate.js'
import type { Definition } from '../../types/options.js'
import { buildApp, Client } from '../client.js'

interface Line {
  readonly level: number
  readonly session?: string
  readonly version?: number
  readonly issues?: string
  readonly msg: string
  readonly err?: { readonly type: string; readonly message: string; readonly stack: string }
}

/** A process that runs one version of an app, and what its log says of the session. */
async function version(t: Test, store: RecordStore, definition: Definition) {
  const log: Line[] = []
  const app = await buildApp(
    t,
    { stores: { memory: store }, sessions: { it: { store: 'memory', ...definition } } },
    log
  )
  app.post('/set', async (request) => {
    for (const [key, value] of Object.entries(request.body as object)) request.session('it').set(key, value)
  })
  app.get('/get', async (request) => request.session('it').data)
  app.get('/problem', async (request) => request.session('it').problem ?? null)
  const told = () =>
    log
      .filter(({ level, session }) => level > 20 && session !== undefined)
      .map(({ level, session, version, issues, msg }) => ({ level, session, version, issues, msg }))
  return { app, log, told }
}

const text: Definition = { schema: z.object({ n: z.string() }) }
const number: Definition = { schema: z.object({ n: z.number() }) }
const EXPECTED = 'n: Invalid input: expected string, received number'

/** A browser whose session another version of the app has stored. */
async function stored(t: Test, definition: Definition, payload: object) {
  const store = memoryStore()
  const { app } = await version(t, store, definition)
  const client = new Client(app)
  await client.get('/set', { method: 'POST', payload })
  return { store, client }
}

t.test('a session that does not fit begins anew, and the log says which and why', async (t) => {
  const { store, client } = await stored(t, number, { n: 41 })
  const { app, told } = await version(t, store, text)
  t.same(await client.copy(app).json('/get'), {})
  t.same(told(), [
    {
      level: 40,
      session: 'it',
      version: 1,
      issues: EXPECTED,
      msg: 'a stored session does not fit its schema: it begins anew'
    }
  ])
})

t.test('one that is mended is told of, too', async (t) => {
  const { store, client } = await stored(t, number, { n: 41 })
  const onInvalid = ({ payload }: { readonly payload: unknown }) => ({ n: String((payload as { n: number }).n) })
  const { app, told } = await version(t, store, { ...text, onInvalid })
  t.same(await client.copy(app).json('/get'), { n: '41' })
  const msg = 'a stored session did not fit its schema and was mended'
  t.same(told(), [{ level: 30, session: 'it', version: 1, issues: EXPECTED, msg }])
  const useless = await version(t, store, { ...text, onInvalid: ({ payload }) => payload })
  t.same(await client.copy(useless.app).json('/get'), {}, 'what does not fit then either begins anew')
})

t.test('one that is to be an error says what to do', async (t) => {
  const { store, client } = await stored(t, number, { n: 41 })
  const { app } = await version(t, store, { ...text, version: 3, onInvalid: 'throw' })
  t.hasStrict((await client.copy(app).get('/get')).json(), {
    statusCode: 500,
    code: 'FST_SESSIONS_SCHEMA',
    message: `session "it": what version 1 stored does not fit version 3: ${EXPECTED}: carry it forward by raising version and by a step of migrate`
  })
})

t.test('what a newer process stored and this one can not read is read-only, and the log says so', async (t) => {
  const { store, client } = await stored(t, { ...number, version: 2 }, { n: 41 })
  const { app, told } = await version(t, store, text)
  t.equal((await client.copy(app).get('/problem')).body, 'newer')
  t.same(told(), [
    {
      level: 30,
      session: 'it',
      version: 2,
      issues: EXPECTED,
      msg: 'a newer process stored the session: it is read-only where the version is 1'
    }
  ])
})

t.test('a step that throws is named, and the log has where it threw, without what is stored', async (t) => {
  const { store, client } = await stored(t, number, { n: 41 })
  const migrate = {
    2: (payload: unknown) => {
      throw new RangeError(`can't use ${JSON.stringify(payload)}\nat all`)
    }
  }
  const { app, log, told } = await version(t, store, { ...text, version: 3, migrate })
  t.same(await client.copy(app).json('/get'), {})
  const msg = 'a stored session does not fit its schema: it begins anew'
  t.same(told(), [{ level: 40, session: 'it', version: 1, issues: 'step 2 of its migration threw RangeError', msg }])
  const { err } = log.find(({ err }) => err !== undefined) as Required<Line>
  t.equal(err.message, 'RangeError')
  t.match(err.stack, /^RangeError\n +at .*migrate\.test/)
  t.notMatch(err.stack, /41/)
})

t.test('of an error its message is left out, and nothing else', async (t) => {
  for (const message of ['', 'one line', 'two\nlines', 'at a (b)\n    at c']) {
    const error = new TypeError(message)
    const places = (error.stack as string).slice(error.stack?.indexOf('\n    at Test'))
    const without = withoutMessage(error)
    t.equal(without?.stack, `TypeError${places}`, message)
    t.same([without?.name, without?.message], ['TypeError', 'TypeError'])
  }
  const bare = Object.assign(new Error('41'), { stack: undefined })
  t.equal(withoutMessage(bare)?.stack?.includes('41'), false)
  t.equal(withoutMessage('41'), undefined)
})

/** What a store has, brought there as if another process had written it. */
async function holding(t: Test, definition: Definition, record: object) {
  const { store, client } = await stored(t, number, { n: 1 })
  const seen = await version(t, store, number)
  seen.app.get('/id', async (request) => request.session('it').id)
  const id = (await client.copy(seen.app).get('/id')).body
  const { version: at = 0 } = (await store.read(id)) ?? {}
  await store.update(id, JSON.stringify({ c: Date.now() - 1000, ...record }), Date.now() + 3_600_000, at)
  const { app } = await version(t, store, definition)
  return { app, client: client.copy(app), store, id }
}

t.test('a form for this version that does not fit it counts for nothing', async (t) => {
  const { client } = await holding(t, text, { v: 2, o: { 1: { n: 41 } }, p: { n: 'newer' } })
  t.same(await client.json('/get'), { n: 'newer' })
  const own = await holding(t, text, { v: 2, o: { 1: { n: 'own' } }, p: { n: 41 } })
  t.same(await own.client.json('/get'), { n: 'own' })
})

t.test('a session of a newer process that holds no values can be used by this one', async (t) => {
  for (const record of [{ v: 2 }, { v: 2, p: {} }]) {
    const { client } = await holding(t, text, record)
    t.equal((await client.get('/problem')).body, 'null')
    t.equal((await client.get('/set', { method: 'POST', payload: { n: 'x' } })).statusCode, 200)
    t.same(await client.json('/get'), { n: 'x' })
  }
})

t.test('a list of sessions shows what an older process stored as this one reads it', async (t) => {
  const migrate = { 1: (payload: unknown) => ({ n: `migrated ${(payload as { n: number }).n}` }) }
  const { app, id, store } = await holding(t, { ...text, version: 2, migrate }, { s: 'ada', p: { n: 41 } })
  await app.ready()
  const entry = ['it', Date.now() + 3_600_000, Date.now()]
  await store.create(placesOf('ada', undefined).recent, JSON.stringify({ [id]: entry }), Date.now() + 3_600_000)
  t.same(
    (await app.sessions.of('ada')).map(({ data }) => data),
    [{ n: 'migrated 41' }]
  )
})

t.test('what is deleted leaves what is stored, also where its default was looked at', async (t) => {
  const list: Definition = { schema: z.object({ list: z.array(z.string()).default([]), n: z.number().default(0) }) }
  const { app, client, store, id } = await holding(t, list, { p: { list: ['a'], n: 1 } })
  app.get('/delete', async (request) => {
    const it = request.session('it')
    it.get('list')
    it.delete('list')
    return it.get('list')
  })
  t.same(await client.json('/delete'), [])
  t.match((await store.read(id))?.text, /,"p":\{\n"n":1\n\}\}$/)
})
