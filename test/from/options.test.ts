import { fastifyCookie } from '@fastify/cookie'
import secureSessionPlugin from '@fastify/secure-session'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { cookieSession } from '../../lib/from/cookie-session.js'
import { expressSession } from '../../lib/from/express-session.js'
import { ironSession } from '../../lib/from/iron-session.js'
import { type SecureSessionOptions, secureSession } from '../../lib/from/secure-session.js'
import { fastifySession } from '../../lib/from/session.js'
import sessions from '../../lib/index.js'
import { buildApp, KEY } from '../client.js'
import { Browser, byInject } from './browser.js'
import { schema } from './new-app.js'
import { SECRETS } from './old-apps.js'

const key = Buffer.alloc(32, 'k')
const store = { get: () => {}, destroy: () => {} }
const map = ({ user }: { user?: string }) => (user === undefined ? undefined : { user })

t.test('options that are wrong are refused at once, with what is wrong', async (t) => {
  const wrong: readonly (readonly [() => unknown, RegExp])[] = [
    [
      () => secureSession({ keys: [key] } as never, map),
      /secure-session: there is no option "keys"; there are key, sec/
    ],
    [() => secureSession({}, map), /secure-session: expected its key, or its secret and salt/],
    [() => secureSession({ key: 'short' }, map), /secure-session: key: expected 32 bytes/],
    [() => secureSession({ key }, undefined as never), /expected a function from old data to new data, got undefined/],
    [
      () => secureSession({ key }, map, { keepold: true } as never),
      /no option "keepold"; there are keepOld, subject, p/
    ],
    [() => secureSession({ key }, map, { keepOld: 1 as never }), /keepOld: expected true or false/],
    [() => secureSession({ key }, map, { subject: 'user' as never }), /subject: expected a function of the old data/],
    [() => secureSession(undefined as never, map), /expected the options of @fastify\/secure-session, got undefined/],
    [() => expressSession({ store, secret: '' }, map), /express-session: secret: expected text or bytes, or an array/],
    [
      () => expressSession({ secret: 'x' } as never, map),
      /store: expected the store that express-session was given, wh/
    ],
    [
      () => fastifySession({ store, secret: {} as never }, map),
      /secret: expected text, an array of texts, or a signer/
    ],
    [() => cookieSession({}, map), /cookie-session: keys: expected text or bytes/],
    [() => cookieSession({ signed: false }, map), /signed: false: anybody can forge such a cookie, so none is taken/],
    [() => ironSession({ cookieName: 'old', password: 'short' }, map), /password: expected at least 32 characters/],
    [() => ironSession({ password: SECRETS[0] } as never, map), /cookieName: expected a name/]
  ]
  for (const [make, message] of wrong) t.throws(make, { code: 'FST_SESSIONS_CONFIG', message }, String(message))
})

t.test('what is no old session is refused in a definition', async (t) => {
  for (const from of [secureSession({ key }, map), [{}], ['secure-session'], null]) {
    await t.rejects(buildApp(t, { sessions: { login: { schema, from: from as never } } }), {
      code: 'FST_SESSIONS_CONFIG',
      message: /^session "login": from: expected an array such as \[secureSession/
    })
  }
  await t.resolves(buildApp(t, { sessions: { login: { schema, from: [] } } }))
})

/** To derive a key takes a second, and many where other tests run. */
function patient(t: Test): FastifyInstance {
  const app = Fastify({ pluginTimeout: 0 })
  t.teardown(() => app.close())
  return app
}

/** Whether a visitor of an old app with these options is known to a new one. */
async function isKnown(t: Test, options: SecureSessionOptions, cookieSecret?: string): Promise<boolean> {
  const old = patient(t)
  if (cookieSecret !== undefined) await old.register(fastifyCookie, { secret: cookieSecret })
  await old.register(secureSessionPlugin, { ...options, cookie: { ...options.cookie } } as never)
  old.get('/sign-in', async (request) =>
    (request.session as unknown as { set(key: string, value: string): void }).set('user', 'ada')
  )
  const browser = new Browser()
  await browser.get(byInject(old), '/sign-in')
  const app = patient(t)
  await app.register(sessions, { keys: [KEY], sessions: { login: { schema, from: [secureSession(options, map)] } } })
  app.get('/me', async (request) => request.session('login').get('user'))
  return (await browser.get(byInject(app), '/me')).body === 'ada'
}

t.test('@fastify/secure-session: every way in which it takes its key', async (t) => {
  const [secret = ''] = SECRETS
  t.ok(await isKnown(t, { key }))
  t.ok(await isKnown(t, { key: [key, Buffer.alloc(32, 'o')] }))
  t.ok(await isKnown(t, { secret }))
  t.ok(await isKnown(t, { secret, salt: 'sixteen bytes is' }))
  t.ok(await isKnown(t, { key, sessionName: 'session', cookieName: 'other' }))
})

t.test('@fastify/secure-session: signed cookies, with the secret of its own and of the app', async (t) => {
  t.ok(await isKnown(t, { key, cookie: { signed: true } }))
  t.ok(await isKnown(t, { key, cookieOptions: { signed: true } }, SECRETS[0]))
})
