import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { buildApp, Client } from './client.js'

const NAMES = ['kept', 'sealed'] as const
const schema = z.object({ n: z.number().default(0) })

async function start(t: Test) {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { kept: { store: 'memory', schema }, sealed: { schema } }
  })
  app.get('/set', async (request) => void NAMES.map((name) => request.session(name).set('n', 1)))
  app.get('/strict', async (request) =>
    NAMES.map((name) => request.session(name).cookie({ sameSite: 'strict' }).get('n'))
  )
  app.get('/save-first', async (request) => {
    for (const name of NAMES) request.session(name).cookie({ sameSite: 'strict' }).set('n', 2)
    await request.saveSessions()
    return NAMES.map((name) => request.session(name).isDirty)
  })
  return new Client(app)
}

const attributes = ({ cookies }: Awaited<ReturnType<Client['get']>>) =>
  cookies.map(({ name, sameSite }) => [name, sameSite])

const STRICT = [
  ['__Host-kept', 'Strict'],
  ['__Host-sealed', 'Strict']
]

t.test('attributes for one response go with the cookie also where the session is only read', async (t) => {
  const client = await start(t)
  await client.get('/set')
  const answer = await client.get('/strict')
  t.same([answer.statusCode, answer.json(), attributes(answer)], [200, [1, 1], STRICT])
})

t.test('attributes that were given before save() are those of the reply, too', async (t) => {
  const client = await start(t)
  for (const visit of ['the first', 'the second']) {
    const answer = await client.get('/save-first')
    t.same([answer.statusCode, answer.json(), attributes(answer)], [200, [false, false], STRICT], visit)
  }
  t.same((await client.get('/strict')).json(), [2, 2])
})

t.test('attributes give a visitor without a session no cookie, and take none away', async (t) => {
  const client = await start(t)
  t.same(attributes(await client.get('/strict')), [])
  const unreadable = NAMES.map((name) => [`__Host-${name}`, 'x'] as const)
  t.same(attributes(await new Client(client.app, unreadable).get('/strict')), [])
})

t.test('a reply has one cookie of each session, the last, however often they were saved', async (t) => {
  const client = await start(t)
  client.app.get('/thrice', async (request, reply) => {
    reply.header('set-cookie', 'other=1')
    for (const [name, n] of [
      ['sealed', 1],
      ['kept', 2],
      ['sealed', 3]
    ] as const) {
      await request.session(name).set('n', n).save()
    }
  })
  const names = (await client.get('/thrice')).cookies.map(({ name }) => name)
  t.same(names, ['other', '__Host-kept', '__Host-sealed'])
  t.same(await client.json('/strict'), [2, 3])
})
