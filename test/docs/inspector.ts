import type { Test } from 'tap'
import { Client } from '../client.js'
import type { Examples } from './examples.js'

/** The inspector, as the manual registers it. */
export async function inspectorExamples(t: Test, examples: Examples): Promise<void> {
  t.test('for development', async (t) => {
    const { app } = await examples.load(t, 'redact: [')
    t.equal((await app.inject('/_sessions')).statusCode, 200)
    t.equal((await app.inject({ url: '/_sessions', remoteAddress: '192.0.2.1' })).statusCode, 403)
  })

  t.test('for those whom the app lets in', async (t) => {
    process.env['ADMIN'] = 'joan'
    t.teardown(() => delete process.env['ADMIN'])
    const { app } = await examples.load(t, "path: '/admin/sessions'")
    app.post('/sign-in/:user', async (request) => {
      const { user } = request.params as { user: string }
      const login = request.session('login' as never) as unknown as { set(key: string, value: string): unknown }
      login.set('user', user)
      return user
    })
    const client = new Client(app)
    t.equal((await client.get('/admin/sessions')).statusCode, 403)
    await client.get('/sign-in/ada', { method: 'POST' })
    t.equal((await client.get('/admin/sessions')).statusCode, 403)
    await client.get('/sign-in/joan', { method: 'POST' })
    t.equal((await client.get('/admin/sessions')).statusCode, 200)
  })

  t.test('its parts, on a page of the app', async (t) => {
    const { app } = await examples.load(t, "app.get('/my-sessions'")
    app.post('/cart', async (request) => {
      const cart = request.session('cart' as never) as unknown as { set(key: string, value: string[]): unknown }
      cart.set('items', ['tea'])
      return 'added'
    })
    const client = new Client(app)
    t.match((await client.get('/my-sessions')).body, /<li>cart: 0 of 4096 bytes <svg class="bar.*version none<\/li>/)
    await client.get('/cart', { method: 'POST' })
    t.match((await client.get('/my-sessions')).body, /<li>cart: 1\d\d of 4096 bytes <svg.*version 1\b/)
  })
}
