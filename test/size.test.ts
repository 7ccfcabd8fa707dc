import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import { buildApp, Client, gate } from './client.js'

const schema = z.object({ text: z.string().default(''), other: z.string().default('') })

async function limited(t: Test, store: RecordStore, maxBytes?: number) {
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { kept: { store: 'memory', schema, ...(maxBytes !== undefined && { maxBytes }) } }
  })
  app.post('/set', async (request) => request.session('kept').set('text', request.body as string).id)
  app.get('/get', async (request) => {
    const { problem = null } = request.session('kept')
    return [problem, (request.session('kept').get('text') as string).length]
  })
  return app
}

const set = (client: Client, text: string) =>
  client.get('/set', { method: 'POST', headers: { 'content-type': 'text/plain' }, payload: text })

t.test('more bytes than a session may have are refused, with how many, the limit, and what to do', async (t) => {
  const store = memoryStore()
  const client = new Client(await limited(t, store, 400))
  t.equal((await set(client, 'x'.repeat(300))).statusCode, 200)
  for (const [text, bytes] of [
    ['x'.repeat(400), /has 4\d\d bytes/],
    ['é'.repeat(190), /has 4\d\d bytes/],
    ['x'.repeat(5000), /has 50\d\d bytes/]
  ] as const) {
    const { code, statusCode, message } = (await set(client, text)).json()
    t.same([code, statusCode], ['FST_SESSIONS_SAVE', 500])
    t.match(message, /^could not save session "kept": what is to be stored /)
    t.match(message, bytes)
    t.match(message, /more than its maxBytes of 400: keep less in it, or raise maxBytes/)
  }
  t.same(await client.json('/get'), [null, 300], 'what was stored before is there')
})

t.test('without an option a mebibyte is the limit', async (t) => {
  const client = new Client(await limited(t, memoryStore()))
  t.equal((await set(client, 'x'.repeat(1_000_000))).statusCode, 200)
  t.match((await set(client, 'é'.repeat(524_288))).json(), { message: /more than its maxBytes of 1048576/ })
})

t.test('a longer text that a store holds is not read', async (t) => {
  const store = memoryStore()
  const client = new Client(await limited(t, store))
  await set(client, 'x'.repeat(2000))
  const smaller = client.copy(await limited(t, store, 1000))
  const { parse } = JSON
  t.teardown(() => Object.assign(JSON, { parse }))
  let longest = 0
  JSON.parse = (text, reviver) => {
    longest = Math.max(longest, text.length)
    return parse(text, reviver)
  }
  const { body } = await smaller.get('/get')
  Object.assign(JSON, { parse })
  t.equal(body, '["too-large",0]')
  t.ok(longest < 1000, 'nor parsed')
  t.same(await client.json('/get'), [null, 2000], 'it stays as it is')
})

t.test('signing out ends a session whose record is too long to be read', async (t) => {
  const store = memoryStore()
  const client = new Client(await limited(t, store))
  await set(client, 'x'.repeat(2000))
  const app = await limited(t, store, 1000)
  app.get('/out', async (request) => request.session('kept').destroy())
  await client.copy(app).get('/out')
  t.same(await client.json('/get'), ['gone', 0])
})

t.test('the limit holds also for what parallel changes make together', async (t) => {
  const app = await limited(t, memoryStore(), 500)
  const [arrived, goOn] = [gate(), gate()]
  app.get('/slow', async (request) => {
    request.session('kept').set('other', 'y'.repeat(250))
    arrived.open()
    await goOn.opened
  })
  const client = new Client(app)
  await set(client, 'x')
  const slow = client.copy().get('/slow')
  await arrived.opened
  t.equal((await set(client, 'x'.repeat(250))).statusCode, 200)
  goOn.open()
  t.match((await slow).json(), { message: /more than its maxBytes of 500/ })
  t.same(await client.json('/get'), [null, 250])
})
