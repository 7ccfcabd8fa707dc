import { createRequire } from 'node:module'
import cookie from '@fastify/cookie'
import oauth2 from '@fastify/oauth2'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions from '../../lib/index.js'
import { Client, KEY } from '../client.js'
import { startProvider } from './provider.js'
import { KINDS, type Kind, storesFor } from './stores.js'

// Their types, and ours, say each what `request.session` is.
const require = createRequire(import.meta.url)
const csrf = require('@fastify/csrf-protection')
const flash = require('@fastify/flash')

const schema = z.strictObject({ n: z.number().default(0) })

type Order = 'before' | 'after'

/** An app with another plugin, which is registered before fastify-sessions or after it. */
async function appWith(t: Test, kind: Kind, order: Order, register: (app: FastifyInstance) => unknown) {
  const app = Fastify()
  t.teardown(() => app.close())
  if (order === 'before') await register(app)
  await app.register(sessions, {
    keys: [KEY],
    stores: storesFor(t),
    default: 'login',
    sessions: { login: { store: kind, schema } }
  })
  if (order === 'after') await register(app)
  app.get('/data', async (request) => Object.keys((request.session as unknown as { data(): object }).data()))
  return app
}

type Csrf = FastifyReply & { generateCsrf(options?: object): string }

function addCsrfRoutes(app: FastifyInstance): void {
  app.get('/token', async (_, reply) => ({ token: (reply as Csrf).generateCsrf() }))
  app.get('/token/options', async (_, reply) => ({
    token: (reply as Csrf).generateCsrf({ userInfo: 'ada', path: '/', sameSite: true, maxAge: 3600 })
  }))
  const onRequest = (app as unknown as { csrfProtection: never }).csrfProtection
  app.post('/change', { onRequest }, async () => 'changed')
}

const MODES = ['@fastify/session', '@fastify/secure-session', '@fastify/cookie'] as const

for (const kind of KINDS) {
  for (const order of ['before', 'after'] as const) {
    for (const sessionPlugin of MODES) {
      t.test(
        `csrf-protection for ${sessionPlugin}, ${order} this plugin, keeps its secret on the ${kind} store`,
        async (t) => {
          const app = await appWith(t, kind, order, async (app) => {
            await app.register(cookie)
            await app.register(csrf, { sessionPlugin })
          })
          addCsrfRoutes(app)
          const client = new Client(app)
          const change = (token: string, who = client) =>
            who.get('/change', { method: 'POST', headers: { 'csrf-token': token } })
          t.equal((await change('none')).statusCode, 403)
          const { token } = (await client.json('/token')) as { token: string }
          t.equal((await change(token)).body, 'changed')
          t.equal((await change(`${token}x`)).statusCode, 403)
          t.equal((await change(token, new Client(app))).statusCode, 403, 'without the session')
          const again = (await client.json('/token')) as { token: string }
          t.equal((await change(again.token)).body, 'changed')
          t.same(await client.json('/data'), sessionPlugin === '@fastify/cookie' ? ['n'] : ['n', '_csrf'])
        }
      )
    }
  }

  t.test(`csrf-protection sets options of the session's cookie, on the ${kind} store`, async (t) => {
    const app = await appWith(t, kind, 'after', (app) =>
      app.register(csrf, { sessionPlugin: '@fastify/secure-session', getUserInfo: () => 'ada' })
    )
    addCsrfRoutes(app)
    const client = new Client(app)
    const response = await client.get('/token/options')
    t.hasStrict(response.cookies, [{ name: '__Host-login', sameSite: 'Strict', maxAge: 3600 }])
    const headers = { 'csrf-token': response.json().token as string }
    t.equal((await client.get('/change', { method: 'POST', headers })).body, 'changed')
  })

  t.test(`@fastify/flash keeps its messages on the ${kind} store until they are shown`, async (t) => {
    const app = await appWith(t, kind, 'after', (app) => app.register(flash))
    app.get('/say/:what', async (request) => {
      const { what } = request.params as { what: string }
      return (request as unknown as { flash(kind: string, ...what: string[]): number }).flash('note', what)
    })
    app.get('/shown', async (_, reply) => (reply as unknown as { flash(kind?: string): unknown }).flash())
    const client = new Client(app)
    await client.get('/shown')
    t.equal(client.jar.size, 0, 'a visitor who has no messages gets no session')
    await client.get('/say/one')
    t.equal((await client.get('/say/two')).body, '2')
    t.same(await client.json('/shown'), { note: ['one', 'two'] })
    t.same(await client.json('/shown'), {})
    t.same(await client.json('/data'), ['n'])
  })

  for (const order of ['before', 'after'] as const) {
    t.test(`@fastify/oauth2, ${order} this plugin, signs in at a provider, on the ${kind} store`, async (t) => {
      const provider = await startProvider(t)
      const app = await appWith(t, kind, order, (app) =>
        app.register(oauth2, {
          name: 'shop',
          credentials: {
            client: { id: 'shop', secret: 'secret' },
            auth: { tokenHost: provider, tokenPath: '/token', authorizePath: '/authorize' }
          },
          startRedirectPath: '/signin',
          callbackUri: 'https://shop.example/callback',
          generateStateFunction: (request: FastifyRequest) => {
            const state = `state-${request.id}`
            ;(request.session as unknown as Record<string, unknown>)['state'] = state
            return state
          },
          checkStateFunction: (request: FastifyRequest, done: (error?: Error) => void) => {
            const { state } = request.query as { state: string }
            const session = request.session as unknown as Record<string, unknown>
            done(session['state'] === state ? undefined : new Error('another state'))
          },
          pkce: 'S256'
        } as never)
      )
      app.get('/callback', async function (request) {
        const client = (
          this as unknown as {
            shop: { getAccessTokenFromAuthorizationCodeFlow(r: unknown): Promise<{ token: object }> }
          }
        ).shop
        const { token } = await client.getAccessTokenFromAuthorizationCodeFlow(request)
        const session = request.session as unknown as {
          regenerate(): Promise<void>
          set(key: string, value: unknown): void
        }
        await session.regenerate()
        session.set('token', token)
      })
      app.get('/token', async (request) => (request.session as unknown as { get(key: string): unknown }).get('token'))
      const client = new Client(app)
      const { headers } = await client.get('/signin')
      const { headers: redirected } = await fetch(String(headers.location), { redirect: 'manual' })
      const { search } = new URL(String(redirected.get('location')))
      t.equal((await new Client(app).get(`/callback${search}`)).statusCode, 500, 'who did not begin it')
      t.equal((await client.get(`/callback${search}`)).statusCode, 200)
      t.hasStrict(await client.json('/token'), { access_token: 'token-of-ada' })
      t.same(await client.json('/data'), ['n', 'token'])
    })
  }
}
