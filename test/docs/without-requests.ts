import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Test } from 'tap'
import type { PageOptions, RecordPage, StoredRecord } from '../../lib/index.js'
import { TestBrowser } from '../../lib/testing/index.js'
import type { Examples } from './examples.js'

/** Test helpers, streams that end with their sessions, and sessions without a request, as the manual shows them. */
export async function withoutRequests(t: Test, examples: Examples): Promise<void> {
  t.test('a browser for tests', async (t) => {
    const { page, cart } = await examples.load<{
      page: { json(): unknown }
      cart: { get(key: string): unknown }
    }>(t, "browser.post('/cart/pen')")
    t.same(page.json(), { user: 'ada', items: ['pen'] })
    t.same(cart.get('items'), ['pen'])
  })

  t.test('a clock for tests', async (t) => {
    const { later } = await examples.load<{ later: { body: string } }>(t, 'clock.pass(')
    t.equal(later.body, 'nobody')
  })

  t.test('a store that fails for tests', async (t) => {
    const { both, failed } = await examples.load<{ both: unknown; failed: { statusCode: number } }>(
      t,
      'new ControlledStore'
    )
    t.equal(both, 3)
    t.equal(failed.statusCode, 503)
  })

  t.test('a stream ends with its session', async (t) => {
    const { app } = await examples.load(t, '/ticker')
    const address = await app.listen({ port: 0 })
    const browser = await new TestBrowser(app).give('login', { user: 'ada' }, { subject: 'ada' })
    const stream = await fetch(`${address}/ticker`, { headers: { cookie: browser.cookieHeader() as string } })
    await app.sessions.revoke('ada')
    t.equal(await stream.text(), 'data: 42\n\nevent: signed-out\ndata:\n\n')
  })

  t.test('a login provider ends the sessions of its sid', async (t) => {
    const { app } = await examples.load(t, '/back-channel-logout')
    const [here, there] = [new TestBrowser(app), new TestBrowser(app)]
    await here.get('/signed-in?sub=ada&sid=1&org=7', { follow: false })
    await there.get('/signed-in?sub=ada&sid=2&org=7', { follow: false })
    await there.post('/back-channel-logout', { payload: { sid: '1' } })
    t.equal((await here.session('login')).subject, undefined)
    t.same((await there.session('login')).subjects, ['ada', 'sid:2', 'org:7'])
  })

  t.test('a user has so many sessions, and is told so', async (t) => {
    const { app } = await examples.load(t, "app.post('/seats'")
    const browsers = [1, 2, 3].map(() => new TestBrowser(app))
    const answers: (readonly [number, string])[] = []
    for (const browser of browsers) {
      const { statusCode, body } = await browser.post('/seats', { payload: { user: 'ada' } })
      answers.push([statusCode, body])
    }
    const full = 'You are signed in twice already: sign out there first'
    t.same(answers, [
      [200, 'Welcome ada'],
      [200, 'Welcome ada'],
      [409, full]
    ])
  })

  t.test('a store in memory pages through its records', async (t) => {
    const { pageOf } = await examples.load<{
      pageOf(live: ReadonlyMap<string, StoredRecord>, options: PageOptions): RecordPage
    }>(t, 'export function pageOf')
    const live = new Map(['c', 'a', 'b'].map((id) => [id, { text: id, version: 1, expires: 2 }]))
    const first = pageOf(live, { limit: 2 })
    t.same([first.records.map(({ id }) => id), first.next], [['a', 'b'], 'b'])
    t.same(pageOf(live, { limit: 2, after: 'b' }), {
      records: [{ id: 'c', text: 'c', version: 1, expires: 2 }],
      next: undefined
    })
  })

  t.test('an admin pages through all sessions', async (t) => {
    const { app } = await examples.load(t, "app.get('/admin/sessions'")
    const ids: (string | undefined)[] = []
    for (let count = 0; count < 60; count++) {
      const browser = await new TestBrowser(app).give('login', { user: 'ada' }, { subject: 'ada' })
      ids.push((await browser.session('login')).id)
    }
    const admin = new TestBrowser(app)
    const found: { id: string; name: string; subjects: string[] }[] = []
    for (let after = ''; after !== undefined; ) {
      const { sessions, next } = (await admin.get(`/admin/sessions${after && `?after=${after}`}`)).json()
      found.push(...sessions)
      after = next
    }
    t.same(found.map(({ id }) => id).sort(), ids.sort())
    t.hasStrict(found[0], { name: 'login', subjects: ['ada'] })
  })

  t.test('a socket that another library accepts has the sessions of its browser', async (t) => {
    const { app, sockets } = await examples.load<{ sockets: Server }>(t, "'upgrade'")
    await app.ready()
    sockets.listen(0, '127.0.0.1')
    await once(sockets, 'listening')
    t.teardown(() => sockets.close())
    const { port } = sockets.address() as AddressInfo
    const upgrade = async (cookie = '') => {
      const socket = connect(port, '127.0.0.1')
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: hello\r\n${cookie}\r\n`)
      const [first] = await once(socket, 'data')
      return { socket, first: String(first) }
    }
    const stranger = await upgrade()
    t.match(stranger.first, /^HTTP\/1.1 401/)
    const browser = await new TestBrowser(app).give('login', { user: 'ada' }, { subject: 'ada' })
    const { socket, first } = await upgrade(`Cookie: ${browser.cookieHeader()}\r\n`)
    t.match(first, /^HTTP\/1.1 101 [\s\S]*Hello ada$/)
    const closed = once(socket, 'close')
    await app.sessions.revoke('ada')
    await closed
  })

  t.test('an admin changes a session by its id', async (t) => {
    const { app } = await examples.load(t, '/admin/carts')
    const browser = await new TestBrowser(app).give('cart', { items: ['pen'] })
    const { id } = await browser.session('cart')
    t.same((await new TestBrowser(app).post(`/admin/carts/${id}/empty`)).json(), { found: true })
    t.same((await browser.session('cart')).get('items'), [])
    t.same((await new TestBrowser(app).post('/admin/carts/none/empty')).json(), { found: false })
  })
}
