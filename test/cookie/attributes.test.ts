import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { type CookieOptions } from '../../lib/index.js'
import { KEY } from '../client.js'

const schema = z.object({ n: z.number().default(0) })

/** The attributes of the cookie of an app, as they stand in the header, in a request by a scheme. */
async function attributes(
  t: Test,
  cookie: CookieOptions & { readonly name?: string },
  scheme: string,
  changed?: CookieOptions
) {
  const app = Fastify({ trustProxy: true })
  t.teardown(() => app.close())
  await app.register(sessions, { keys: [KEY], sessions: { it: { schema, cookie } } })
  app.get('/', async (request) => {
    const session = request.session('it').set('n', 1)
    if (changed !== undefined) session.cookie(changed)
  })
  const { headers } = await app.inject({ url: '/', headers: { 'x-forwarded-proto': scheme } })
  return String(headers['set-cookie']).split('; ').slice(1).join('; ')
}

t.test(
  'without options a cookie is for this host, no scripts, HTTPS and the same site, and ends with the browser',
  async (t) => {
    t.equal(await attributes(t, {}, 'https'), 'Path=/; HttpOnly; Secure; SameSite=Lax')
    t.equal(await attributes(t, {}, 'http'), 'Path=/; HttpOnly; Secure; SameSite=Lax')
  }
)

t.test('each attribute is as the definition says', async (t) => {
  t.equal(await attributes(t, { secure: false }, 'https'), 'Path=/; HttpOnly; SameSite=Lax')
  t.equal(await attributes(t, { httpOnly: false, sameSite: 'strict' }, 'https'), 'Path=/; Secure; SameSite=Strict')
  t.equal(
    await attributes(t, { domain: 'shop.example', path: '/a', maxAge: 60 }, 'https'),
    'Max-Age=60; Domain=shop.example; Path=/a; HttpOnly; Secure; SameSite=Lax'
  )
  t.equal(
    await attributes(t, { partitioned: true, priority: 'high', sameSite: 'none' }, 'https'),
    'Path=/; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None'
  )
})

t.test("with secure: 'auto' a cookie is Secure where the request came by HTTPS, however that is spelled", async (t) => {
  t.equal(await attributes(t, { secure: 'auto' }, 'https'), 'Path=/; HttpOnly; Secure; SameSite=Lax')
  t.equal(await attributes(t, { secure: 'auto' }, 'HTTPS'), 'Path=/; HttpOnly; Secure; SameSite=Lax')
  t.equal(await attributes(t, { secure: 'auto' }, 'http'), 'Path=/; HttpOnly; SameSite=Lax')
})

t.test('what a handler changes is added to what the definition says', async (t) => {
  const strict = { sameSite: 'strict' } as const
  t.equal(await attributes(t, {}, 'https', strict), 'Path=/; HttpOnly; Secure; SameSite=Strict')
  t.equal(
    await attributes(t, { path: '/a', maxAge: 60 }, 'https', strict),
    'Max-Age=60; Path=/a; HttpOnly; Secure; SameSite=Strict'
  )
  t.equal(await attributes(t, { secure: 'auto' }, 'http', strict), 'Path=/; HttpOnly; SameSite=Strict')
  t.equal(await attributes(t, { secure: 'auto' }, 'https', strict), 'Path=/; HttpOnly; Secure; SameSite=Strict')
  t.equal(await attributes(t, { name: 'it' }, 'https', { secure: false }), 'Path=/; HttpOnly; SameSite=Lax')
})
