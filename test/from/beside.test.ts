import { fastifyCookie } from '@fastify/cookie'
import fastifyPassport from '@fastify/passport'
import secureSessionPlugin from '@fastify/secure-session'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { secureSession } from '../../lib/from/secure-session.js'
import { memoryStore, type SessionsOptions } from '../../lib/index.js'
import { buildApp } from '../client.js'
import { Browser, byInject } from './browser.js'
import { newApp } from './new-app.js'
import { type OldApp, plugins } from './old-apps.js'

const map = ({ user = '', visits = 0 }: { user?: string; visits?: number }) => ({ user, visits })

for (const plugin of plugins) {
  for (const store of ['memory', 'cookie'] as const) {
    t.test(`a session of ${plugin.name} goes on from a Cookie header alone, on the ${store} store`, async (t) => {
      const old = await plugin.open(t)
      const browser = new Browser()
      await browser.get(old, '/sign-in/ada')
      const oldNames = [...browser.jar.keys()]
      const { app, ...server } = await newApp(t, { store, from: [old.from(map)] })
      await app.ready()

      const only = await app.sessions.fromHeader(browser.cookie)
      t.equal(only.session('login').get('user'), 'ada')
      only.close()

      const found = await app.sessions.fromHeader(browser.cookie)
      const session = found.session('login') as unknown as Values
      session.update('visits', (visits) => visits + 1)
      const lines = await found.commit()
      take(browser, lines)
      t.same([...browser.jar.keys()], ['new'], 'the lines set the new cookie, and clear the old one')
      t.equal(await browser.json(server, '/visits'), 2)
      t.equal(old.kept(), 0)

      const signedOut = new Browser()
      await signedOut.get(old, '/sign-in/bob')
      const leaving = await app.sessions.fromHeader(signedOut.cookie)
      leaving.session('login').destroy()
      take(signedOut, await leaving.commit())
      t.same([...signedOut.jar.keys()], [])
      t.equal(old.kept(), 0)
      t.ok(oldNames.length > 0)
    })
  }
}

interface Values {
  update(key: string, change: (value: number) => number): void
}

/** As a browser would, were these the lines of a response. */
function take(browser: Browser, lines: readonly string[]): void {
  for (const line of lines) {
    const [pair = ''] = line.split(';')
    const name = pair.slice(0, pair.indexOf('='))
    if (/; Max-Age=0/.test(line)) browser.jar.delete(name)
    else browser.jar.set(name, pair.slice(name.length + 1))
  }
}

for (const plugin of plugins) {
  t.test(`a session of ${plugin.name} goes on as the default one`, async (t) => {
    const old = await plugin.open(t)
    const browser = new Browser()
    await browser.get(old, '/sign-in/ada')
    const { app: _, ...server } = await newApp(t, { from: [old.from(map)] }, { default: 'login' }, defaultRoutes)
    t.equal(await browser.json(server, '/default/user'), 'ada')
    t.same([...browser.jar.keys()], ['new'])
    await browser.get(server, '/default/regenerate')
    t.same(await browser.json(server, '/default'), { user: 'ada', visits: 2, other: 'kept' })
    t.equal(await browser.json(server, '/me'), 'ada')
    await browser.get(server, '/default/destroy')
    t.same([...browser.jar.keys()], [])

    const another = new Browser()
    await another.get(old, '/sign-in/bob')
    await another.get(server, '/default/regenerate')
    t.same(await another.json(server, '/default'), { user: 'bob', visits: 2, other: 'kept' }, 'also at once')
    await signsOutAtOnce(t, old, server)
  })
}

async function signsOutAtOnce(t: Test, old: OldApp, server: Parameters<Browser['get']>[0]): Promise<void> {
  const browser = new Browser()
  await browser.get(old, '/sign-in/eve')
  const copy = browser.copy()
  await browser.get(server, '/default/destroy')
  t.same([...browser.jar.keys()], [])
  if (old.kept() === 0 && copy.jar.has('connect.sid')) t.equal(await copy.json(old, '/me'), null)
}

/** As plugins use a session that know one only. */
function defaultRoutes(app: FastifyInstance): void {
  const sessionOf = (request: object) => (request as { session: Default }).session
  app.get('/default/user', async (request) => JSON.stringify(sessionOf(request)['user']))
  app.get('/default', async (request) => {
    const session = sessionOf(request)
    return { user: session.get('user'), visits: session['visits'], other: session.get('other') }
  })
  app.get('/default/regenerate', async (request) => {
    const session = sessionOf(request)
    session['visits'] = Number(session['visits']) + 1
    session.set('other', 'kept')
    await session.regenerate(['user', 'visits', 'other'])
    return 'regenerated'
  })
  app.get('/default/destroy', async (request) => {
    await sessionOf(request).destroy()
    return 'out'
  })
}

interface Default extends Record<string, unknown> {
  get(key: string): unknown
  set(key: string, value: unknown): void
  regenerate(keep: readonly string[]): Promise<void>
  destroy(): Promise<void>
}

t.test('who passport knew by the old session is known by the new one, if the app says so', async (t) => {
  const key = Buffer.alloc(32, 'k')
  const passport = () => {
    const authenticator = new fastifyPassport.Authenticator()
    authenticator.registerUserSerializer(async (user: string) => user)
    authenticator.registerUserDeserializer(async (user: string) => user)
    return authenticator
  }
  const withPassport = async (app: FastifyInstance) => {
    const authenticator = passport()
    await app.register(authenticator.initialize())
    await app.register(authenticator.secureSession())
    app.get('/sign-in/:user', async (request) => request.logIn((request.params as { user: string }).user as never))
    app.get('/me', async (request) => JSON.stringify(request.user ?? null))
  }
  const old = Fastify()
  t.teardown(() => old.close())
  await old.register(fastifyCookie)
  await old.register(secureSessionPlugin, { key, cookieName: 'old', cookie: { path: '/' } })
  await withPassport(old)
  const browser = new Browser()
  await browser.get(byInject(old), '/sign-in/ada')
  t.equal(await browser.json(byInject(old), '/me'), 'ada')

  const options: Partial<SessionsOptions> = {
    default: 'login',
    stores: { memory: memoryStore() },
    sessions: {
      login: {
        store: 'memory',
        schema: z.object({ visits: z.number().default(0) }),
        from: [
          secureSession({ key, cookieName: 'old', cookie: { path: '/' } }, () => ({}), {
            plugins: ({ passport }) => ({ passport })
          })
        ]
      }
    }
  }
  const app = await buildApp(t, options)
  await withPassport(app)
  t.equal(await browser.json(byInject(app), '/me'), 'ada')
  t.equal(await browser.json(byInject(app), '/me'), 'ada')
  t.same([...browser.jar.keys()], ['__Host-login'])
})

t.test(
  'a cookie can not have the name of the one that it takes over: it would be cleared as soon as it is set',
  async (t) => {
    const key = Buffer.alloc(32, 'k')
    const login = {
      schema: z.object({ user: z.string() }),
      cookie: { name: 'session' },
      from: [secureSession({ key }, ({ user }) => ({ user }))]
    }
    await t.rejects(buildApp(t, { sessions: { login } }), {
      code: 'FST_SESSIONS_CONFIG',
      message:
        /^session "login": from @fastify\/secure-session: its cookie "session" has the name of this session's: give this one another/
    })
    await t.resolves(buildApp(t, { sessions: { login: { ...login, cookie: { name: 'other' } } } }))
  }
)
