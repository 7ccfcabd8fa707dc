import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type RecordStore } from '../../lib/index.js'
import { goOn } from '../../lib/response/go-on.js'
import { Client, gate, KEY, until } from '../client.js'

interface Line {
  readonly level: number
  readonly route?: string
  readonly msg: string
}

/** An app whose store, while it is held, does not create. */
async function build(t: Test, prepare: (app: FastifyInstance) => void = () => {}) {
  const log: Line[] = []
  const stream = { write: (line: string) => log.push(JSON.parse(line) as Line) }
  const app = Fastify({ logger: { level: 'warn', stream } })
  t.teardown(() => app.close())
  prepare(app)
  const engine: RecordStore = memoryStore()
  const creating = gate()
  const held = gate()
  const create = engine.create.bind(engine)
  engine.create = async (...args) => {
    creating.open()
    await held.opened
    return create(...args)
  }
  await app.register(sessions, {
    keys: [KEY],
    stores: { held: engine },
    sessions: { it: { store: 'held', schema: z.object({ n: z.number().default(0) }) } }
  } as never)
  const lines = () => log.filter(({ msg }) => !msg.startsWith('session store')).map(({ route, msg }) => [route, msg])
  return { app, client: new Client(app), creating, held, lines }
}

const change = (request: FastifyRequest) => request.session('it').set('n', 1)

t.test(
  'a second reply that an onSend hook of the app has let through is refused with the route and the remedy',
  async (t) => {
    const { app, client, held, lines } = await build(t, (app) =>
      app.addHook('onSend', async (_request, _reply, payload) => {
        await new Promise(setImmediate)
        return payload
      })
    )
    held.open()
    let second: Readable | undefined
    app.get('/x/:id', async (request, reply) => {
      change(request)
      reply.send('x')
    })
    app.get('/stream', async (request, reply) => {
      change(request)
      reply.send('x')
      second = new Readable({ read: () => {} })
      return second
    })
    t.hasStrict(await client.get('/x/secret'), { statusCode: 200, body: 'x' })
    await until(() => lines().length > 0)
    t.same(lines(), [
      ['GET /x/:id', 'a second reply is refused, the first is under way: was "return reply" forgotten in GET /x/:id?']
    ])
    t.hasStrict(await client.get('/stream'), { statusCode: 200, body: 'x' })
    await until(() => lines().length > 1)
    t.equal(second?.destroyed, true, 'what nobody reads is not kept open')
  }
)

t.test('while its session is being saved a reply counts as sent', async (t) => {
  const { app, client, creating, held } = await build(t)
  let reply: FastifyReply | undefined
  app.get('/', async (request, own) => {
    reply = own
    change(request)
    own.send('x')
    return [own.sent, await own] as never
  })
  const asking = client.get('/')
  await creating.opened
  t.equal(reply?.sent, true)
  held.open()
  t.hasStrict(await asking, { statusCode: 200, body: 'x' })
  t.equal(reply?.sent, true)
})

t.test('what is written by hand while the session is being saved is what is answered', async (t) => {
  const { app, client, creating, held, lines } = await build(t)
  const payload = new Readable({ read: () => {} })
  app.get('/', async (request, reply) => {
    change(request)
    reply.send(payload)
    reply.raw.end('by hand')
  })
  const asking = client.get('/')
  await creating.opened
  held.open()
  t.hasStrict(await asking, { statusCode: 200, body: 'by hand' })
  await new Promise(setImmediate)
  t.match(lines(), [
    ['GET /', 'what reply.send() was given in GET / is dropped: reply.raw was written to while sessions were saved']
  ])
  t.equal(payload.destroyed, true)
})

t.test('an error behind a hook that waited, which nobody can answer, leaves nobody waiting', async (t) => {
  const { app, client, lines } = await build(t)
  const always = () => {
    throw new Error('again')
  }
  app.get('/before', (_request, reply) => goOn(reply, always))
  app.get('/begun', (_request, reply) => {
    reply.raw.write('half')
    goOn(reply, always)
  })
  app.get('/once', (_request, reply) =>
    goOn(reply, (error) => {
      if (error === undefined) throw new Error('once')
      reply.code(503).send(error.message)
    })
  )
  t.hasStrict(await client.get('/before'), { statusCode: 500, body: '' })
  t.same(lines(), [[undefined, 'an error could not be answered']])
  await t.rejects(client.get('/begun'))
  t.hasStrict(await client.get('/once'), { statusCode: 503, body: 'once' })
})
