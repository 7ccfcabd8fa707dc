import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore, type StoredRecord } from '../../lib/index.js'
import { formatRecord, parseRecord, type SessionRecord } from '../../lib/records/record.js'
import { FURTHER_SUBJECTS } from '../../lib/records/subjects.js'
import { buildApp, Client } from '../client.js'
import { exactly } from '../exactly.js'
import { everyOrder, Turns, waiting } from './turns.js'

const login = {
  store: 'memory',
  schema: z.object({ user: z.string().optional(), count: z.number().default(0) }),
  flash: { note: z.string() }
}

async function accounts(t: Test, store: RecordStore = memoryStore()) {
  const app = await buildApp(t, { default: 'login', stores: { memory: store }, sessions: { login } })
  app.get('/in/:subjects', async (request) => {
    const [user = '', ...further] = (request.params as { subjects: string }).subjects.split(',')
    return request
      .session('login')
      .regenerate()
      .identify(user, ...further)
      .set('user', user).id
  })
  app.get('/say/:subjects', async (request) => {
    const [user = '', ...further] = (request.params as { subjects: string }).subjects.split(',')
    return request.session('login').identify(user, ...further).subjects
  })
  app.get('/who', async (request) => {
    const { subject, subjects } = request.session('login')
    return { user: request.session('login').get('user'), subject, subjects }
  })
  const idsOf = async (subject: string) => (await app.sessions.of(subject)).map(({ id }) => id)
  return { app, store, idsOf, ids: (subjects: readonly string[]) => Promise.all(subjects.map(idsOf)) }
}

t.test('a session of a user, an organisation and a login elsewhere is listed for each, and ended by any', async (t) => {
  for (const by of ['ada', 'org:7', 'sid:5']) {
    const { app, idsOf, ids } = await accounts(t)
    const [ada, bob] = [new Client(app), new Client(app)]
    const { body: id } = await ada.get('/in/ada,org:7,sid:5')
    const { body: other } = await bob.get('/in/bob,org:8')
    t.same(await ids(['ada', 'org:7', 'sid:5', 'org:8']), [[id], [id], [id], [other]])
    t.same((await app.sessions.of('org:7'))[0]?.subjects, ['ada', 'org:7', 'sid:5'])
    t.same(await ada.json('/who'), { user: 'ada', subject: 'ada', subjects: ['ada', 'org:7', 'sid:5'] })
    t.equal(await app.sessions.revoke(by), 1)
    t.same(await ada.json('/who'), { subjects: [] })
    t.same(await ids(['ada', 'org:7', 'sid:5']), [[], [], []])
    t.same(await idsOf('bob'), [other], 'others stay')
  }
})

t.test('all sessions of an organisation are ended at once, whoever they are of', async (t) => {
  const { app } = await accounts(t)
  const clients = await Promise.all(
    Array.from({ length: 150 }, async (_, at) => {
      const client = new Client(app)
      await client.get(`/in/user${at},org:7`)
      return client
    })
  )
  t.equal((await app.sessions.of('org:7')).length, 150)
  t.equal(await app.sessions.revoke('org:7', { except: (await app.sessions.of('user3'))[0]?.id as string }), 149)
  const left = await Promise.all(clients.map(async (client) => (await client.get('/who')).json().user))
  t.same(
    left.filter((user) => user !== undefined),
    ['user3']
  )
})

t.test('subjects are said anew each time: those that are left out list the session no more', async (t) => {
  const { app, ids } = await accounts(t)
  const client = new Client(app)
  const { body: id } = await client.get('/in/ada,org:7')
  t.same(await client.json('/say/ada,org:8'), ['ada', 'org:8'])
  t.same(await ids(['ada', 'org:7', 'org:8']), [[id], [], [id]])
  t.equal(await app.sessions.revoke('org:7'), 0)
  await client.get('/say/bob')
  t.same(await ids(['ada', 'org:8', 'bob']), [[], [], [id]])
  t.same(await client.json('/who'), { user: 'ada', subject: 'bob', subjects: ['bob'] })
})

