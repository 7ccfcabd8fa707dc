import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { parseIndex, placesOf } from '../../lib/records/subject-index.js'
import { buildApp, Client } from '../client.js'
import { exactly } from '../exactly.js'

/** A store that has no batches, and on which something happens just before a record of a session is written. */
function watched(before: () => Promise<unknown>) {
  const engine = memoryStore()
  const sessions: string[] = []
  const store: RecordStore = {
    kind: 'record',
    read: (id) => engine.read(id),
    create: async (id, text, expires) => {
      if (text.startsWith('{"c":')) {
        sessions.push(id)
        await before()
      }
      return engine.create(id, text, expires)
    },
    update: (id, text, expires, version) => engine.update(id, text, expires, version),
    touch: (id, expires) => engine.touch(id, expires),
    remove: (id) => engine.remove(id)
  }
  return { store, engine, sessions }
}

async function accounts(t: Parameters<typeof buildApp>[0], store: RecordStore) {
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { login: { store: 'memory', schema: z.object({ user: z.string().optional() }) } }
  })
  app.get('/in', async (request) => {
    const login = request.session('login').identify('ann').set('user', 'ann')
    await login.save()
    return [login.problem ?? null]
  })
  app.get('/visit', async (request) => request.session('login').set('user', 'nobody').id)
  app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
  await app.ready()
  return app
}

t.test('a sign-in that a revocation ended before its record was written leaves no record and no cookie', async (t) => {
  let ended = -1
  const { store, engine, sessions } = watched(async () => {
    ended = await app.sessions.revoke('ann')
  })
  const app = await accounts(t, store)
  const client = new Client(app)
  const response = await client.get('/in')
  t.same(response.json(), ['gone'])
  t.equal(response.headers['set-cookie'], undefined)
  t.equal(ended, 0, 'there was none to be found yet')
  t.equal(sessions.length, 1)
  t.equal(await engine.read(sessions[0] as string), undefined)
  t.same(await app.sessions.of('ann'), [])
})

t.test(
  'a sign-in that can not be entered in the list of its user leaves no session that nobody could end',
  async (t) => {
    const { store, engine, sessions } = watched(async () => {})
    const { create } = store
    store.create = async (id, text, expires) => {
      if (id === placesOf('ann', undefined).recent) throw new Error('no space left on device')
      return create(id, text, expires)
    }
    const app = await accounts(t, store)
    const client = new Client(app)
    t.equal((await client.get('/in')).statusCode, 503)
    t.equal(client.jar.size, 0)
    for (const id of sessions) t.equal(await engine.read(id), undefined)
  }
)

t.test('a sign-in whose session was ended while it was saved leaves nothing in the list of its user', async (t) => {
  const { store, engine } = watched(async () => {})
  const { update } = store
  const app = await accounts(t, store)
  const client = new Client(app)
  const { body: id } = await client.get('/visit')
  store.update = async (at, text, expires, version) => {
    if (at === id) await engine.remove(id)
    return update(at, text, expires, version)
  }
  t.same(await client.json('/in'), ['gone'])
  const stored = await engine.read(placesOf('ann', undefined).recent)
  t.same([...parseIndex(stored?.text).keys()], [])
})

t.test('a new id that the store says it holds already is an error, and gives no cookie', async (t) => {
  const { store } = watched(async () => {})
  store.create = async () => undefined
  const app = await accounts(t, store)
  const client = new Client(app)
  const response = await client.get('/visit')
  t.match(response.json(), {
    statusCode: 503,
    code: 'FST_SESSIONS_SAVE',
    message: exactly('could not save session "login": its store failed')
  })
  t.equal(response.headers['set-cookie'], undefined)
})
