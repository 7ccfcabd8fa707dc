import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { sessionsInspector } from '../../lib/inspector/index.js'
import { settingsOf } from '../../lib/inspector/options.js'
import { HIDDEN, Redaction } from '../../lib/inspector/redaction.js'
import { typesOfKeys } from '../../lib/inspector/types-of-keys.js'
import { buildApp, Client, clock } from '../client.js'
import { Lab, SECRET } from './lab.js'

const PAGES = [
  '',
  '/requests',
  '/sessions',
  '/session/login/none',
  '/ended',
  '/stores',
  '/user',
  '/cookie/cart',
  '/inspector.css',
  '/inspector.js',
  '/icon.svg',
  '/feed'
]

const at = (path: string): string => `/_sessions${path}`

t.test('in production it is refused at start, unless it is told who may use it', async (t) => {
  const before = process.env['NODE_ENV']
  t.teardown(() => {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  })
  for (const name of ['prod', 'Production', 'PRODUCTION', ' production', 'production']) {
    process.env['NODE_ENV'] = name
    await t.rejects(Lab.open(t), {
      code: 'FST_SESSIONS_CONFIG',
      message: `sessionsInspector: NODE_ENV is "${name}": give an authorize function that tells who may use it, or do not register it there`
    })
  }
  const lab = await Lab.open(t, { authorize: () => true })
  t.equal((await lab.client.get(at(''))).statusCode, 200)
})

t.test('wrong options are refused at start', async (t) => {
  const wrong = [
    { path: '_sessions' },
    { path: '/' },
    { path: '/:a' },
    { path: '/a/' },
    { authorize: true },
    { redact: 'token' }
  ]
  for (const options of [...wrong, { redact: [1] }, { where: 1 }]) {
    await t.rejects(Lab.open(t, options as never), { code: 'FST_SESSIONS_CONFIG' }, JSON.stringify(options))
  }
})

t.test('without authorize only requests of this machine are answered, which name it as such', async (t) => {
  const { app } = await Lab.open(t, {}, { trustProxy: true })
  const strangers: InjectOptions[] = [
    { remoteAddress: '192.0.2.1' },
    { remoteAddress: '::ffff:192.0.2.1' },
    { remoteAddress: '192.0.2.1', headers: { 'x-forwarded-for': '127.0.0.1' } },
    { headers: { 'x-forwarded-for': '192.0.2.1' } },
    { headers: { 'x-forwarded-for': '127.0.0.1' } },
    { headers: { 'x-forwarded-host': 'localhost' } },
    { headers: { 'x-real-ip': '127.0.0.1' } },
    { headers: { forwarded: 'for=127.0.0.1' } },
    { headers: { via: '1.1 proxy' } },
    { headers: { 'x-cluster-client-ip': '127.0.0.1' } },
    { headers: { 'fastly-client-ip': '127.0.0.1' } },
    { headers: { 'cf-ray': '1' } },
    { headers: { 'true-client-ip': '127.0.0.1' } },
    { headers: { 'wl-proxy-client-ip': '127.0.0.1' } },
    { headers: { 'x-envoy-external-address': '127.0.0.1' } },
    { headers: { host: 'rebound.example' } },
    { headers: { host: 'localhost.example:80' } },
    { headers: { host: '127.0.0.1.example' } },
    { headers: { host: '192.0.2.1:3000' } }
  ]
  for (const stranger of strangers) {
    for (const path of PAGES) {
      const { statusCode, body } = await app.inject({ url: at(path), ...stranger })
      t.equal(statusCode, 403, `${path} ${JSON.stringify(stranger)}`)
      t.match(body, /^The inspector answers only to this machine/)
    }
  }
  const own: InjectOptions[] = [
    {},
    { remoteAddress: '::1' },
    { remoteAddress: '::ffff:127.0.0.1' },
    { remoteAddress: '127.8.0.1' },
    { headers: { host: '127.0.0.1:3000' } },
    { headers: { host: '[::1]:3000' } },
    { headers: { host: 'shop.localhost' } }
  ]
  for (const one of own) t.equal((await app.inject({ url: at(''), ...one })).statusCode, 200, JSON.stringify(one))
})