t.test(
  'a new id, other values and cleared ones leave the subjects as they are, and destroy ends the session',
  async (t) => {
    const { app, ids } = await accounts(t)
    app.get('/again', async (request) => request.session('login').regenerate().id)
    app.get('/count', async (request) => request.session('login').update('count', (count) => Number(count) + 1))
    app.get('/note', async (request) => void request.session('login').flash('note', 'hello'))
    app.get('/notes', async (request) => request.session('login').flashes())
    app.get('/clear', async (request) => request.session('login').clear().subjects)
    app.get('/out', async (request) => void request.session('login').destroy())
    const client = new Client(app)
    await client.get('/in/ada,org:7')
    await client.get('/note')
    const { body: id } = await client.get('/again')
    t.same(await ids(['ada', 'org:7']), [[id], [id]])
    t.equal((await client.get('/count')).body, '1')
    t.same(await client.json('/notes'), { note: ['hello'] })
    t.same(await client.json('/clear'), ['ada', 'org:7'])
    t.same(await ids(['ada', 'org:7']), [[id], [id]])
    t.same(await client.json('/who'), { subject: 'ada', subjects: ['ada', 'org:7'] })
    await client.get('/out')
    t.same(await ids(['ada', 'org:7']), [[], []])
  }
)

t.test('plugins that give the default session a new id drop all subjects', async (t) => {
  const { app, ids } = await accounts(t)
  app.get('/theirs', async (request) => {
    await (request.session as unknown as { regenerate(keep: string[]): Promise<void> }).regenerate(['count'])
  })
  const client = new Client(app)
  await client.get('/in/ada,org:7')
  await client.get('/theirs')
  t.same(await client.json('/who'), { subjects: [] })
  t.same(await ids(['ada', 'org:7']), [[], []])
})

t.test(
  'of two parallel requests that name subjects the later wins as a whole, and other changes are kept',
  async (t) => {
    const { app, ids } = await accounts(t)
    app.get('/slow/:subjects', async (request) => {
      const session = request.session('login')
      await other
      const [user = '', ...further] = (request.params as { subjects: string }).subjects.split(',')
      return session.identify(user, ...further).id
    })
    app.get('/count', async (request) => {
      const session = request.session('login')
      await other
      return session.update('count', (count) => Number(count) + 1)
    })
    let other: Promise<unknown> = Promise.resolve()
    const client = new Client(app)
    const { body: id } = await client.get('/in/ada,org:7,sid:1')
    const slow = client.get('/slow/ada,org:8')
    other = client.copy().get('/say/ada,org:9')
    await slow
    t.same(await ids(['ada', 'org:7', 'sid:1', 'org:8', 'org:9']), [[id], [], [], [id], []])
    const counting = client.get('/count')
    other = client.copy().get('/say/bob,org:7')
    await counting
    t.same(await ids(['ada', 'org:8', 'bob', 'org:7']), [[], [], [id], [id]])
  }
)

for (const by of ['ada', 'org', 'sid']) {
  t.test(
    `in every order in which they meet, a sign-in is ended by a revocation of its ${by} or came after it`,
    async (t) => {
      const turns = new Turns()
      const { app, ids } = await accounts(t, waiting(memoryStore(), turns.wait))
      let runs = 0
      const wrong: unknown[] = []
      const orders = await everyOrder(2, async (order) => {
        const run = ++runs
        const subjects = [`ada${run}`, `org${run}`, `sid${run}`]
        const [client, other] = [new Client(app), new Client(app)]
        await other.get(`/in/${subjects}`)
        const revoking = () => app.sessions.revoke(`${by}${run}`)
        const choices = await turns.run([() => client.get(`/in/${subjects}`), revoking], order)
        const isIn = (await client.get('/who')).json().user !== undefined
        const listed = (await ids(subjects)).map(({ length }) => length)
        const later = await app.sessions.revoke(`${by}${run}`)
        const isStillIn = (await client.get('/who')).json().user !== undefined
        const isRight = listed.every((count) => count === Number(isIn)) && later === Number(isIn) && !isStillIn
        if (!isRight) wrong.push({ order, isIn, listed, later, isStillIn })
        return choices
      })
      t.ok(orders > 20, `${orders} orders`)
      t.same(wrong, [])
    }
  )
}

