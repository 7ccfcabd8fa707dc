import t from 'tap'
import { z } from 'zod'
import { memoryStore, type Session } from '../../lib/index.js'
import { buildApp, Client } from '../client.js'

/** In which ways one may say "this session". */
const ways: Readonly<Record<string, (login: Session) => { readonly id: string | undefined } | string>> = {
  'the session': (login) => login,
  'its id': (login) => login.id as string,
  'an object with its id': ({ id }) => ({ id })
}

/** What one request may do, in which order, when all others are to end. */
const recipes = {
  'a new id, then all others end': ['regenerate', 'revoke'],
  'all others end, then a new id': ['revoke', 'regenerate'],
  'a new id, saved, then all others end': ['regenerate', 'save', 'revoke'],
  'a new id twice, then all others end': ['regenerate', 'id', 'regenerate', 'revoke'],
  'sign-in, then all others end': ['regenerate', 'identify', 'revoke'],
  'all others end, then sign-in': ['revoke', 'regenerate', 'identify'],
  'sign-in without a new id, then all others end': ['identify', 'revoke'],
  'all others end while a new id is being saved': ['regenerate', 'begin saving', 'revoke']
}

for (const [way, name] of Object.entries(ways)) {
  for (const [recipe, steps] of Object.entries(recipes)) {
    for (const start of ['signed in', 'visiting', 'new']) {
      t.test(`${recipe}: ${way} stays, of a browser that was ${start}`, async (t) => {
        const app = await buildApp(t, {
          stores: { memory: memoryStore() },
          sessions: { login: { store: 'memory', schema: z.object({ user: z.string().optional() }) } }
        })
        app.get('/in', async (request) => {
          request.session('login').regenerate().identify('ann').set('user', 'ann')
        })
        app.get('/visit', async (request) => {
          request.session('login').set('user', 'nobody')
        })
        app.get('/do', async (request) => {
          const login = request.session('login')
          let saving: Promise<void> | undefined
          if (start !== 'signed in') login.identify('ann')
          for (const step of steps) {
            if (step === 'regenerate') login.regenerate()
            if (step === 'id') t.type(login.id, 'string')
            if (step === 'identify') login.identify('ann').set('user', 'ann')
            if (step === 'save') await login.save()
            if (step === 'begin saving') saving = login.save()
            if (step === 'revoke') await app.sessions.revoke('ann', { except: name(login as never) })
          }
          await saving
          return login.set('user', 'kept').id
        })
        app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
        const [client, other] = [new Client(app), new Client(app)]
        await other.get('/in')
        if (start === 'signed in') await client.get('/in')
        if (start === 'visiting') await client.get('/visit')
        const { statusCode, body: id } = await client.get('/do')
        t.equal(statusCode, 200)
        t.equal((await client.get('/who')).body, 'kept')
        t.equal((await other.get('/who')).body, 'nobody')
        t.same(
          (await app.sessions.of('ann')).map((session) => session.id),
          [id]
        )
      })
    }
  }
}

t.test('a request that knows a session by the id that another request has just replaced keeps it', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { login: { store: 'memory', schema: z.object({}) } }
  })
  app.get('/in', async (request) => request.session('login').regenerate().identify('ann').id)
  app.get('/others', async (request) => app.sessions.revoke('ann', { except: request.session('login') }))
  const client = new Client(app)
  await client.get('/in')
  const late = client.copy()
  await client.get('/in')
  const { body: id } = await client.get('/in')
  await new Client(app).get('/in')
  t.equal(await late.json('/others'), 1)
  t.same(
    (await app.sessions.of('ann')).map((session) => session.id),
    [id]
  )
})

t.test('only this session, with a new id that is not saved yet, ends it', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { login: { store: 'memory', schema: z.object({ n: z.number().optional() }) } }
  })
  app.get('/in', async (request) => request.session('login').regenerate().identify('ann').set('n', 1).id)
  app.get('/end', async (request) => {
    const login = request.session('login').regenerate()
    return app.sessions.revoke('ann', { only: login })
  })
  app.get('/n', async (request) => request.session('login').get('n') ?? 'none')
  const client = new Client(app)
  await client.get('/in')
  t.equal(await client.json('/end'), 1)
  t.equal((await client.get('/n')).body, 'none')
  t.same(await app.sessions.of('ann'), [])
})
