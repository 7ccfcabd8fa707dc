import { once } from 'node:events'
import type {} from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { Client, clock } from '../client.js'
import type { Examples } from './examples.js'

interface Nest {
  readonly app: { getHttpAdapter(): { getInstance(): FastifyInstance }; close(): Promise<undefined> }
}

/** Tests the examples of docs/recipes.md, as a visitor. */
export async function recipes(t: Test, examples: Examples): Promise<void> {
  t.test('one signs in, is remembered, ends the others, and signs out', async (t) => {
    const { app } = await examples.load(t, "post('/sign-in'")
    app.get('/me', async (request) => ({ user: request.session('login').get('user') }))
    const [here, elsewhere] = [new Client(app), new Client(app)]
    const payload = { name: 'ann', remember: 'yes' }
    const { cookies } = await here.get('/sign-in', { method: 'POST', payload })
    t.hasStrict(cookies, [{ maxAge: 30 * 24 * 60 * 60 }])
    await elsewhere.get('/sign-in', { method: 'POST', payload: { name: 'ann' } })
    t.same(await elsewhere.json('/me'), { user: 'ann' })
    await here.get('/sign-out-everywhere-else', { method: 'POST' })
    t.same(await elsewhere.json('/me'), {})
    t.same(await here.json('/me'), { user: 'ann' })
    const copy = here.copy()
    await here.get('/sign-out', { method: 'POST' })
    t.same(await copy.json('/me'), {})
  })

  t.test('who has not signed in is sent to where that is done', async (t) => {
    const { app } = await examples.load(t, 'members.addHook')
    app.get('/sign-in', async (request) => void request.session('login').identify('ann').set('user', 'ann'))
    const client = new Client(app)
    t.equal((await client.get('/account')).headers.location, '/sign-in')
    await client.get('/sign-in')
    t.equal((await client.get('/account')).body, 'Hello ann')
    const { pass } = clock(t)
    pass(15 * 24 * 60 * 60 * 1000)
    t.equal((await client.get('/account')).headers.location, '/sign-in?ended')
  })

  t.test('a value that the schema refuses is answered by a 400', async (t) => {
    const { app } = await examples.load(t, 'InvalidValueError)')
    const client = new Client(app)
    const set = (theme: string) => client.get('/theme', { method: 'POST', payload: { theme } })
    t.same((await set('dark')).json(), { theme: 'dark' })
    const refused = await set('pink')
    t.equal(refused.statusCode, 400)
    t.match(refused.json(), { field: 'theme', problems: [/light/] })
  })

  t.test('what is added in two tabs adds up', async (t) => {
    const { app } = await examples.load(t, "'/basket/:item'")
    const client = new Client(app)
    await client.get('/basket/tea', { method: 'POST' })
    await Promise.all([1, 2, 3].map(() => client.copy().get('/basket/tea', { method: 'POST' })))
    t.same(await client.json('/basket'), { tea: 4 })
  })

  t.test('a wizard leads from step to step, and ends with the last', async (t) => {
    const { app } = await examples.load(t, "'/checkout/order'")
    app.get('/', async (request) => request.session('prefs').flashes('notice'))
    const client = new Client(app)
    const post = async (step: string, payload: object = {}) => {
      const { statusCode, headers } = await client.get(`/checkout/${step}`, { method: 'POST', payload })
      return headers.location ?? statusCode
    }
    t.equal(await post('order'), '/checkout/city')
    t.equal(await post('city', { city: '' }), 400)
    t.equal(await post('city', { city: 'Graz' }), '/checkout/payment')
    t.equal(await post('payment', { pays: 'card' }), '/checkout/order')
    t.equal(await post('order'), '/')
    t.same(await client.json('/'), ['Ordered, to Graz'])
    t.equal(await post('order'), '/checkout/city')
  })

  t.test('a session begins with the page', async (t) => {
    const { app } = await examples.load(t, '/catalogue')
    const client = new Client(app)
    t.ok((await client.get('/catalogue')).headers['set-cookie'])
    t.notOk((await client.get('/catalogue')).headers['set-cookie'])
  })

  t.test('a hijacked reply has its session saved', async (t) => {
    const { app } = await examples.load(t, "app.get('/events'")
    const client = new Client(app)
    t.equal((await client.get('/events')).body, 'data: 1\n\n')
    t.equal((await client.get('/events')).body, 'data: 2\n\n')
  })

  t.test('a plugin defines a session of its own', async (t) => {
    const { app } = await examples.load(t, "'/wizard'")
    t.equal((await app.inject('/wizard')).body, '1')
  })
  t.test('what a message over a WebSocket changes is saved', async (t) => {
    const { app } = await examples.load(t, "'/live'")
    app.get('/add', async (request) => void request.session('cart').set('items', ['tea']))
    app.get('/items', async (request) => request.session('cart').get('items'))
    const client = new Client(app)
    await client.get('/add')
    const socket = await app.injectWS('/live', { headers: { cookie: client.cookie } })
    socket.send('milk')
    const [said] = await once(socket, 'message')
    t.equal(String(said), '2 in your cart')
    t.same(await client.json('/items'), ['tea', 'milk'])
    socket.terminate()
  })

  t.test('a page that asks for no session may be cached', async (t) => {
    const { app } = await examples.load(t, "'/about'")
    app.get('/add', async (request) => void request.session('cart').set('items', ['tea']))
    const client = new Client(app)
    await client.get('/add')
    const { headers } = await client.get('/about')
    t.equal(headers['cache-control'], 'public, max-age=3600')
    t.notOk(headers.vary)
    t.notOk(headers['set-cookie'])
  })

  t.test('resolvers of GraphQL read and change a session', async (t) => {
    const { app } = await examples.load(t, "from 'mercurius'")
    const client = new Client(app)
    const ask = async (query: string) => (await client.get('/graphql', { method: 'POST', payload: { query } })).json()
    t.same(await ask('mutation { add(item: "tea") }'), { data: { add: 1 } })
    t.same(await ask('{ items }'), { data: { items: ['tea'] } })
  })

  t.test('procedures of tRPC know who has signed in', async (t) => {
    const { app } = await examples.load(t, 'initTRPC')
    app.get('/sign-in', async (request) => void request.session('login').identify('ann').set('user', 'ann'))
    const client = new Client(app)
    t.equal((await client.get('/trpc/me')).statusCode, 401)
    await client.get('/sign-in')
    t.same(await client.json('/trpc/me'), { result: { data: 'ann' } })
  })

  t.test('a guard of Nest keeps strangers out, and a decorator gives a handler its session', async (t) => {
    const { app } = await examples.load<Nest>(t, '@Controller()')
    const client = new Client(app.getHttpAdapter().getInstance())
    t.equal((await client.get('/account')).statusCode, 403)
    await client.get('/sign-in/ann', { method: 'POST' })
    t.equal((await client.get('/account')).body, 'Hello ann')
  })

  t.test('middleware of Express knows who has signed in', async (t) => {
    const { app } = await examples.load(t, "from '@fastify/middie'")
    app.get('/sign-in', async (request) => void request.session('login').identify('ann').set('user', 'ann'))
    const client = new Client(app)
    t.equal((await client.get('/hello')).body, 'Hello stranger')
    await client.get('/sign-in')
    t.equal((await client.get('/hello')).body, 'Hello ann')
  })

  t.test('a store takes the client that another plugin has made', async (t) => {
    const { app } = await examples.load(t, 'function options({ db }')
    const client = new Client(app)
    await client.get('/cart/tea', { method: 'POST' })
    t.same((await client.get('/cart/milk', { method: 'POST' })).json(), ['tea', 'milk'])
  })
}
