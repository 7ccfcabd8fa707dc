import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { buildApp, Client, gate } from '../client.js'
import { exactly } from '../exactly.js'

const schema = z.object({ user: z.string().optional(), list: z.array(z.string()).default([]) })

/** `kept` on a record store, `sealed` in the cookie, `other` on a store that can be broken. */
async function build(t: Test, definition: object = {}) {
  const kept: RecordStore = memoryStore()
  const other: RecordStore = memoryStore()
  const app = await buildApp(t, {
    stores: { kept, other },
    sessions: {
      kept: { store: 'kept', schema, ...definition },
      sealed: { schema, ...definition },
      other: { store: 'other', schema, ...definition }
    }
  } as never)
  const names = ['kept', 'sealed', 'other']
  app.get('/in', async (request) => {
    for (const name of names) request.session(name).set('user', 'ann')
  })
  app.get('/who', async (request) => names.map((name) => request.session(name).get('user') ?? null))
  return { app, client: new Client(app), kept, other }
}

t.test('who signs out is signed out, whatever the status of the answer', async (t) => {
  for (const saveOnError of [false, true]) {
    const { app, client } = await build(t, { saveOnError })
    app.get('/out', async (request) => {
      for (const name of ['kept', 'sealed']) request.session(name).destroy()
      request.session('other').set('user', 'changed')
      throw new Error('the goodbye page is broken')
    })
    await client.get('/in')
    const thief = client.copy()
    const response = await client.get('/out')
    t.equal(response.statusCode, 500)
    t.same(
      response.cookies.filter(({ maxAge }) => maxAge === 0).map(({ name }) => name),
      ['__Host-kept', '__Host-sealed']
    )
    t.hasStrict(response.headers, { 'cache-control': 'no-store' })
    const other = saveOnError ? 'changed' : 'ann'
    t.same(await client.json('/who'), [null, null, other])
    t.same(await thief.json('/who'), [null, 'ann', other], 'the record is gone too')
  }
})

t.test('what begins after a sign-out is not kept by an answer of 500', async (t) => {
  const { app, client } = await build(t)
  app.get('/out', async (request, reply) => {
    for (const name of ['kept', 'sealed']) {
      request.session(name).destroy()
      request.session(name).set('user', 'bob')
    }
    return reply.code(503).send('later')
  })
  await client.get('/in')
  t.equal((await client.get('/out')).body, 'later')
  t.same(await client.json('/who'), [null, null, 'ann'])
})

t.test('who signs out is signed out although another session can not be saved', async (t) => {
  const { app, client, other } = await build(t)
  const breakDown = () => {
    throw new Error('out of order')
  }
  app.get('/out', async (request) => {
    for (const name of ['kept', 'sealed']) request.session(name).destroy()
    request.session('other').set('user', 'changed')
  })
  await client.get('/in')
  const thief = client.copy()
  Object.assign(other, { update: breakDown })
  const response = await client.get('/out')
  t.match(response.json(), { statusCode: 503, code: 'FST_SESSIONS_SAVE', message: /"other": its store failed/ })
  Reflect.deleteProperty(other, 'update')
  t.same(await client.json('/who'), [null, null, 'ann'])
  t.same(await thief.json('/who'), [null, 'ann', 'ann'])
})

t.test('who signs out is signed out although another session holds what can not be saved', async (t) => {
  const { app, client } = await build(t)
  app.get('/out', async (request) => {
    for (const name of ['kept', 'sealed']) request.session(name).destroy()
    request.session('other').set('user', 'x')
    Object.assign(request.session('other').get('list') as object, { 0: 5 })
  })
  await client.get('/in')
  const thief = client.copy()
  t.match((await client.get('/out')).json(), { statusCode: 500, code: 'FST_SESSIONS_SAVE', message: /list/ })
  t.same(await client.json('/who'), [null, null, 'ann'])
  t.same(await thief.json('/who'), [null, 'ann', 'ann'])
})

t.test('a sign-out that can not be saved is an error, once', async (t) => {
  const { app, client, kept } = await build(t)
  let updates = 0
  app.get('/out', async (request) => {
    request.session('kept').destroy()
    throw new Error('the goodbye page is broken')
  })
  await client.get('/in')
  Object.assign(kept, {
    update: () => {
      updates++
      throw new Error('out of order')
    }
  })
  const response = await client.get('/out')
  t.match(response.json(), { statusCode: 503, code: 'FST_SESSIONS_SAVE', message: /its store failed/ })
  t.equal(response.headers['set-cookie'], undefined)
  t.equal(updates, 1)
})

t.test('a web Response of 500 or more saves nothing, unless asked', async (t) => {
  for (const saveOnError of [false, true]) {
    const { app, client } = await build(t, { saveOnError })
    app.get('/fail', async (request) => {
      for (const name of ['kept', 'sealed']) request.session(name).set('user', 'half')
      return new Response('broken', { status: 500 })
    })
    await client.get('/in')
    const response = await client.get('/fail')
    t.hasStrict(response, { statusCode: 500, body: 'broken' })
    t.equal(response.cookies.length, saveOnError ? 1 : 0)
    t.same((await client.json('/who')) as string[], saveOnError ? ['half', 'half', 'ann'] : ['ann', 'ann', 'ann'])
  }
})

