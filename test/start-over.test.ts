import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore, type Session } from '../lib/index.js'
import { buildApp, Client, gate } from './client.js'

const schema = z.object({ n: z.number().default(0) })

/** A store whose next write waits, and then fails if it is told to. */
function paused() {
  const engine = memoryStore()
  const arrived = gate()
  const going = gate()
  const told = { isDue: false, fails: false, arrived: arrived.opened, go: going.open }
  const wait = async () => {
    if (!told.isDue) return
    told.isDue = false
    arrived.open()
    await going.opened
    if (told.fails) throw new Error('connection lost')
  }
  const store: RecordStore = {
    kind: 'record',
    read: (id) => engine.read(id),
    create: async (id, text, expires) => {
      await wait()
      return engine.create(id, text, expires)
    },
    update: async (id, text, expires, version) => {
      await wait()
      return engine.update(id, text, expires, version)
    },
    touch: (id, expires) => engine.touch(id, expires),
    remove: (id) => engine.remove(id)
  }
  return { store, told }
}

/** A clock that stands until it is moved, in ms. */
function clock(t: Parameters<typeof buildApp>[0]) {
  const real = Date.now
  let now = real()
  Date.now = () => now
  t.teardown(() => {
    Date.now = real
  })
  return {
    pass: (ms: number) => {
      now += ms
    }
  }
}

interface Step {
  /** What is done before the save. */
  readonly before: (session: Session) => unknown
  /** What is done once `destroy()` was called during that save. */
  readonly after?: (session: Session) => unknown
  readonly fails?: boolean
}

/** A request that signs out while a save is under way. */
async function start(t: Parameters<typeof buildApp>[0], { before, after = () => {}, fails = false }: Step) {
  const time = clock(t)
  const { store, told } = paused()
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { it: { store: 'memory', schema, idle: 3600, touchAfter: 0 } }
  })
  app.get('/set', async (request) => request.session('it').set('n', 7).id)
  app.get('/end', async (request) => request.session('it').destroy())
  app.get('/get', async (request) => [request.session('it').get('n'), request.session('it').problem ?? null])
  app.get('/do', async (request) => {
    const session = request.session('it')
    before(session)
    Object.assign(told, { isDue: true, fails })
    const saving = session.save()
    await told.arrived
    time.pass(60_000)
    session.destroy()
    const { createdAt, problem = null } = session
    told.go()
    await saving.catch(() => {})
    time.pass(60_000)
    await after(session)
    return [createdAt.getTime() - Date.now(), problem]
  })
  const client = new Client(app)
  await client.get('/set')
  return { client, time }
}

t.test('after a sign-out during a save the session is a new one, and the cookie goes as it came', async (t) => {
  const { client } = await start(t, { before: (session) => session.cookie({ sameSite: 'strict' }).set('n', 1) })
  const thief = client.copy()
  const response = await client.get('/do')
  t.same(response.json(), [-60_000, null])
  t.equal(
    response.headers['set-cookie'],
    '__Host-it=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; Secure; SameSite=Strict'
  )
  t.same(await thief.json('/get'), [0, 'gone'])
})

t.test('the new session still says why there was none before', async (t) => {
  const { client } = await start(t, { before: (session) => session.set('n', 1) })
  const old = client.copy()
  await client.get('/end')
  t.same((await old.get('/do')).json(), [-60_000, 'gone'])
})

t.test('what begins after it ends as if it had begun in a request of its own, used or not', async (t) => {
  for (const isUse of [true, false]) {
    const { client, time } = await start(t, {
      before: (session) => session.touch(isUse).set('n', 1),
      after: async (session) => {
        await session.set('n', 2).save()
        time.pass(60_000)
        await session.set('n', 3).save()
        const left = session.expiresAt.getTime() - Date.now()
        t.equal(left, isUse ? 3600_000 : 3540_000)
      }
    })
    t.equal((await client.get('/do')).statusCode, 200)
    t.same(await client.json('/get'), [3, null])
  }
})

for (const [what, before] of [
  ['that was to end it', (session: Session) => session.destroy()],
  ['that was to end it and begin anew', (session: Session) => [session.destroy(), session.set('n', 1)]],
  ['that was to change it', (session: Session) => session.set('n', 1)],
  ['that was to give it a new id', (session: Session) => session.regenerate()]
] as const) {
  t.test(`who signs out during a save ${what} is signed out, although that save fails`, async (t) => {
    const { client } = await start(t, { before, fails: true })
    const thief = client.copy()
    const response = await client.get('/do')
    t.equal(response.statusCode, 200)
    t.equal(client.jar.size, 0)
    t.same(await thief.json('/get'), [0, 'gone'])
  })
}
