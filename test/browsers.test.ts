import Fastify, { type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { type CookieOptions } from '../lib/index.js'
import { KEY } from './client.js'

const schema = z.object({ n: z.number().default(0) })

/** An app that sets a cookie with each response, and its warnings. */
async function build(t: Test, cookie: CookieOptions, options: FastifyServerOptions = {}) {
  const lines: { level: number; session: string; msg: string }[] = []
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const app = Fastify({ ...options, logger: { level: 'warn', stream } })
  t.teardown(() => app.close())
  await app.register(sessions, { keys: [KEY], sessions: { a: { schema, cookie }, b: { schema, cookie } } })
  app.get('/', async (request) => ['a', 'b'].map((name) => request.session(name).set('n', 1).isDirty))
  const get = async (headers: Record<string, string> = {}) => {
    const { headers: sent } = await app.inject({ url: '/', headers: { host: 'shop.example', ...headers } })
    return [sent['set-cookie']].flat().map((text) => /; Secure/.test(String(text)))
  }
  return { app, get, lines, warnings: () => lines.map(({ msg }) => msg) }
}

const PLAIN =
  'session "a": its cookie is Secure and was asked for by plain HTTP: browsers drop it without a word. Serve HTTPS, or write ' +
  'cookie: { secure: "auto" } for development; a proxy that speaks HTTPS should send X-Forwarded-Proto'
const UNTRUSTED =
  'session "a": its cookie goes out without Secure, although X-Forwarded-Proto says https: secure: "auto" heeds that header only from ' +
  'a proxy that Fastify trusts: Fastify({ trustProxy: "address of the proxy" }), or true; a number of hops is not enough'

t.test('a secure cookie on plain HTTP is told in the log, once for the app', async (t) => {
  const { get, lines, warnings } = await build(t, {})
  t.same(await get(), [true, true])
  await get()
  t.same(warnings(), [PLAIN])
  t.equal(lines[0]?.session, 'a')
  for (const host of ['notlocalhost', 'localhost.example', '127.0.0.1.example', '10.127.0.0.1', '[::12]']) {
    const foreign = await build(t, {})
    await foreign.get({ host })
    t.same(foreign.warnings(), [PLAIN], host)
  }
  const proxied = await build(t, {})
  await proxied.get({ 'x-forwarded-proto': 'http', 'x-forwarded-for': '192.0.2.1' })
  t.same(proxied.warnings(), [PLAIN])
  const last = await build(t, {})
  await last.get({ 'x-forwarded-proto': 'https, http' })
  t.same(last.warnings(), [PLAIN])
})

t.test('nothing is told of a secure cookie where browsers take it, or may', async (t) => {
  const { get, warnings } = await build(t, {})
  for (const host of ['localhost:3000', 'shop.localhost', '127.0.0.1', '127.10.20.30:80', '[::1]:80'])
    await get({ host })
  await get({ 'x-forwarded-proto': 'https' })
  await get({ 'x-forwarded-proto': 'http, HTTPS' })
  await get({ 'x-forwarded-for': '192.0.2.1' })
  await get({ 'sec-fetch-site': 'none' })
  const trusting = await build(t, {}, { trustProxy: true })
  await trusting.get({ 'x-forwarded-proto': 'https' })
  const insecure = await build(t, { secure: false })
  await insecure.get()
  t.same([...warnings(), ...trusting.warnings(), ...insecure.warnings()], [])
})

t.test('secure: "auto" behind a proxy that Fastify does not trust is told in the log, once', async (t) => {
  for (const trustProxy of [false, 1 as never, '192.0.2.1']) {
    const { get, warnings } = await build(t, { secure: 'auto' }, { trustProxy })
    t.same(await get({ 'x-forwarded-proto': 'https' }), [false, false])
    await get({ 'x-forwarded-proto': 'https' })
    t.same(warnings(), [UNTRUSTED], String(trustProxy))
  }
  const plain = await build(t, { secure: 'auto' })
  t.same(await plain.get(), [false, false])
  t.same(plain.warnings(), [])
})

t.test('a scheme in upper case is HTTPS all the same', async (t) => {
  const { get, warnings } = await build(t, { secure: 'auto' }, { trustProxy: true })
  for (const scheme of ['https', 'HTTPS', 'Https']) t.same(await get({ 'x-forwarded-proto': scheme }), [true, true])
  t.same(await get({ 'x-forwarded-proto': 'http' }), [false, false])
  t.same(warnings(), [])
})

t.test('what needs Secure, and goes without it on plain HTTP, is told in the log', async (t) => {
  const cases: [CookieOptions, string][] = [
    [{ sameSite: 'none' }, 'sameSite: "none"'],
    [{ partitioned: true }, 'partitioned']
  ]
  for (const [cookie, what] of cases) {
    const { get, warnings } = await build(t, { ...cookie, secure: 'auto' })
    await get({ host: 'localhost' })
    t.same(warnings(), [
      `session "a": ${what} needs Secure, which secure: "auto" leaves out on plain HTTP: browsers drop the cookie without a word. Serve HTTPS`
    ])
  }
})

t.test(
  'a cookie is never in a response that a shared cache may keep, and the log names each such route once',
  async (t) => {
    const { app, warnings } = await build(t, {})
    const answers: Record<string, [string, string]> = {
      '/public': ['public, max-age=60', 'no-store'],
      '/static': ['public, max-age=0', 'no-store'],
      '/shared': ['s-maxage=10', 'no-store'],
      '/aged': ['max-age=60', 'no-store'],
      '/private': ['private, max-age=60', 'private, max-age=60'],
      '/fresh': ['max-age=0, must-revalidate', 'max-age=0, must-revalidate'],
      '/none': ['no-store', 'no-store'],
      '/no-cache': ['no-cache', 'no-cache']
    }
    const set = (request: { session(name: string): { set(key: string, value: unknown): unknown } }) =>
      request.session('a').set('n', 1)
    for (const [url, [own]] of Object.entries(answers)) {
      app.get(`${url}/:id`, async (request, reply) => {
        set(request as never)
        reply.header('cache-control', own)
        return 'x'
      })
      app.get(`/response${url}`, async (request) => {
        set(request as never)
        return new Response('x', { headers: { 'cache-control': own } })
      })
      app.get(`/saved${url}`, async (request, reply) => {
        set(request as never)
        reply.header('cache-control', own)
        await request.session('a').save()
        return 'x'
      })
      app.get(`/hijacked${url}`, async (request, reply) => {
        set(request as never)
        reply.hijack()
        reply.raw.setHeader('cache-control', own)
        await request.session('a').save()
        reply.raw.end('x')
      })
    }
    app.get('/asked', async (request, reply) => {
      reply.header('cache-control', 'public, max-age=60')
      return request.session('a').get('n')
    })
    const told: string[] = []
    for (const [url, [own, expected]] of Object.entries(answers)) {
      for (const path of [`${url}/1`, `${url}/2`, `/response${url}`, `/saved${url}`, `/hijacked${url}`]) {
        const { headers, body } = await app.inject(path)
        t.equal(headers['cache-control'], expected, path)
        t.equal(body, 'x')
        t.equal([headers['set-cookie']].flat().length, 1)
        t.ok(headers['set-cookie'])
      }
      for (const route of [`${url}/:id`, `/response${url}`, `/saved${url}`, `/hijacked${url}`]) {
        if (own === expected) continue
        told.push(
          `GET ${route} says Cache-Control: ${own} and sets the cookie of a session, which a shared cache would give to the next visitor: no-store is sent instead; write private, or use no session there`
        )
      }
    }
    t.equal((await app.inject('/asked')).headers['cache-control'], 'public, max-age=60', 'no cookie, no matter')
    t.same(warnings().sort(), told.sort())
  }
)

t.test('nor where a header of a network of caches counts before Cache-Control', async (t) => {
  const { app, warnings } = await build(t, {})
  const set = (request: unknown) =>
    (request as { session(name: string): { set(key: string, value: unknown): unknown } }).session('a').set('n', 1)
  const headers = { 'cache-control': 'private', 'cdn-cache-control': 'max-age=60', 'surrogate-control': 'no-store' }
  app.get('/reply', async (request, reply) => {
    set(request)
    reply.headers(headers)
    return 'x'
  })
  app.get('/response', async (request) => {
    set(request)
    return new Response('x', { headers })
  })
  app.get('/asked', async (request, reply) => {
    reply.headers(headers)
    return request.session('a').get('n')
  })
  for (const url of ['/reply', '/response']) {
    const { headers: sent } = await app.inject(url)
    t.equal(sent['cache-control'], 'private', url)
    t.equal(sent['cdn-cache-control'], url === '/reply' ? undefined : 'no-store', url)
    t.equal(sent['surrogate-control'], 'no-store', url)
  }
  t.equal((await app.inject('/asked')).headers['cdn-cache-control'], 'max-age=60', 'no cookie, no matter')
  t.same(
    warnings(),
    ['/reply', '/response'].map(
      (route) =>
        `GET ${route} says CDN-Cache-Control: max-age=60 and sets the cookie of a session, which a shared cache would give to the next visitor: no-store is sent instead; write private, or use no session there`
    )
  )
})
