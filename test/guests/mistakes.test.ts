import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type RouteOptions } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type RecordStore } from '../../lib/index.js'
import { gate, KEY, until } from '../client.js'

const crashes: unknown[] = []
process.on('uncaughtException', (error) => crashes.push(error))
process.on('unhandledRejection', (error) => crashes.push(error))

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** When a store answers: in the same turn, in a microtask, or some turns of the event loop later. */
const paces: Record<string, undefined | (() => Promise<void>)> = {
  'at once': undefined,
  soon: async () => {},
  late: async () => {
    for (let turns = 0; turns < 3; turns++) await turn()
  }
}

const READS = ['read', 'readMany']
const WRITES = ['create', 'update', 'touch', 'remove', 'saveMany']

/** A memory store of a pace, that can fail, and be held while it works. */
function pacedStore(pace: undefined | (() => Promise<void>)) {
  const engine = memoryStore()
  const state = { failing: [] as string[], held: [] as string[], hold: gate(), isHolding: false }
  const work = (method: string, run: () => unknown) => {
    const answer = () => {
      if (state.failing.includes(method)) throw new Error('out of order')
      return run()
    }
    if (pace === undefined) return answer()
    return (async () => {
      await pace()
      if (state.held.includes(method)) {
        state.isHolding = true
        await state.hold.opened
      }
      return answer()
    })()
  }
  const store = { ...engine } as RecordStore
  for (const method of [...READS, ...WRITES]) {
    const original = engine[method as 'read'] as (...args: unknown[]) => unknown
    Object.assign(store, { [method]: (...args: unknown[]) => work(method, () => original.apply(engine, args)) })
  }
  return { store, state }
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

/** What a browser gets: its status, its text, and whether the change was stored. */
interface Style {
  /** What it does after it has changed its session. */
  readonly handler: Handler
  readonly answers: string
  readonly whenSaveFails?: string
  readonly whenLoadFails?: string
  readonly hooks?: Partial<RouteOptions>
}

const SAVE_FAILED = '503 FST_SESSIONS_SAVE'
const LOAD_FAILED = '503 FST_SESSIONS_STORE'
const throwInHook = async (_request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
  if (reply.statusCode === 200) throw new Error('a hook')
  return payload
}
const waitInHook = async (_request: FastifyRequest, _reply: FastifyReply, payload: unknown) => {
  await turn()
  return payload
}

const styles: Record<string, Style> = {
  'sync, returns a value': { handler: () => 'x', answers: '200 x, saved' },
  'async, returns a value': { handler: async () => 'x', answers: '200 x, saved' },
  'async, a promise that resolves late': {
    handler: async () => {
      await turn()
      return 'x'
    },
    answers: '200 x, saved'
  },
  'sync, reply.send': { handler: (_request, reply) => void reply.send('x'), answers: '200 x, saved' },
  'async, return reply.send': { handler: async (_request, reply) => reply.send('x'), answers: '200 x, saved' },
  'async, reply.send without return': {
    handler: async (_request, reply) => void reply.send('x'),
    answers: '200 x, saved'
  },
  'async, reply.send of an object without return': {
    handler: async (_request, reply) => void reply.code(201).send({ x: 1 }),
    answers: '201 {"x":1}, saved'
  },
  'async, reply.send, and a value': {
    handler: async (_request, reply) => {
      reply.send('x')
      return { y: 1 }
    },
    answers: '200 x, saved'
  },
  'async, reply.send, and a value later': {
    handler: async (_request, reply) => {
      reply.send('x')
      await turn()
      return 'y'
    },
    answers: '200 x, saved'
  },
  'two sends': {
    handler: async (_request, reply) => {
      reply.send('x')
      reply.code(404).type('application/json').send({ y: 1 })
    },
    answers: '200 x, saved'
  },
  'a send and a redirect': {
    handler: async (_request, reply) => {
      reply.send('x')
      reply.redirect('/elsewhere')
    },
    answers: '200 x, saved'
  },
  'a send and callNotFound': {
    handler: async (_request, reply) => {
      reply.send('x')
      reply.callNotFound()
    },
    answers: '200 x, saved'
  },
  'a send, and another status': {
    handler: (_request, reply) => {
      reply.send('x')
      reply.code(500)
    },
    answers: '200 x, saved'
  },
  'sync, throws after send': {
    handler: (_request, reply) => {
      reply.send('x')
      throw new Error('after it')
    },
    answers: '200 x, saved'
  },
  'async, throws after send': {
    handler: async (_request, reply) => {
      reply.send('x')
      throw new Error('after it')
    },
    answers: '200 x, saved'
  },
  'async, throws later after send': {
    handler: async (_request, reply) => {
      reply.send('x')
      await turn()
      throw new Error('after it')
    },
    answers: '200 x, saved'
  },
  'a send in a timer': {
    handler: (_request, reply) => void setImmediate(() => reply.send('x')),
    answers: '200 x, saved'
  },
  'two sends in timers': {
    handler: (_request, reply) => {
      setImmediate(() => reply.send('x'))
      setImmediate(() => reply.send('y'))
    },
    answers: '200 x, saved'
  },
  'save() is not awaited': {
    handler: async (request) => {
      void request.session('it').save()
      return 'x'
    },
    answers: '200 x, saved'
  },
  'save() is not awaited, reply.send without return': {
    handler: async (request, reply) => {
      void request.saveSessions()
      reply.send('x')
    },
    answers: '200 x, saved'
  },
  'a stream is returned': { handler: async () => Readable.from(['x']), answers: '200 x, saved' },
  'a stream is sent without return': {
    handler: async (_request, reply) => void reply.send(Readable.from(['x'])),
    answers: '200 x, saved'
  },
  'a stream that fails before its first byte': {
    handler: async () => new Readable({ read: (_size) => {}, construct: (done) => done(new Error('no file')) }),
    answers: '500 no file, saved'
  },
  'a web Response': { handler: async () => new Response('x'), answers: '200 x, saved' },
  'a redirect without return': {
    handler: async (_request, reply) => void reply.redirect('/elsewhere'),
    answers: '302 , saved'
  },
  throws: {
    handler: async () => {
      throw new Error('oops')
    },
    answers: '500 oops',
    whenSaveFails: '500 oops'
  },
  'a hijacked reply after save()': {
    handler: async (request, reply) => {
      await request.session('it').save()
      reply.hijack()
      reply.raw.end('x')
    },
    answers: '200 x, saved'
  },
  'a hijacked reply without save()': {
    handler: async (_request, reply) => {
      reply.hijack()
      reply.raw.end('x')
    },
    answers: '200 x',
    whenSaveFails: '200 x'
  },
  'a hijacked reply, save() is not awaited': {
    handler: async (request, reply) => {
      reply.hijack()
      void request.session('it').save()
      reply.raw.end('x')
    },
    answers: '200 x, saved',
    whenSaveFails: '200 x'
  },
  'raw.end': { handler: async (_request, reply) => void reply.raw.end('x'), answers: '200 x', whenSaveFails: '200 x' },
  'raw.write, and a value': {
    handler: async (_request, reply) => {
      reply.raw.write('half')
      return 'x'
    },
    answers: 'cut off, saved',
    whenSaveFails: 'cut off'
  },
  'a preHandler that replies without return': {
    handler: () => {
      throw new Error('the handler ran')
    },
    hooks: { preHandler: async (_request, reply) => void reply.send('x') },
    answers: '200 x, saved'
  },
  'a preHandler that replies and throws': {
    handler: () => {
      throw new Error('the handler ran')
    },
    hooks: {
      preHandler: async (_request, reply) => {
        reply.send('x')
        throw new Error('after it')
      }
    },
    answers: '200 x, saved'
  },
  'a later onSend hook that throws': {
    handler: async () => 'x',
    hooks: { onSend: throwInHook },
    answers: '500 a hook, saved'
  },
  'a later onSend hook that throws, reply.send without return': {
    handler: async (_request, reply) => void reply.send('x'),
    hooks: { onSend: throwInHook },
    answers: '500 a hook, saved'
  },
  'a later onSend hook that throws in a turn of its own': {
    handler: async () => 'x',
    hooks: {
      onSend: (_request, reply, _payload, done) => {
        setImmediate(() => (reply.statusCode === 200 ? done(new Error('a hook')) : done()))
      }
    },
    answers: '500 a hook, saved'
  },
  'a later onSend hook that waits': {
    handler: async () => 'x',
    hooks: { onSend: waitInHook },
    answers: '200 x, saved'
  },
  'a later onSend hook that waits, reply.send without return': {
    handler: async (_request, reply) => void reply.send('x'),
    hooks: { onSend: waitInHook },
    answers: '200 x, saved'
  },
  'a later onSend hook that calls done late, reply.send without return': {
    handler: async (_request, reply) => void reply.send('x'),
    hooks: { onSend: (_request, _reply, payload, done) => void setImmediate(done, null, payload) },
    answers: '200 x, saved'
  },
  'an onSend hook that replies for another': {
    handler: async () => 'y',
    hooks: {
      onSend: (_request, reply, payload, done) => {
        if (payload === 'y') reply.send('x')
        else done()
      }
    },
    answers: '200 x, saved'
  },
  'an error handler that is not done': {
    handler: async () => {
      throw new Error('oops')
    },
    hooks: {
      errorHandler: async (_error, _request, reply) => {
        reply.code(400).send('x')
        throw new Error('and again')
      }
    },
    answers: '400 x, saved',
    whenLoadFails: '400 x'
  }
}

const urlOf = (style: string) => `/${style.replace(/[^a-z]+/gi, '-')}`

async function build(pace: undefined | (() => Promise<void>), hooks: object[]) {
  const { store, state } = pacedStore(pace)
  const handling = { ...gate(), isReached: false }
  const app = Fastify()
  for (const hook of hooks) app.addHook('onSend', hook as never)
  await app.register(sessions, {
    keys: [KEY],
    cookie: { secure: false },
    stores: { paced: store },
    sessions: { it: { store: 'paced', schema: z.object({ n: z.number().default(0) }) } }
  } as never)
  app.addHook('preHandler', async ({ headers }) => {
    if (headers['x-hold'] === undefined) return
    handling.isReached = true
    await handling.opened
  })
  app.addHook('preHandler', async (request) => {
    const { n } = request.query as { n?: string }
    if (n !== undefined) request.session('it').set('n', Number(n))
  })
  app.get('/n', async (request) => request.session('it').get('n'))
  for (const [style, { handler, hooks }] of Object.entries(styles)) {
    app.route({ method: 'GET', url: urlOf(style), handler, ...hooks } as RouteOptions)
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, store: state, handling }
}

interface Answer {
  readonly text: string
  readonly cookie: string | undefined
}

function ask(app: FastifyInstance, path: string, headers: Record<string, string>, signal?: AbortSignal) {
  const { port } = app.server.address() as AddressInfo
  return new Promise<Answer>((resolve) => {
    const cut = () => resolve({ text: 'cut off', cookie: undefined })
    get({ port, path, headers, agent: false, ...(signal && { signal }) }, async (response) => {
      try {
        let body = ''
        for await (const chunk of response) body += chunk
        resolve({ text: `${response.statusCode} ${reason(body)}`, cookie: response.headers['set-cookie']?.[0] })
      } catch {
        cut()
      }
    }).on('error', cut)
  })
}

function reason(body: string): string {
  if (!body.startsWith('{"statusCode"') && !body.startsWith('{"error"')) return body
  const { code, message } = JSON.parse(body) as { code?: string; message: string }
  return code ?? message
}

/** What goes on after the answer is done by then. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 8; turns++) await turn()
}

let last = 100

/** One request of a style on a session that exists, and what became of it. */
async function cell(
  { app }: Awaited<ReturnType<typeof build>>,
  style: string,
  during: (asking: Promise<Answer>, abort: AbortController) => Promise<void> = async (asking) => void (await asking),
  headers: Record<string, string> = {}
): Promise<string> {
  const { cookie = '' } = await ask(app, '/n?n=1', {})
  const own = { cookie: cookie.split(';')[0] as string }
  const n = ++last
  const abort = new AbortController()
  const asking = ask(app, `${urlOf(style)}?n=${n}`, { ...own, ...headers }, abort.signal)
  await during(asking, abort)
  const { text } = await asking
  await settled()
  const stored = await ask(app, '/n', own)
  const crashed = crashes.splice(0).map((error) => `, crashed by ${error}`)
  return `${text}${stored.text === `200 ${n}` ? ', saved' : ''}${crashed.join('')}`
}

async function running(t: Test, pace: string, hooks: object[] = []) {
  crashes.length = 0 // where all tests run in one process, another one may have left some
  const server = await build(paces[pace], hooks)
  t.teardown(() => server.app.close())
  return server
}

for (const pace of Object.keys(paces)) {
  t.test(`on a store that answers ${pace}`, async (t) => {
    const server = await running(t, pace)
    const { store, handling } = server
    for (const [style, { answers, whenSaveFails = SAVE_FAILED, whenLoadFails = LOAD_FAILED }] of Object.entries(
      styles
    )) {
      t.equal(await cell(server, style), answers, `${style}: the first reply is served`)

      const failing = async (methods: string[], asking: Promise<unknown>) => {
        store.failing = methods
        await asking
        await settled()
        store.failing = []
      }
      t.equal(await cell(server, style, (asking) => failing(WRITES, asking)), whenSaveFails, `${style}: the save fails`)
      t.equal(await cell(server, style, (asking) => failing(READS, asking)), whenLoadFails, `${style}: the load fails`)

      const aborted = await cell(
        server,
        style,
        async (_asking, abort) => {
          await until(() => handling.isReached)
          abort.abort()
          await turn()
          handling.open()
          Object.assign(handling, gate(), { isReached: false })
        },
        { 'x-hold': 'yes' }
      )
      t.match(aborted, /^cut off(, saved)?$/, `${style}: the client goes away before the handler: ${aborted}`)
      if (pace !== 'late') continue
      for (const [phase, held] of Object.entries({ load: READS, save: WRITES })) {
        if (phase === 'save' && !answers.endsWith('saved')) continue
        const cut = await cell(server, style, async (_asking, abort) => {
          store.held = held
          await until(() => store.isHolding)
          abort.abort()
          await turn()
          store.held = []
          store.hold.open()
          Object.assign(store, { hold: gate(), isHolding: false })
        })
        t.match(
          cut,
          phase === 'save' ? /^(cut off|200 x), saved$/ : /^cut off(, saved)?$/,
          `${style}: … during the ${phase}: ${cut}`
        )
      }
    }
  })

  for (const [name, hook] of Object.entries({
    waits: waitInHook,
    'calls done in a promise that nobody awaits': (
      _request: unknown,
      _reply: unknown,
      payload: unknown,
      done: (error: null, payload: unknown) => void
    ) => void turn().then(() => done(null, payload))
  })) {
    t.test(`on a store that answers ${pace}, behind an onSend hook of the app that ${name}`, async (t) => {
      const server = await running(t, pace, [hook])
      for (const [style, answers] of Object.entries({
        'async, returns a value': '200 x, saved',
        'async, reply.send without return': '200 x, saved',
        'async, reply.send, and a value': '200 x, saved',
        // What the second reply has changed before the first comes here, nobody can tell from what the first was.
        'two sends': '404 x, saved',
        'async, throws after send': '500 x',
        'a stream is sent without return': '200 x, saved'
      })) {
        t.equal(await cell(server, style), answers, style)
      }
    })
  }
}
