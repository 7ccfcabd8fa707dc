import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { buildApp, Client, KEY } from './client.js'

const schema = z.object({ n: z.number().default(0) })

t.test('a cookie that is due when the headers are sent already is left to the next response', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { kept: { store: 'memory', schema }, sealed: { schema } }
  })
  app.get('/set', async (request) => {
    for (const name of ['kept', 'sealed']) request.session(name).set('n', 1)
  })
  app.get('/late', async (request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200)
    const kept = request.session('kept').set('n', 2)
    request.session('sealed').get('n')
    const outcome = await request.saveSessions().then(
      () => 'saved',
      (error) => error.message
    )
    reply.raw.end(`${outcome}, ${kept.isDirty}`)
  })
  app.get('/get', async (request) => ['kept', 'sealed'].map((name) => request.session(name).get('n')))
  const client = new Client(app)
  await client.get('/set')
  app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
  const late = await client.get('/late')
  t.equal(late.body, 'saved, false')
  t.equal(late.headers['set-cookie'], undefined)
  const next = await client.get('/get')
  t.same(next.json(), [2, 1])
  t.same(
    next.cookies.map(({ name }) => name),
    ['__Host-kept', '__Host-sealed']
  )
})
