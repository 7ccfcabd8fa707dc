import type { Test } from 'tap'
import { Client, clock } from '../client.js'
import type { Examples } from './examples.js'

/** What docs/recipes.md shows, done by a visitor. */
export async function recipes(t: Test, examples: Examples): Promise<void> {
  t.test('one signs in, is remembered, ends the others, and signs out', async (t) => {
    const { app } = await examples.load(t, "post('/sign-in'")
    app.get('/me', async (request) => ({ user: request.session('login').get('user') }))
    const [here, elsewhere] = [new Client(app), new Client(app)]
    const payload = { name: 'ann', remember: 'yes' }
    const { cookies } = await here.get('/sign-in', { method: 'POST', payload })
    t.match(cookies, [{ maxAge: 30 * 24 * 60 * 60 }])
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

  t.test('a session begins with the page', async (t) => {
    const { app } = await examples.load(t, '/catalogue')
    const client = new Client(app)
    t.ok((await client.get('/catalogue')).headers['set-cookie'])
    t.notOk((await client.get('/catalogue')).headers['set-cookie'])
  })

  t.test('a hijacked reply has its session saved', async (t) => {
    const { app } = await examples.load(t, '/events')
    const client = new Client(app)
    t.equal((await client.get('/events')).body, 'data: 1\n\n')
    t.equal((await client.get('/events')).body, 'data: 2\n\n')
  })

  t.test('a plugin defines a session of its own', async (t) => {
    const { app } = await examples.load(t, "'/wizard'")
    t.equal((await app.inject('/wizard')).body, '1')
  })
}