t.test('a web Response varies by cookie, whatever else it varies by', async (t) => {
  const { app, client } = await build(t)
  const answer = (vary: string | undefined) =>
    new Response('page', { status: 203, headers: { 'x-own': 'yes', ...(vary !== undefined && { vary }) } })
  app.get('/', async (request) => {
    request.session('kept').get('user')
    const { vary } = request.query as { vary?: string }
    return answer(vary)
  })
  app.get('/reply', async (request, reply) => {
    request.session('kept').get('user')
    reply.header('vary', 'Accept')
    return answer('Accept-Language')
  })
  app.get('/never', async () => answer('Accept-Language'))
  await client.get('/in')
  const see = async (url: string) => {
    const { statusCode, body, headers } = await client.get(url)
    return [statusCode, body, headers['x-own'], headers.vary]
  }
  t.same(await see('/'), [203, 'page', 'yes', 'Cookie'])
  t.same(await see('/?vary=Accept-Language'), [203, 'page', 'yes', 'Accept-Language, Cookie'])
  t.same(await see('/?vary=Accept,cookie'), [203, 'page', 'yes', 'Accept,cookie'])
  t.same(await see('/?vary=*'), [203, 'page', 'yes', '*'])
  t.same(await see('/reply'), [203, 'page', 'yes', 'Accept-Language, Cookie'])
  t.same(await see('/never'), [203, 'page', 'yes', 'Accept-Language'])
})

t.test('a web Response that was fetched is answered with the cookie beside its own', async (t) => {
  const upstream = createServer((_request, response) => {
    response.setHeader('vary', 'Accept-Language')
    response.setHeader('set-cookie', ['up=1', 'stream=2'])
    response.end('from elsewhere')
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  t.teardown(() => upstream.close())
  const { app } = await build(t)
  app.get('/', async (request) => {
    for (const name of ['kept', 'sealed']) request.session(name).set('user', 'bob')
    return fetch(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`)
  })
  const response = await new Client(app).get('/')
  t.hasStrict(response, { statusCode: 200, body: 'from elsewhere' })
  t.hasStrict(response.headers, { vary: 'Accept-Language, Cookie', 'cache-control': 'no-store' })
  t.same(
    response.cookies.map(({ name }) => name),
    ['__Host-kept', '__Host-sealed', 'up', 'stream']
  )
})

t.test('a web Response that sets a cookie is cached only if it says so itself', async (t) => {
  const { app } = await build(t)
  const route = (url: string, headers: Record<string, string>, own?: string) =>
    app.get(url, async (request, reply) => {
      request.session('sealed').set('user', 'bob')
      if (own !== undefined) reply.header('cache-control', own)
      return new Response(null, { headers })
    })
  route('/none', {})
  route('/own', { 'cache-control': 'private, max-age=5' })
  route('/reply', {}, 'private, max-age=6')
  const see = async (url: string) => (await new Client(app).get(url)).headers['cache-control']
  t.equal(await see('/none'), 'no-store')
  t.equal(await see('/own'), 'private, max-age=5')
  t.equal(await see('/reply'), 'private, max-age=6')
})

t.test('a web Response whose body was read is the error that Fastify makes of it', async (t) => {
  const { app, client } = await build(t)
  app.get('/', async (request) => {
    request.session('kept').get('user')
    const response = new Response('page', { headers: { vary: 'Accept' } })
    await response.text()
    return response
  })
  await client.get('/in')
  t.hasStrict((await client.get('/')).json(), { code: 'FST_ERR_REP_RESPONSE_BODY_CONSUMED' })
})

t.test(
  'a stream that fails while its session is being saved, or that is not sent, ends nothing but itself',
  async (t) => {
    const { app, client, kept } = await build(t)
    const { opened, open } = gate()
    let saving = () => {}
    const isSaving = new Promise<void>((resolve) => {
      saving = resolve
    })
    let stream = new PassThrough()
    app.get('/', async (request) => {
      request.session('kept').set('user', 'bob')
      return stream
    })
    await client.get('/in')
    const { update } = kept
    Object.assign(kept, {
      update: async (...args: Parameters<typeof update>) => {
        saving()
        await opened
        return update.apply(kept, args)
      }
    })
    const asking = client.get('/')
    await isSaving
    stream.destroy(new Error('no file'))
    await new Promise(setImmediate)
    open()
    t.match((await asking).json(), { statusCode: 500, message: exactly('no file') })

    Object.assign(kept, { update: async () => Promise.reject(new Error('out of order')) })
    stream = new PassThrough()
    t.hasStrict((await client.get('/')).json(), { code: 'FST_SESSIONS_SAVE' })
    t.equal(stream.destroyed, true, 'nobody would read it any more')
  }
)
