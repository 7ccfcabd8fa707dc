import t from 'tap'
import { z } from 'zod'
import { buildApp, Client } from './client.js'
import { mortal } from './subjects/mortal.js'

t.test(
  'a sign-out with an id that was replaced ends the session when it is repeated, wherever it broke off',
  async (t) => {
    let broken = 0
    for (let calls = 0; calls < 8; calls++) {
      const { life, store } = mortal()
      const login = { schema: z.object({ user: z.string().optional() }), store: 'memory' }
      const app = await buildApp(t, { stores: { memory: store }, sessions: { login } })
      app.get('/in', async (request) => void request.session('login').identify('ada').set('user', 'ada'))
      app.get('/again', async (request) => void request.session('login').regenerate())
      app.get('/out', async (request) => request.session('login').destroy())
      app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
      const newest = new Client(app)
      await newest.get('/in')
      const old = newest.copy()
      await newest.get('/again')
      await newest.get('/again')
      t.equal((await newest.get('/who')).body, 'ada')
      life.left = calls
      if ((await old.copy().get('/out')).statusCode === 503) broken++
      life.left = Number.POSITIVE_INFINITY
      t.equal((await old.get('/out')).statusCode, 200)
      t.equal((await newest.get('/who')).body, 'nobody', `after ${calls} calls`)
      t.same(await app.sessions.of('ada'), [])
    }
    t.ok(broken > 2 && broken < 8, `${broken} broke off`)
  }
)
