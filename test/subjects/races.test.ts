import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../../lib/index.js'
import { buildApp, Client } from '../client.js'
import { everyOrder, Turns, waiting } from './turns.js'

async function accounts(t: Parameters<typeof buildApp>[0]) {
  const turns = new Turns()
  const app = await buildApp(t, {
    stores: { memory: waiting(memoryStore(), turns.wait) },
    sessions: { login: { store: 'memory', schema: z.object({ user: z.string().optional() }) } }
  })
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('login').regenerate().identify(user).set('user', user).id
  })
  app.get('/regenerate', async (request) => request.session('login').regenerate().id)
  app.get('/hand/:user', async (request) => {
    const { user } = request.params as { user: string }
    const login = request.session('login')
    const before = login.problem
    await login
      .identify(user === 'nobody' ? null : user)
      .set('user', `now ${user}`)
      .save()
    return before === 'gone' ? 'begun anew' : (login.problem ?? 'handed over')
  })
  app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
  await app.ready()
  let users = 0
  return { app, turns, newUser: () => `user${++users}` }
}

t.test('in every order in which they meet, a sign-in is ended by a revocation or came after it', async (t) => {
  const { app, turns, newUser } = await accounts(t)
  const wrong: unknown[] = []
  const orders = await everyOrder(3, async (order) => {
    const user = newUser()
    const [client, other] = [new Client(app), new Client(app)]
    await other.get(`/in/${user}`)
    const choices = await turns.run([() => client.get(`/in/${user}`), () => app.sessions.revoke(user)], order)
    const isIn = (await client.get('/who')).body === user
    const isOtherIn = (await other.get('/who')).body === user
    const listed = (await app.sessions.of(user)).length
    const later = await app.sessions.revoke(user)
    const isStillIn = (await client.get('/who')).body === user
    if (isOtherIn || listed !== Number(isIn) || later !== Number(isIn) || isStillIn) {
      wrong.push({ order, isIn, isOtherIn, listed, later, isStillIn })
    }
    return choices
  })
  t.ok(orders > 20, `${orders} orders`)
  t.same(wrong, [])
})

t.test('in every order in which they meet, a revocation ends a session that is being regenerated', async (t) => {
  const { app, turns, newUser } = await accounts(t)
  const wrong: unknown[] = []
  const orders = await everyOrder(2, async (order) => {
    const user = newUser()
    const client = new Client(app)
    await client.get(`/in/${user}`)
    const old = client.copy()
    let ended = 0
    const revoking = async () => {
      ended = await app.sessions.revoke(user)
    }
    const choices = await turns.run([() => client.get('/regenerate'), revoking], order)
    const isIn = [(await client.get('/who')).body, (await old.get('/who')).body].includes(user)
    const listed = (await app.sessions.of(user)).length
    // The record that the regeneration is about to give up can have been ended too.
    if (isIn || listed !== 0 || ended < 1 || ended > 2) wrong.push({ order, isIn, listed, ended })
    return choices
  })
  t.ok(orders > 20, `${orders} orders`)
  t.same(wrong, [])
})

for (const next of ['bob', 'nobody']) {
  t.test(`in every order in which they meet, what has passed to ${next} is not ended as another's`, async (t) => {
    const { app, turns, newUser } = await accounts(t)
    const wrong: unknown[] = []
    const orders = await everyOrder(2, async (order) => {
      const user = newUser()
      const heir = next === 'nobody' ? next : newUser()
      const client = new Client(app)
      await client.get(`/in/${user}`)
      let [ended, outcome] = [0, '']
      const handing = async () => {
        outcome = (await client.get(`/hand/${heir}`)).body
      }
      const revoking = async () => {
        ended = await app.sessions.revoke(user)
      }
      const choices = await turns.run([handing, revoking], order)
      const lives = (await client.get('/who')).body === `now ${heir}`
      const listed = (await app.sessions.of(heir)).length
      const isRight = lives === (outcome !== 'gone') && ended === Number(outcome !== 'handed over')
      if (!isRight || listed !== Number(lives && next !== 'nobody'))
        wrong.push({ order, lives, listed, ended, outcome })
      t.same(await app.sessions.of(user), [])
      return choices
    })
    t.ok(orders > 10, `${orders} orders`)
    t.same(wrong, [])
  })
}
