import t from 'tap'
import { z } from 'zod'
import { memoryStore, type Session } from '../lib/index.js'
import { buildApp, Client, KEY } from './client.js'

const schema = z.object({ n: z.number().default(0) })
const NAMES = ['kept', 'sealed'] as const

/** An app one of whose requests does something with its sessions when the headers are sent already. */
async function start(t: Parameters<typeof buildApp>[0], late: (kept: Session, sealed: Session) => unknown) {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { kept: { store: 'memory', schema }, sealed: { schema } }
  })
  app.get('/set', async (request) => {
    for (const name of NAMES) request.session(name).set('n', 1)
  })
  app.get('/late', async (request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200)
    await late(request.session('kept'), request.session('sealed'))
    const outcome = await request.saveSessions().then(
      () => 'saved',
      (error) => error.message
    )
    reply.raw.end(outcome)
  })
  app.get('/get', async (request) => NAMES.map((name) => request.session(name).get('n')))
  const client = new Client(app)
  await client.get('/set')
  return { app, client }
}

for (const [what, late, n] of [
  ['changed', (kept: Session, sealed: Session) => [kept.set('n', 2), sealed.get('n')], 2],
  ['only read', (kept: Session, sealed: Session) => [kept.get('n'), sealed.get('n')], 1]
] as const) {
  t.test(`a cookie that is due when the headers are sent is left to the next response: ${what}`, async (t) => {
    const { app, client } = await start(t, late)
    app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
    const response = await client.get('/late')
    t.equal(response.body, 'saved')
    t.equal(response.headers['set-cookie'], undefined)
    const next = await client.get('/get')
    t.same(next.json(), [n, 1])
    t.same(
      next.cookies.map(({ name }) => name),
      ['__Host-kept', '__Host-sealed']
    )
  })
}

t.test('what needs a cookie is refused when the headers are sent, and what needs none is not', async (t) => {
  const refusal = 'its cookie has to change, but the headers are already sent: save() before the first byte'
  for (const [late, expected] of [
    [(_: Session, sealed: Session) => sealed.set('n', 2), `could not save session "sealed": ${refusal}`],
    [(_: Session, sealed: Session) => sealed.destroy(), `could not save session "sealed": ${refusal}`],
    [(kept: Session) => kept.regenerate(), `could not save session "kept": ${refusal}`],
    [(kept: Session) => kept.destroy(), 'saved'],
    [(kept: Session) => kept.set('n', 2), 'saved']
  ] as const) {
    const { client } = await start(t, late)
    t.equal((await client.get('/late')).body, expected)
  }
})
