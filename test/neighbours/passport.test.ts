import { createRequire } from 'node:module'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { buildApp, Client } from '../client.js'
import { startProvider } from './provider.js'
import { KINDS, type Kind, storesFor } from './stores.js'

// Their types, and ours, say each what `request.session` is.
const require = createRequire(import.meta.url)
const { Authenticator } = require('@fastify/passport')
const { Strategy: LocalStrategy } = require('passport-local')
const { Strategy: OAuth2Strategy } = require('passport-oauth2')

interface Guest {
  readonly user: { readonly id: string } | null
  flash(kind: string, message: string): void
  logOut(): Promise<void>
  isAuthenticated(): boolean
}
const guest = (request: FastifyRequest) => request as unknown as Guest
const theirs = (request: FastifyRequest) =>
  request.session as unknown as Record<string, unknown> & { data(): Record<string, unknown> }

const schema = z.strictObject({ basket: z.array(z.string()).default([]) })

async function appWith(t: Test, kind: Kind, options: object = {}) {
  const app = await buildApp(t, {
    stores: storesFor(t),
    default: 'login',
    sessions: { login: { store: kind, schema } }
  } as never)
  const passport = new Authenticator(options)
  await app.register(passport.initialize())
  await app.register(passport.secureSession())
  passport.registerUserSerializer(async (user: { id: string }) => user.id)
  passport.registerUserDeserializer(async (id: string) => ({ id }))
  const verify = (name: string, password: string, done: (...args: unknown[]) => void) =>
    password === 'lovelace' ? done(null, { id: name }) : done(null, false, { message: 'wrong password' })
  passport.use('local', new LocalStrategy(verify))
  addRoutes(app, kind)
  return { app, passport }
}

function addRoutes(app: FastifyInstance, kind: Kind): void {
  app.get('/', async (request, reply) => {
    const { basket } = request.session('login').data
    return {
      user: guest(request).user?.id ?? null,
      basket,
      theirs: Object.keys(theirs(request)).filter((key) => key !== 'basket'),
      flash: (reply as unknown as { flash(): unknown }).flash()
    }
  })
  app.get('/basket/:item', async (request) => {
    request
      .session('login')
      .update('basket', (items) => [...(items as string[]), (request.params as { item: string }).item])
  })
  app.get('/private', async (request, reply) => {
    if (guest(request).isAuthenticated()) return 'private'
    theirs(request)['returnTo'] = '/private'
    return reply.redirect('/login')
  })
  app.get('/out', async (request) => guest(request).logOut())
  app.get('/subject', async (request) => [request.session('login').subject ?? null])
  if (kind !== 'cookie') app.get('/sessions', async () => (await app.sessions.of('ada')).length)
}

/** What goes before the handler that says whose session it is: the recipe of the manual. */
function identified(preValidation: unknown) {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    request.session('login').identify(guest(request).user?.id ?? null)
    return reply.redirect('/')
  }
  return { preValidation: preValidation as never, handler }
}

const post = (client: Client, url: string, password = 'lovelace') =>
  client.get(url, { method: 'POST', payload: { username: 'ada', password } })

const NOBODY = { user: null, basket: [], theirs: [], flash: {} }

