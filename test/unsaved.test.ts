import { deepStrictEqual } from 'node:assert'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import { buildApp, Client, gate, until } from './client.js'

const schema = z.object({
  n: z.number().default(0),
  user: z.string().optional(),
  list: z.array(z.string()).default([])
})

interface Line {
  readonly level: number
  readonly session?: string
  readonly route?: string
  readonly msg: string
}

const WARN = 40
const lost = (session: string, route: string) =>
  `session "${session}" was changed after the reply of ${route}, or beside one that was written by hand, and is not saved: change it before the reply, or await session.save()`

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

/** An app with a session in a store and one in the cookie, its warnings, and a browser that has both. */
async function build(
  t: Test,
  routes: Record<string, Handler>,
  prepare: (app: FastifyInstance) => void = () => {},
  memory: RecordStore = memoryStore(),
  options: object = {}
) {
  const log: Line[] = []
  const app = await buildApp(
    t,
    {
      stores: { memory },
      sessions: { kept: { store: 'memory', schema, ...options }, sealed: { schema } }
    } as never,
    log
  )
  prepare(app)
  app.get('/start', async (request) => both(request, 1))
  app.get('/read', async (request) => ['kept', 'sealed'].map((name) => request.session(name).get('n')))
  for (const [url, handler] of Object.entries(routes)) app.get(url, handler)
  const client = new Client(app)
  await client.get('/start')
  const warnings = () =>
    log
      .filter(({ level, session }) => level >= WARN && session !== undefined)
      .map(({ session, route, msg }) => [session, route, msg])
      .sort()
  return { app, client, warnings }
}

function both(request: FastifyRequest, n: number): void {
  for (const name of ['kept', 'sealed']) request.session(name).set('n', n)
}

/** A store that answers some turns of the event loop later. */
function slowStore(): RecordStore {
  const engine: RecordStore = memoryStore()
  const store = { ...engine }
  for (const method of ['read', 'create', 'update', 'touch', 'remove', 'readMany', 'saveMany'] as const) {
    const original = engine[method] as (...args: unknown[]) => unknown
    Object.assign(store, {
      [method]: async (...args: unknown[]) => {
        for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate)
        return original.apply(engine, args)
      }
    })
  }
  return store
}

const expected = (route: string) => ['kept', 'sealed'].map((session) => [session, route, lost(session, route)])

for (const [pace, store] of Object.entries({
  'at once': memoryStore,
  later: slowStore
})) {
  t.test(
    `on a store that answers ${pace}, a change after the reply is told in the log, once for each session`,
    async (t) => {
      const changed = gate()
      const routes: Record<string, Handler> = {
        '/after/:way': async (request, reply) => {
          reply.send('x')
          both(request, 2)
          both(request, 3)
        },
        '/used/:way': async (request, reply) => {
          both(request, 2)
          reply.send('x')
          both(request, 3)
        },
        '/later/:way': (request, reply) => {
          both(request, 2)
          reply.send('x')
          reply.raw.on('close', () => {
            both(request, 3)
            changed.open()
          })
        }
      }
      const { app, client, warnings } = await build(t, routes, undefined, store())
      for (const url of ['/after', '/used', '/later']) await client.get(`${url}/1`)
      await changed.opened
      t.same(await client.json('/read'), [2, 2])
      const told = (session: string) => warnings().filter(([name]) => name === session)
      await until(() => told('sealed').length === 3)
      const of = (session: string) =>
        ['/after', '/later', '/used'].map((url) => [session, `GET ${url}/:way`, lost(session, `GET ${url}/:way`)])
      t.same(told('sealed'), of('sealed'), 'what no save() can save is told at once')
      t.same(told('kept'), [], 'what save() could still save is waited for')
      await app.close()
      t.same(told('kept'), of('kept'))
      t.equal(warnings().length, 6)
    }
  )
}

t.test('a change by onResponse, or by a later onSend hook, is told in the log', async (t) => {
  const routes: Record<string, Handler> = {
    '/used': async (request) => request.session('kept').get('n'),
    '/not-used': async () => 1
  }
  for (const hook of ['onResponse', 'onSend'] as const) {
    for (const url of Object.keys(routes)) {
      const { app, client, warnings } = await build(t, routes, (app) =>
        app.addHook(hook as 'onResponse', async (request) => {
          if (request.url === url) both(request, 2)
        })
      )
      t.equal(await client.json(url), 1)
      t.same(await client.json('/read'), [1, 1])
      await app.close()
      t.same(warnings(), expected(`GET ${url}`), `${hook} ${url}`)
    }
  }
})