t.test('a process that knows of one subject alone keeps the others, unless it names another user', async (t) => {
  const { app, store, ids } = await accounts(t)
  const client = new Client(app)
  const { body: id } = await client.get('/in/ada,org:7')
  // As such a process saves: what it knows of a record, and messages of all kinds.
  const save = async (change: object) => {
    const { text, expires, version } = (await store.read(id)) as StoredRecord
    const { c, m, s, f, p } = parseRecord(text) as SessionRecord
    const record = { c, m, s: s as string, f: { ...f, note: ['abc', 'hello'] }, p, ...change }
    await store.update(id, formatRecord(record), expires, version)
  }
  await save({ p: { user: 'ada', count: 3 } })
  t.same(await ids(['ada', 'org:7']), [[id], [id]])
  t.same(await client.json('/who'), { user: 'ada', subject: 'ada', subjects: ['ada', 'org:7'] })
  await save({ s: 'bob' })
  t.same(await client.json('/who'), { user: 'ada', subject: 'bob', subjects: ['bob'] })
  t.equal(await app.sessions.revoke('org:7'), 0)
})

t.test('what stands in a record and is no list of subjects counts for nothing', async (t) => {
  const { store, ids, app } = await accounts(t)
  const client = new Client(app)
  const { body: id } = await client.get('/in/ada,org:7')
  for (const further of ['org:7', null, [7, '', {}], { length: 1, 0: 'org:7' }]) {
    const { expires, version } = (await store.read(id)) as StoredRecord
    const f = { [FURTHER_SUBJECTS]: ['ada', further] }
    await store.update(id, formatRecord({ c: Date.now(), s: 'ada', f }), expires, version)
    t.same(await client.json('/who'), { subject: 'ada', subjects: ['ada'] })
    t.same(await ids(['ada', 'org:7']), [[id], []])
  }
})

t.test(
  'a sign-in of eight subjects takes as many trips to a store with batches as one of a single subject',
  async (t) => {
    const calls: string[] = []
    const { app } = await accounts(t, waiting(memoryStore(), (method) => void calls.push(method)) as never)
    await new Client(app).get('/in/ada')
    t.same(calls.splice(0), ['read', 'create', 'create', 'read'])
    await new Client(app).get('/in/bob,2,3,4,5,6,7,8')
    t.same(calls, ['readMany', 'saveMany', 'create', 'readMany'])
  }
)

t.test('identify refuses what can be no subjects, and says why', async (t) => {
  const { app } = await accounts(t)
  let told: unknown[] = []
  app.get('/tell', async (request) => {
    request.session('login').identify(...(told as [string]))
  })
  for (const [given, reason] of [
    [['ada', ''], 'expected non-empty strings, the user first, got an empty one'],
    [['', 'org:7'], 'expected non-empty strings, the user first, got an empty one'],
    [[null, 'org:7'], 'expected non-empty strings, the user first, got null'],
    [['ada', undefined], 'expected non-empty strings, the user first, got undefined'],
    [[['ada', 'org:7']], 'expected a non-empty string or null, got an array'],
    [[''], 'expected a non-empty string or null, got an empty one'],
    [['ada', 'org:7', 'org:7'], 'expected different subjects, got one of them twice'],
    [Array.from('123456789'), 'expected at most 8 subjects, got 9']
  ] as const) {
    told = [...given]
    const { code, message } = (await new Client(app).get('/tell')).json()
    t.same({ code, message }, { code: 'FST_SESSIONS_INVALID_VALUE', message: `session "login": identify(): ${reason}` })
  }
})

t.test('a kind of messages can not have the name under which subjects are kept', async (t) => {
  await t.rejects(buildApp(t, { sessions: { login: { schema: z.object({}), flash: { '@': z.string() } } } }), {
    code: 'FST_SESSIONS_CONFIG',
    message: exactly('session "login": flash: "@" is no name of a kind: records keep subjects there')
  })
})
