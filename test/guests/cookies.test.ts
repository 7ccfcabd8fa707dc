import fastifyCookie from '@fastify/cookie'
import csrfProtection from '@fastify/csrf-protection'
import jwt from '@fastify/jwt'
import oauth2 from '@fastify/oauth2'
import Fastify from 'fastify'
import t from 'tap'
import { Client } from '../client.js'
import { add, appWith, type Guest, PLACES } from './places.js'

/** The cookies of the app, in a route that changes a session too. */
const cookies: Guest = async (scope) => {
  await scope.register(fastifyCookie, { secret: 'a secret to sign with' })
  scope.get('/cookies', async (request) => request.cookies)
  scope.get('/set', async (request, reply) => {
    reply.setCookie('first', '1')
    request.session('prefs').set('n', 1)
    request.session('visits').set('n', 1)
    reply.setCookie('signed', 'it', { signed: true })
    return reply.unsignCookie(reply.signCookie('it'))
  })
  scope.get('/clear', async (request, reply) => {
    request.session('prefs').destroy()
    reply.clearCookie('first')
    return request.session('visits').update('n', add)
  })
}

for (const place of PLACES) {
  t.test(`cookies of the app and of sessions stand beside one another: @fastify/cookie ${place}`, async (t) => {
    const client = new Client(await appWith(t, cookies, place))
    t.hasStrict(await client.json('/set'), { valid: true, value: 'it' })
    t.same([...client.jar.keys()].sort(), ['__Host-prefs', '__Host-visits', 'first', 'signed'])
    t.match(await client.json('/cookies'), { first: '1', signed: /^it\./ })
    t.equal((await client.get('/clear')).body, '2')
    t.same([...client.jar.keys()].sort(), ['__Host-visits', 'signed'])
  })
}

const csrf: Guest = async (scope) => {
  await scope.register(fastifyCookie, { secret: 'a secret to sign with' })
  await scope.register(csrfProtection, { cookieOpts: { signed: true, path: '/' } })
  scope.get('/form', async (request, reply) => {
    request.session('visits').update('n', add)
    return reply.generateCsrf()
  })
  scope.post('/form', { onRequest: scope.csrfProtection }, async (request) => request.session('visits').get('n'))
}

for (const place of PLACES) {
  t.test(`a form is protected by a token in a cookie: @fastify/csrf-protection ${place}`, async (t) => {
    const client = new Client(await appWith(t, csrf, place))
    const { body: token } = await client.get('/form')
    t.equal((await client.get('/form', { method: 'POST' })).statusCode, 403)
    const sent = await client.get('/form', { method: 'POST', headers: { 'csrf-token': token } })
    t.equal(sent.body, '1')
  })
}

const tokens: Guest = async (scope) => {
  await scope.register(fastifyCookie)
  await scope.register(jwt, { secret: 'a secret to sign with', cookie: { cookieName: 'token', signed: false } })
  scope.get('/token', async (request, reply) => {
    request.session('prefs').set('n', 1)
    return reply.setCookie('token', await reply.jwtSign({ user: 'ada' })).send('given')
  })
  scope.get('/whoami', async (request) => ({
    ...(await request.jwtVerify<object>()),
    n: request.session('prefs').get('n')
  }))
}

for (const place of PLACES) {
  t.test(`a token is taken from its cookie: @fastify/jwt ${place}`, async (t) => {
    const client = new Client(await appWith(t, tokens, place))
    t.equal((await client.get('/token')).body, 'given')
    t.hasStrict(await client.json('/whoami'), { user: 'ada', n: 1 })
  })
}

/** Registers @fastify/cookie by itself. */
function signIn(provider: string): Guest {
  return async (scope) => {
    await scope.register(oauth2, {
      name: 'provider',
      credentials: {
        client: { id: 'app', secret: 'secret' },
        auth: { authorizeHost: provider, authorizePath: '/authorize', tokenHost: provider, tokenPath: '/token' }
      },
      startRedirectPath: '/sign-in',
      callbackUri: 'http://localhost/signed-in',
      pkce: 'S256'
    })
    scope.get('/signed-in', async (request, reply) => {
      const { provider } = scope as unknown as WithProvider
      const { token } = await provider.getAccessTokenFromAuthorizationCodeFlow(request, reply)
      return { token: token.access_token, n: request.session('visits').regenerate().update('n', add) }
    })
  }
}

interface WithProvider {
  readonly provider: oauth2.OAuth2Namespace
}

async function startProvider(t: Parameters<typeof appWith>[0]): Promise<string> {
  const provider = Fastify()
  t.teardown(() => provider.close())
  provider.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: unknown, body: string) => {
      return Object.fromEntries(new URLSearchParams(body))
    }
  )
  provider.post<{ Body: { code: string; code_verifier: string } }>('/token', async ({ body }) => ({
    access_token: `token for ${body.code}, verified by ${body.code_verifier.length} characters`,
    token_type: 'Bearer'
  }))
  return provider.listen({ host: '127.0.0.1', port: 0 })
}

for (const place of PLACES) {
  t.test(`a user comes back from a provider: @fastify/oauth2 ${place}`, async (t) => {
    const client = new Client(await appWith(t, signIn(await startProvider(t)), place))
    await client.get('/own/visits')
    const { headers } = await client.get('/sign-in')
    const state = new URL(String(headers.location)).searchParams.get('state')
    const back = await client.get(`/signed-in?code=abc&state=${state}`)
    t.match(back.json(), { token: /^token for abc, verified by \d+ characters$/, n: 2 })
    t.equal((await client.get('/own/visits')).body, '3')
  })
}

t.test('sessions need nobody to parse cookies, and decorate nothing that @fastify/cookie does', async (t) => {
  const app = await appWith(t, () => undefined, 'before')
  const client = new Client(app)
  t.same([(await client.get('/own/visits')).body, (await client.get('/own/visits')).body], ['1', '2'])
  t.notOk(app.hasRequestDecorator('cookies') || app.hasReplyDecorator('setCookie') || app.hasDecorator('parseCookie'))
})
