import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { buildApp, Client, KEY } from './client.js'

const NAMES = ['login', 'cart', 'sealed'] as const
const schema = z.object({ n: z.number().default(0) })

interface Line {
  readonly level: number
  readonly session?: string
  readonly msg: string
}

/** An app with two sessions on one store and one in the cookie, and a browser that has all; the first can be revoked. */
async function start(t: Test) {
  const log: Line[] = []
  const kept = { store: 'memory', schema }
  const app = await buildApp(
    t,
    { stores: { memory: memoryStore() }, sessions: { login: kept, cart: kept, sealed: { schema } } },
    log
  )
  app.get('/in', async (request) => {
    for (const name of NAMES) request.session(name).set('n', 1)
    request.session('login').identify('ada')
  })
  app.get('/n', async (request) => NAMES.map((name) => request.session(name).get('n')))
  /** All sessions are used, the first is ended elsewhere, and then they are saved. */
  app.get('/use/:how', async (request) => {
    const sessions = NAMES.map((name) => request.session(name))
    for (const session of sessions) {
      if ((request.params as { how: string }).how === 'change') session.set('n', 2)
      else session.get('n')
    }
    await app.sessions.revoke('ada')
    await request.saveSessions()
    return sessions.map(({ problem, isDirty }) => [problem ?? null, isDirty])
  })
  const client = new Client(app)
  await client.get('/in')
  const told = () =>
    log
      .filter(({ level, session }) => level > 20 && session !== undefined)
      .map(({ level, session, msg }) => [level, session, msg])
  return { app, client, told }
}

const ENDED = [30, 'login', 'the session was ended while this request ran: its changes are dropped']
const GAVE_NONE = [30, 'login', 'a session cookie gave no session: gone']

t.test(
  'of several sessions that are changed, one that was ended meanwhile is told so, and the others are saved',
  async (t) => {
    const { client, told } = await start(t)
    const answer = await client.get('/use/change')
    t.same(answer.json(), [
      ['gone', true],
      [null, false],
      [null, false]
    ])
    t.same(
      answer.cookies.map(({ name }) => name),
      ['__Host-sealed']
    )
    t.same(told(), [ENDED, ENDED], 'with save(), and with the reply')
    t.same(await client.json('/n'), [0, 2, 2])
  }
)

t.test('of several that are only read and whose cookies are due, one that was ended meanwhile gets none', async (t) => {
  const { app, client, told } = await start(t)
  app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
  const answer = await client.get('/use/read')
  t.same(answer.json(), [
    ['gone', false],
    [null, false],
    [null, false]
  ])
  t.same(
    answer.cookies.map(({ name }) => name),
    ['__Host-cart', '__Host-sealed']
  )
  t.same(told(), [ENDED, ENDED])
  t.same(await client.json('/n'), [0, 1, 1])
  t.same(told().at(-1), GAVE_NONE)
})
