import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import { buildApp, Client, clock } from './client.js'
import { exactly } from './exactly.js'

const schema = z.object({ n: z.number().default(0), text: z.string().default('') })

/** A store that answers by promise and can be read, but takes no writes once it is told so. */
function replica(): RecordStore & { isReadOnly: boolean } {
  const engine = memoryStore()
  const store = Object.assign(engine, { isReadOnly: false })
  for (const method of ['create', 'update', 'touch', 'remove', 'saveMany'] as const) {
    const original = (engine[method] as (...args: unknown[]) => unknown).bind(engine)
    Object.assign(store, {
      [method]: async (...args: unknown[]) => {
        if (store.isReadOnly) throw new Error("READONLY You can't write against a read only replica.")
        return original(...args)
      }
    })
  }
  return store as unknown as RecordStore & { isReadOnly: boolean }
}

for (const onStoreError of ['throw', 'empty'] as const) {
  t.test(
    `a page that only reads is served when its renewal can not be written: onStoreError: ${onStoreError}`,
    async (t) => {
      const { pass } = clock(t)
      const log: { msg?: string; level?: number; session?: string; err?: { message: string } }[] = []
      const store = replica()
      const definition = { schema, store: 'it', idle: 3600, cookie: { maxAge: 3600 }, onStoreError }
      const app = await buildApp(t, { stores: { it: store }, sessions: { cart: definition, list: definition } }, log)
      app.get('/add', async (request) => {
        request.session('list').set('n', 1)
        return request.session('cart').update('n', (n) => (n as number) + 1)
      })
      app.get('/read', async (request) => request.session('cart').get('n'))
      app.get('/both', async (request) => [request.session('cart').get('n'), request.session('list').get('n')])
      app.get(
        '/change-one',
        async (request) => request.session('cart').get('n') + String(request.session('list').set('n', 2).id)
      )
      const client = new Client(app)
      await client.get('/add')
      pass(1800_000)
      store.isReadOnly = true
      for (const [url, body] of [
        ['/read', '1'],
        ['/both', '[1,1]']
      ] as const) {
        const answer = await client.get(url)
        t.same([answer.statusCode, answer.body, answer.headers['set-cookie']], [200, body, undefined])
      }
      const lines = log.filter(({ msg }) => msg?.startsWith('the session could not be renewed'))
      t.same(
        lines.map(({ level, session, err }) => [level, session, err?.message]),
        ['cart', 'cart', 'list'].map((name) => [40, name, "READONLY You can't write against a read only replica."])
      )
      const changed = await client.get('/change-one')
      t.match(changed.json(), {
        statusCode: 503,
        code: 'FST_SESSIONS_SAVE',
        message: exactly('could not save session "list": its store failed')
      })
      store.isReadOnly = false
      t.equal((await client.get('/read')).cookies[0]?.maxAge, 3600, 'the next use renews')
      pass(3000_000)
      t.equal((await client.get('/read')).body, '1')
    }
  )
}

t.test('a page that only reads is served when its cookie can not be written again', async (t) => {
  const { pass } = clock(t)
  const log: { msg?: string; session?: string; err?: { code: string } }[] = []
  const older = await buildApp(t, { sessions: { prefs: { schema, idle: 3600, chunks: 2 } } })
  older.get('/write', async (request) => request.session('prefs').set('text', 'x'.repeat(4000)).isDirty)
  const newer = await buildApp(t, { sessions: { prefs: { schema, idle: 3600 } } }, log)
  newer.get('/read', async (request) => request.session('prefs').get('text'))
  newer.get('/change', async (request) => request.session('prefs').set('n', 1).isDirty)
  const client = new Client(older)
  await client.get('/write')
  const later = client.copy(newer)
  pass(1800_000)
  const answer = await later.get('/read')
  t.same([answer.statusCode, answer.body.length, answer.headers['set-cookie']], [200, 4000, undefined])
  t.hasStrict(
    log.find(({ msg }) => msg?.startsWith('the session could not be renewed')),
    { session: 'prefs', err: { code: 'FST_SESSIONS_COOKIE_SIZE' } }
  )
  t.hasStrict((await later.get('/change')).json(), { statusCode: 500, code: 'FST_SESSIONS_SAVE' })
})
