import t from 'tap'
import { z } from 'zod'
import { Superseded } from '../lib/definition/superseded.js'
import type { Definition } from '../types/options.js'
import { buildApp, Client, clock, gate, KEY } from './client.js'

const MINUTE = 60_000
const schema = z.object({ user: z.string().default('nobody'), n: z.number().default(0) })

async function start(t: Parameters<typeof buildApp>[0], definition: Partial<Definition> = {}) {
  const app = await buildApp(t, {
    sessions: { it: { schema, idle: 3600, flash: { notice: z.string() }, ...definition } }
  })
  const reading = gate()
  const answer = gate()
  app.get('/in', async (request) => request.session('it').set('user', 'ann').isDirty)
  app.get('/out', async (request) => request.session('it').destroy())
  app.get('/flash', async (request) => request.session('it').flash('notice' as never, 'hello' as never).isDirty)
  app.get('/take', async (request) => request.session('it').flashes('notice' as never))
  app.get('/write', async (request) => request.session('it').set('n', 5).isDirty)
  app.get('/new-id', async (request) => request.session('it').regenerate().isDirty)
  app.get('/me', async (request) => request.session('it').get('user'))
  app.get('/n', async (request) => request.session('it').get('n'))
  app.get('/peek', async (request) => request.session('it').peek('notice' as never))
  app.get('/slow', async (request) => {
    const user = request.session('it').get('user')
    reading.open()
    await answer.opened
    return user
  })
  app.get('/slow-attributes', async (request) => {
    const it = request.session('it').cookie({ sameSite: 'strict' })
    reading.open()
    await answer.opened
    return it.get('user')
  })
  const client = new Client(app)
  await client.get('/in')
  /** A request that only reads and is answered after another one, which was sent later. */
  const overtaken = async (slow: string, by: string) => {
    const reader = client.copy()
    const slowly = reader.get(slow)
    await reading.opened
    await client.get(by)
    answer.open()
    const { headers, statusCode } = await slowly
    t.equal(statusCode, 200)
    return headers['set-cookie']
  }
  return { app, client, overtaken }
}

for (const seal of ['encrypt', 'sign'] as const) {
  t.test(`a renewal undoes no parallel sign-out, ${seal}`, async (t) => {
    const time = clock(t)
    const { client, overtaken } = await start(t, { seal })
    time.pass(30 * MINUTE)
    t.equal(await overtaken('/slow', '/out'), undefined)
    t.equal((await client.get('/me')).body, 'nobody')
  })

  t.test(`a new key undoes no parallel sign-out, ${seal}`, async (t) => {
    const { app, overtaken } = await start(t, { seal })
    app.sessions.rotate([`new ${KEY}`, KEY])
    t.equal(await overtaken('/slow', '/out'), undefined)
  })
}

t.test('a renewal brings no flash message back and takes none away, and undoes no write', async (t) => {
  const time = clock(t)
  for (const [before, by, path, expected] of [
    ['/me', '/flash', '/peek', '["hello"]'],
    ['/flash', '/take', '/peek', '[]'],
    ['/me', '/write', '/n', '5']
  ] as const) {
    const { client, overtaken } = await start(t)
    await client.get(before)
    time.pass(30 * MINUTE)
    t.equal(await overtaken('/slow', by), undefined, by)
    t.equal((await client.get(path)).body, expected, by)
  }
})

t.test('attributes for one response undo nothing either', async (t) => {
  const { overtaken } = await start(t)
  t.equal(await overtaken('/slow-attributes', '/out'), undefined)
})

t.test('a renewal that nothing overtook is made, also by a browser that lost the answer before', async (t) => {
  const time = clock(t)
  const { client } = await start(t)
  const lost = client.copy()
  time.pass(30 * MINUTE)
  t.match((await client.get('/me')).headers['set-cookie'], /^__Host-it=/)
  t.notOk((await lost.get('/me')).headers['set-cookie'], 'right after it was replaced')
  time.pass(2 * MINUTE)
  t.match((await lost.get('/me')).headers['set-cookie'], /^__Host-it=/, 'later')
})

t.test('of the values that were superseded the last 1024 are known', async (t) => {
  const superseded = new Superseded()
  t.equal(superseded.has('value 0', 0), false)
  for (let index = 0; index < 1025; index++) superseded.note(`value ${index}`, 1000)
  const known = (index: number) => superseded.has(`value ${index}`, 1000)
  t.same([known(0), known(1), known(1024), known(1025)], [false, true, true, false])
  t.equal(superseded.has('value 5', 61_001), false)
  superseded.note('value 5', 61_001)
  t.equal(superseded.has('value 5', 61_001), true)
})

t.test('a renewal does not bring back a value that another request replaced by regenerate()', async (t) => {
  const time = clock(t)
  const { overtaken } = await start(t)
  time.pass(30 * MINUTE)
  t.equal(await overtaken('/slow', '/new-id'), undefined)
})

t.test('of two values with one mark the one that was superseded lately counts', async (t) => {
  const superseded = new Superseded()
  superseded.note('one, same end', 0)
  superseded.note('two, same end', 100 * MINUTE)
  t.equal(superseded.has('three, same end', 100 * MINUTE), true)
  t.equal(superseded.has('three, same end', 102 * MINUTE), false)
  t.equal(superseded.has('another', 100 * MINUTE), false)
})