t.test('a change beside a reply that is written by hand, without save(), is told in the log', async (t) => {
  const routes: Record<string, Handler> = {
    '/hijack': (request, reply) => {
      both(request, 2)
      reply.hijack()
      reply.raw.end('x')
    },
    '/raw': async (request, reply) => {
      both(request, 2)
      reply.raw.end('x')
    },
    '/within': async (request, reply) => {
      reply.hijack()
      for (const name of ['kept', 'sealed']) (request.session(name).get('list') as string[]).push('x')
      reply.raw.end('x')
    }
  }
  for (const url of Object.keys(routes)) {
    const { app, client, warnings } = await build(t, routes)
    t.equal((await client.get(url)).body, 'x')
    await app.close()
    t.same(warnings(), expected(`GET ${url}`))
  }
})

t.test('nothing is told of what is saved by hand, however late, or was never to be saved', async (t) => {
  const done = gate()
  const routes: Record<string, Handler> = {
    '/background': (request, reply) => {
      reply.send('x')
      reply.raw.on('close', async () => {
        const kept = request.session('kept')
        kept.set('n', 2)
        await new Promise(setImmediate)
        kept.update('n', (n) => (n as number) + 1)
        await new Promise(setImmediate)
        await kept.save()
        done.open()
      })
    },
    '/stream': async (request) => {
      const kept = request.session('kept')
      return Readable.from(
        (async function* () {
          for (const part of ['one', 'two']) {
            kept.update('n', (n) => (n as number) + 1)
            yield part
          }
          await kept.save()
        })()
      )
    },
    '/socket': async (request, reply) => {
      reply.hijack()
      const kept = request.session('kept')
      kept.update('n', (n) => (n as number) + 1)
      await kept.save()
      kept.update('n', (n) => (n as number) + 1)
      reply.raw.end('x')
      await kept.save()
    },
    '/fail': async (request) => {
      both(request, 9)
      throw new Error('not to be saved')
    },
    '/reads': async (request, reply) => {
      reply.send('x')
      return request.session('kept').get('n') as never
    }
  }
  const { app, client, warnings } = await build(t, routes, (app) =>
    app.addHook('onResponse', async (request) => {
      request.session('kept').get('n')
      request.session('sealed').get('list')
    })
  )
  for (const url of Object.keys(routes)) await client.get(url)
  await done.opened
  await app.close()
  t.same(warnings(), [])
})

t.test('nothing is told of a session whose store failed, and without which the app goes on', async (t) => {
  const store = memoryStore()
  const { read } = store
  let isDown = false
  store.read = (...asked) => {
    if (isDown) throw new Error('connection refused')
    return read.apply(store, asked)
  }
  const { app, client, warnings } = await build(
    t,
    {
      '/after': async (request, reply) => {
        reply.send('x')
        both(request, 2)
      }
    },
    undefined,
    store,
    { onStoreError: 'empty' }
  )
  isDown = true
  await client.get('/after')
  await app.close()
  t.same(
    warnings().filter(([, route]) => route !== undefined),
    [['sealed', 'GET /after', lost('sealed', 'GET /after')]]
  )
})

t.test('what is assigned to session.data is told in the log, with the remedy', async (t) => {
  const { app, client, warnings } = await build(t, {
    '/assign': async (request) => {
      const { data } = request.session('kept')
      Object.assign(data, { n: 2 })
      Object.assign(request.session('kept').data, { user: 'ann' })
      return request.session('kept').get('n')
    },
    '/delete': async (request) => delete (request.session('sealed').data as { n?: number }).n,
    '/page': async (request) =>
      Object.assign(request.session('kept').data, {
        title: 'a page of its own'
      }),
    '/set': async (request) => {
      const { data } = request.session('kept')
      request.session('kept').set('n', 5)
      return data
    },
    '/within': async (request) => (request.session('kept').data as { list: string[] }).list.push('x')
  })
  for (const url of ['/assign', '/delete', '/page', '/set', '/within']) await client.get(url)
  t.same(await client.json('/read'), [5, 1])
  await app.close()
  t.same(warnings(), [
    [
      'kept',
      'GET /assign',
      'session "kept": what GET /assign assigned to session.data is not kept: use set("n", …), set("user", …)'
    ],
    [
      'sealed',
      'GET /delete',
      'session "sealed": what GET /delete assigned to session.data is not kept: use set("n", …)'
    ]
  ])
})

t.test('session.data is an object like any other', async (t) => {
  const { client } = await build(t, {
    '/data': async (request) => {
      const { data } = request.session('kept')
      deepStrictEqual(data, { n: 1, list: [] })
      deepStrictEqual(structuredClone(data), { n: 1, list: [] })
      deepStrictEqual({ ...data, more: true }, { n: 1, list: [], more: true })
      return JSON.stringify(data)
    }
  })
  t.equal((await client.get('/data')).body, '{"n":1,"list":[]}')
})