for (const kind of KINDS) {
  t.test(`passport-local signs in and out, with its session on the ${kind} store`, async (t) => {
    const { app, passport } = await appWith(t, kind)
    const redirects = { failureRedirect: '/login', successReturnToOrRedirect: '/' }
    app.post(
      '/login',
      { preValidation: passport.authenticate('local', { ...redirects, failureFlash: 'wrong password' }) },
      () => {}
    )
    const client = new Client(app)
    t.equal((await client.get('/private')).headers.location, '/login')
    await client.get('/basket/tea')
    const anonymous = client.copy()
    t.equal((await post(client, '/login', 'byron')).headers.location, '/login')
    t.same(await client.json('/'), {
      user: null,
      basket: ['tea'],
      theirs: ['returnTo', 'flash'],
      flash: { error: ['wrong password'] }
    })

    const { headers } = await post(client, '/login')
    t.equal(headers.location, '/', 'returnTo is dropped with all else')
    t.same(await client.json('/'), { ...NOBODY, user: 'ada', theirs: ['passport'] })
    t.equal((await client.get('/private')).body, 'private')
    t.not(client.cookie, anonymous.cookie)
    t.same(await anonymous.json('/'), kind === 'cookie' ? { ...NOBODY, basket: ['tea'], theirs: ['returnTo'] } : NOBODY)

    const copied = client.copy()
    t.equal((await client.get('/out')).statusCode, 200)
    t.equal(client.jar.size, 0)
    t.same(await client.json('/'), NOBODY)
    if (kind !== 'cookie') t.same(await copied.json('/'), NOBODY, 'a copy of the cookie is signed out too')
  })

  t.test(`passport keeps what it is told to keep at sign-in, on the ${kind} store`, async (t) => {
    const { app, passport } = await appWith(t, kind, { clearSessionIgnoreFields: ['basket'] })
    const local = (options: object) => ({ preValidation: passport.authenticate('local', options) })
    app.post('/login', local({ successRedirect: '/', successFlash: 'welcome', failureMessage: true }), () => {})
    app.post('/keep', local({ successReturnToOrRedirect: '/', keepSessionInfo: true }), () => {})
    const client = new Client(app)
    const all = new Client(app)
    for (const each of [client, all]) {
      await each.get('/basket/tea')
      await each.get('/private')
      t.equal((await post(each, '/login', 'byron')).statusCode, 401)
    }
    await post(client, '/login')
    t.same(await client.json('/'), { ...NOBODY, user: 'ada', basket: ['tea'], theirs: ['passport'] })
    t.equal((await post(all, '/keep')).headers.location, '/private')
    t.same(await all.json('/'), { ...NOBODY, user: 'ada', basket: ['tea'], theirs: ['messages', 'passport'] })
  })

  for (const pkce of [false, true]) {
    const how = pkce ? 'with PKCE' : 'with a state'
    t.test(`passport-oauth2 ${how} signs in at a provider, on the ${kind} store`, async (t) => {
      const provider = await startProvider(t)
      const { app, passport } = await appWith(t, kind)
      const options = {
        authorizationURL: `${provider}/authorize`,
        tokenURL: `${provider}/token`,
        clientID: 'shop',
        clientSecret: 'secret',
        callbackURL: 'https://shop.example/callback',
        state: true,
        pkce
      }
      const verify = (token: string, _refresh: string, _profile: object, done: (...args: unknown[]) => void) =>
        done(null, { id: token.replace('token-of-', '') })
      passport.use('oauth', new OAuth2Strategy(options, verify))
      app.get('/signin', { preValidation: passport.authenticate('oauth') }, () => {})
      const authenticate = passport.authenticate('oauth', { failureRedirect: '/failed' })
      app.get('/callback', kind === 'cookie' ? { preValidation: authenticate } : {}, async (_, reply) =>
        reply.redirect('/')
      )
      if (kind !== 'cookie') app.get('/identified', identified(authenticate))
      const callback = kind === 'cookie' ? '/callback' : '/identified'

      const client = new Client(app)
      const { headers } = await client.get('/signin')
      const before = client.copy()
      const { headers: redirected } = await fetch(String(headers.location), { redirect: 'manual' })
      const target = new URL(String(redirected.get('location')))
      t.equal((await new Client(app).get(callback + target.search)).headers.location, '/failed', 'who did not begin it')
      t.equal((await client.get(callback + target.search)).headers.location, '/')
      t.same(await client.json('/'), { ...NOBODY, user: 'ada', theirs: ['passport'] })
      t.not(client.cookie, before.cookie)
      if (kind === 'cookie') return

      t.same([await client.json('/subject'), await client.json('/sessions')], [['ada'], 1])
      await client.get('/out')
      t.same([await client.json('/subject'), await client.json('/sessions')], [[null], 0])
      t.same(await client.json('/'), NOBODY)
    })
  }
}

t.test('ending the sessions of a user signs out who signed in by passport', async (t) => {
  const { app, passport } = await appWith(t, 'memory')
  app.post('/login', identified(passport.authenticate('local')))
  const [one, other] = [new Client(app), new Client(app)]
  await post(one, '/login')
  await post(other, '/login')
  t.equal(await app.sessions.revoke('ada'), 2)
  t.same([await one.json('/'), await other.json('/')], [NOBODY, NOBODY])
})

t.test('without clearing at sign-in passport carries all values over to the new session', async (t) => {
  const { app, passport } = await appWith(t, 'memory', { clearSessionOnLogin: false })
  app.post('/login', { preValidation: passport.authenticate('local', { successRedirect: '/' }) }, () => {})
  const client = new Client(app)
  await client.get('/basket/tea')
  const anonymous = client.copy()
  await post(client, '/login')
  t.same(await client.json('/'), { ...NOBODY, user: 'ada', basket: ['tea'], theirs: ['passport'] })
  t.same(await anonymous.json('/'), NOBODY)
  await client.get('/out')
  t.same(await client.json('/'), { ...NOBODY, basket: ['tea'] })
})

t.test('a user whom passport does not find any more is signed out', async (t) => {
  const { app, passport } = await appWith(t, 'memory')
  app.post('/login', { preValidation: passport.authenticate('local', { successRedirect: '/' }) }, () => {})
  const client = new Client(app)
  await post(client, '/login')
  passport.registerUserDeserializer(async () => 'pass')
  passport.deserializers = [async () => null]
  t.same(await client.json('/'), NOBODY)
  t.equal(client.jar.size, 0)
})

t.test('@fastify/passport has to come after fastify-sessions, and says so', async (t) => {
  const { default: Fastify } = await import('fastify')
  const app = Fastify()
  t.teardown(() => app.close())
  const passport = new Authenticator()
  await t.rejects(async () => app.register(passport.initialize()), { message: /@fastify\/flash/ })
})