t.test(
  'whom nginx speaks for as it comes, without a header and by the name of this machine, is not taken for it',
  async (t) => {
    const { app } = await Lab.open(t)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const answerTo = async (version: string) => {
      const socket = connect(port, '127.0.0.1')
      socket.end(`GET /_sessions HTTP/${version}\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
      return text(socket)
    }
    t.match(await answerTo('1.0'), /^HTTP\/1\.1 403 /)
    t.match(await answerTo('1.1'), /^HTTP\/1\.1 200 /)
  }
)

t.test('no way to write a path leads past the check', async (t) => {
  const routers = { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }
  const { app } = await Lab.open(t, { authorize: () => false }, { routerOptions: routers })
  const paths = [
    '/_SESSIONS',
    '/_sessions/',
    '//_sessions',
    '/%5Fsessions',
    '/_sessions/%75ser',
    '/_sessions;a',
    '/x/../_sessions'
  ]
  for (const url of [...paths, ...PAGES.map(at)]) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST'] as const) {
      const { statusCode } = await app.inject({ method, url })
      t.ok(statusCode === 403 || statusCode === 404, `${method} ${url}: ${statusCode}`)
    }
  }
  t.equal((await app.inject('/_SESSIONS')).statusCode, 403)
  t.equal((await app.inject('/%5Fsessions')).statusCode, 403)
})

t.test('behind a proxy that gives the app another name, forms are taken by what the browser itself says', async (t) => {
  const lab = await Lab.open(t, { authorize: () => true })
  await lab.client.get('/fill', { method: 'POST' })
  const headers = { host: 'backend:3000', origin: 'https://app.example' }
  const fields = { session: 'cart', key: 'note', value: '"changed"' }
  t.equal((await lab.send('/set', fields, { headers })).statusCode, 303)
  t.equal((await lab.send('/set', fields, { headers: { ...headers, 'sec-fetch-site': 'cross-site' } })).statusCode, 403)
})

t.test('with authorize nobody else decides, and nothing but true lets in', async (t) => {
  for (const answer of [false, undefined, 1, 'yes', {}, Promise.resolve(false)]) {
    const { app } = await Lab.open(t, { authorize: (() => answer) as never })
    for (const path of PAGES) t.equal((await app.inject(at(path))).statusCode, 403, `${path} ${String(answer)}`)
  }
  const failing = await Lab.open(t, {
    authorize: async () => {
      throw new Error(SECRET)
    }
  })
  for (const path of PAGES) {
    const { statusCode, body } = await failing.app.inject(at(path))
    t.equal(statusCode, 500, path)
    t.notOk(body.includes(SECRET), path)
  }
  const lab = await Lab.open(t, {
    authorize: (request) => (request.session('login' as never) as { get(key: string): unknown }).get('user') === 'root'
  })
  t.equal((await lab.client.get(at(''))).statusCode, 403)
  await lab.client.get('/sign-in/root', { method: 'POST' })
  const { statusCode } = await lab.client.get(at(''), {
    remoteAddress: '192.0.2.1',
    headers: { host: 'admin.example' }
  })
  t.equal(statusCode, 200)
})

t.test('what authorize asks of a session is no use of it', async (t) => {
  const lab = await Lab.open(t, {
    authorize: (request) => (request.session('login' as never) as { get(key: string): unknown }).get('user') === 'root'
  })
  await lab.client.get('/sign-in/root', { method: 'POST' })
  const { id } = (await lab.client.json('/who')) as { id: string }
  const before = await lab.store.read(id)
  clock(t).pass(24 * 60 * 60 * 1000)
  t.equal((await lab.client.get(at(''))).statusCode, 200)
  t.same(await lab.store.read(id), before)
})

t.test('no answer may be kept, framed, sniffed or scripted, whatever it is', async (t) => {
  const lab = await Lab.open(t)
  const answers = [
    ...(await Promise.all(PAGES.slice(0, -1).map((path) => lab.client.get(at(path))))),
    await lab.client.get(at(''), { remoteAddress: '192.0.2.1' }),
    await lab.client.get(at('/cookie/nothing')),
    await lab.client.get(at('/set'), { method: 'POST', payload: { a: 1 } }),
    await lab.send('/destroy', { session: 'nothing' }),
    await lab.send('/user', { subject: 'ada' })
  ]
  for (const { headers } of answers) {
    t.equal(headers['cache-control'], 'no-store')
    t.equal(headers['x-frame-options'], 'DENY')
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['referrer-policy'], 'same-origin')
    t.equal(headers['cross-origin-resource-policy'], 'same-origin')
    t.equal(
      headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
  }
  for (const { body, headers } of answers) {
    if (!String(headers['content-type']).startsWith('text/html')) continue
    t.same(body.match(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/g), null, 'nothing inline')
  }
})

t.test('pages of other sites read nothing, while their links lead here', async (t) => {
  const { app } = await Lab.open(t)
  const status = async (headers: Record<string, string>, path = '') =>
    (await app.inject({ url: at(path), headers })).statusCode
  for (const path of PAGES) {
    for (const site of ['cross-site', 'same-site']) {
      t.equal(await status({ 'sec-fetch-site': site, 'sec-fetch-mode': 'cors' }, path), 403, `${path} ${site}`)
      t.equal(
        await status({ 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, path),
        403
      )
    }
    t.equal(await status({ origin: 'https://other.example' }, path), 403, path)
    t.equal(await status({ origin: 'null' }, path), 403, path)
  }
  t.equal(await status({ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:80', host: 'localhost' }), 200)
  t.equal(await status({ 'sec-fetch-site': 'none' }), 200)
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  t.equal(await status(link), 200)
})

t.test('nothing is changed but by a form that the inspector made, sent from its own page', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/fill', { method: 'POST' })
  await lab.client.get('/sign-in/ada', { method: 'POST' })
  const other = (await Lab.open(t)).page('/user')
  const othersToken = /name="token" value="([^"]+)"/.exec(await other)?.[1] as string
  const forms = ['/set', '/regenerate', '/expire', '/destroy', '/user', '/end', '/ended']
  const fields = { session: 'cart', key: 'note', value: '"changed"', subject: 'ada' }
  for (const path of forms) {
    const status = async (more: Record<string, string>, headers: Record<string, string> = {}) =>
      (await lab.send(path, { ...fields, ...more }, { headers })).statusCode
    t.equal(await status({ token: '' }), 403, `${path}: no token`)
    t.equal(await status({ token: othersToken }), 403, `${path}: the token of another process`)
    t.equal(await status({}, { 'sec-fetch-site': 'cross-site' }), 403, `${path}: another site`)
    t.equal(await status({}, { 'sec-fetch-site': 'same-site' }), 403, `${path}: a neighbour`)
    t.equal(await status({}, { 'sec-fetch-site': 'none', origin: 'null' }), 403, `${path}: no origin`)
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    t.equal(await status({}, link), 403, `${path}: a form of another site`)
    const bare = { 'content-type': 'application/x-www-form-urlencoded' }
    const { app, client } = lab
    const token = /name="token" value="([^"]+)"/.exec(await lab.page('/user'))?.[1] as string
    const payload = new URLSearchParams({ token, ...fields }).toString()
    for (const origin of [undefined, 'null', 'http://localhost:81', 'http://rebound.example']) {
      const headers = { ...bare, cookie: client.cookie, ...(origin && { origin }) }
      const { statusCode } = await app.inject({ method: 'POST', url: at(path), headers, payload })
      t.equal(statusCode, 403, `${path}: a browser without Fetch Metadata, from ${origin}`)
    }
    const json = await app.inject({ method: 'POST', url: at(path), payload: fields })
    t.equal(json.statusCode, 415, `${path}: JSON`)
    t.equal(
      (await app.inject({ url: at(path), query: fields, headers: { cookie: client.cookie } })).statusCode,
      path === '/user' || path === '/ended' ? 200 : 404
    )
  }
  const { note } = (await lab.client.json('/cart')) as { note: string }
  t.equal(note, '</script><script>alert(1)</script>')
  const sent: [string, number][] = [
    ['/user', 200],
    ['/set', 303],
    ['/ended', 200],
    ['/end', 200]
  ]
  for (const [path, expected] of sent)
    t.equal((await lab.send(path, path === '/end' ? { ...fields, id: 'none' } : fields)).statusCode, expected, path)
  t.equal(((await lab.client.json('/cart')) as { note: string }).note, 'changed', 'the inspector itself may')
  t.equal(((await lab.client.json('/who')) as { user: string }).user, 'ada')
})

t.test('what is hidden never leaves the process, and a cookie never as a whole', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/fill', { method: 'POST' })
  await lab.client.get('/sign-in/ada', { method: 'POST' })
  const bodies = [
    ...(await Promise.all(PAGES.slice(0, -1).map((path) => lab.page(path)))),
    await lab.page('/cookie/login'),
    (await lab.send('/user', { subject: 'ada' })).body,
    (await lab.send('/set', { session: 'cart', key: 'items', value: '[1]' })).body
  ]
  t.ok(bodies[0]?.includes('(hidden)'))
  t.ok(bodies[0]?.includes('4111'), 'what stands beside it is shown')
  for (const body of bodies) {
    t.notOk(body.includes(SECRET))
    for (const value of lab.client.jar.values()) {
      t.notOk(body.includes(value.slice(60)))
      t.notOk(body.includes(Buffer.from(value, 'base64url').subarray(-12).toString('hex')), 'nor its end in hex')
    }
  }
})

t.test('keys are hidden as they are named or matched, also by a global expression', async (t) => {
  const lab = await Lab.open(t, { redact: ['note', /^card$/g] })
  await lab.client.get('/fill', { method: 'POST' })
  const redaction = new Redaction([/^card$/g])
  t.same([redaction.hides('card'), redaction.hides('card')], [true, true], 'twice in a row')
  for (let i = 0; i < 3; i++) {
    const page = await lab.page()
    t.notOk(page.includes('alert(1)'))
    t.notOk(page.includes('4111'))
    t.ok(page.includes(SECRET), 'nothing else is hidden then')
  }
})

t.test('what is hidden is hidden at any depth, and as a default or a literal of the schema as well', async (t) => {
  const redaction = new Redaction(['secret', '7', '', /Token$/])
  const stored = [{ secret: { a: 1 }, list: [{ 7: 'seven', '': 'empty', myToken: 'x' }], '0': 'zero' }]
  t.same(JSON.parse(redaction.show('key', stored).text), [
    { secret: HIDDEN, list: [{ 7: HIDDEN, '': HIDDEN, myToken: HIDDEN }], '0': 'zero' }
  ])
  t.same(redaction.show('key', ['a', { b: 'c' }]), {
    text: JSON.stringify(['a', { b: 'c' }], null, 2),
    isHidden: false
  })
  const schema = z.object({
    apiToken: z.string().default(SECRET),
    kind: z.literal('shown'),
    secretKind: z.literal(SECRET).optional(),
    nested: z.object({ password: z.string().default(SECRET), note: z.string().default('shown too') })
  })
  const types = typesOfKeys(schema, (key) => /token|secret|password/i.test(key))
  t.same(Object.fromEntries(types), {
    apiToken: 'string',
    kind: '"shown"',
    secretKind: 'literal | undefined',
    nested: '{ password: string, note: string = "shown too" }'
  })
})

t.test('secrets of other plugins are hidden without being named', async (t) => {
  const { redaction } = settingsOf({})
  const hidden = [
    '_csrf',
    'accessToken',
    'code_verifier',
    'oauth2-redirect-credential',
    'passwd',
    'passcode',
    'privateKey'
  ]
  const shown = ['user', 'passenger', 'items', 'author', 'monkey', 'keys', 'path']
  t.same(
    [...hidden, ...shown].filter((key) => redaction.hides(key)),
    hidden
  )
})

t.test('a name of a session that has a meaning in a URL leads to its pages all the same', async (t) => {
  const name = 'a#b%2F'
  const app = await buildApp(t, { sessions: { [name]: { schema: z.object({ n: z.number().default(0) }) } } as never })
  await app.register(sessionsInspector)
  app.get('/begin', async (request) => {
    const session = request.session(name as never) as never as { set(key: string, value: number): void }
    session.set('n', 1)
    return 'begun'
  })
  const client = new Client(app)
  await client.get('/begin')
  const { body } = await client.get('/_sessions')
  const link = /href="(_sessions\/cookie\/[^"]*)"/.exec(body)?.[1]
  t.match((await client.get(`/${link}`)).body, /<h1>The cookie of a#b%2F<\/h1>/)
})

t.test('whatever values, users and messages hold, it is text in the page', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/fill', { method: 'POST' })
  await lab.client.get(`/sign-in/${encodeURIComponent('"><img src=x>')}`, { method: 'POST' })
  const pages = [await lab.page(), (await lab.send('/user', { subject: '"><img src=x>' })).body]
  for (const page of pages)
    for (const markup of ['<b>tea', '<script>alert', '<i>Hello', '<img']) t.notOk(page.includes(markup), markup)
  t.ok(pages[0]?.includes('&#60;b&#62;tea'))
  t.ok(pages[1]?.includes('&#34;&#62;&#60;img src=x&#62;'))
})

t.test('to look at sessions is no use of them: nothing is begun, moved, renewed, taken or saved', async (t) => {
  const lab = await Lab.open(t)
  const visitor = lab.client
  t.equal((await visitor.get(at(''))).headers['set-cookie'], undefined, 'no session is begun')
  await visitor.get('/fill', { method: 'POST' })
  await visitor.get('/sign-in/ada', { method: 'POST' })
  const { id } = (await visitor.json('/who')) as { id: string }
  const before = await lab.store.read(id)
  const real = Date.now
  Date.now = () => real() + 24 * 60 * 60 * 1000
  t.teardown(() => {
    Date.now = real
  })
  for (const path of PAGES.slice(0, -1)) t.equal((await visitor.get(at(path))).headers['set-cookie'], undefined, path)
  await lab.send('/user', { subject: 'ada' })
  t.same(await lab.store.read(id), before)
  t.ok((await lab.page()).includes('Hello'), 'messages are still there')
})
