import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import cors from '@fastify/cors'
import etag from '@fastify/etag'
import formbody from '@fastify/formbody'
import helmet from '@fastify/helmet'
import proxy from '@fastify/http-proxy'
import limit from '@fastify/rate-limit'
import files from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { BrowserContextOptions } from 'playwright-core'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore } from '../../lib/index.js'
import { sessionsInspector } from '../../lib/inspector/index.js'
import type { InspectorOptions } from '../../types/inspector.js'
import { Client, KEY } from '../client.js'
import { openBrowser } from '../shop/browser.js'
import { has, Lab } from './lab.js'

// Its types, and ours, say each what `request.session` is.
const csrf = createRequire(import.meta.url)('@fastify/csrf-protection')

/** Uses what there is to use of the inspector in a real browser: pages, style, the feed, links, and forms. */
async function tour(t: Test, url: string, root: string, options: BrowserContextOptions = {}) {
  const { page, context } = await openBrowser(t, options)
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`)
  })
  const post = async (path: string) => t.equal((await context.request.post(url + path)).status(), 200, path)
  await post('/fill')
  await post('/sign-in/ada')
  await page.goto(`${url}${root}`)
  t.equal(await page.evaluate('getComputedStyle(document.body).margin'), '0px', 'it has its style')
  const cart = page.getByRole('region', { name: 'cart', exact: true })
  await cart.getByText('Edit note of cart').click()
  await cart.getByLabel('note, as JSON').fill('"edited"')
  await cart.getByRole('button', { name: 'Save' }).last().click()
  await cart.getByText('Saved.').waitFor()
  await cart.getByRole('link', { name: 'take apart' }).click()
  await page.getByRole('link', { name: 'Back to cart' }).click()
  await page.getByRole('link', { name: 'Requests' }).click()
  await page.getByText('Live', { exact: true }).waitFor()
  await post('/prefs')
  await page.locator('#requests > li').filter({ hasText: '/prefs' }).waitFor()
  await page.getByRole('link', { name: 'Sessions', exact: true }).last().click()
  await page.getByRole('rowheader', { name: 'login' }).getByRole('link').click()
  await page.getByRole('region', { name: 'login', exact: true }).locator('pre', { hasText: 'ada' }).waitFor()
  await page.getByRole('link', { name: 'A user' }).click()
  await page.getByLabel('User, or another subject').fill('ada')
  await page.getByRole('button', { name: 'List sessions' }).click()
  await page.getByRole('link', { name: 'Open login' }).click()
  await page.getByRole('button', { name: 'Destroy' }).click()
  await page.getByText('It is destroyed.').waitFor()
  await page.getByRole('link', { name: 'Stores' }).click()
  await page.getByRole('heading', { name: 'memory' }).waitFor()
  t.same(complaints, [])
  return page
}

async function listening(app: FastifyInstance): Promise<string> {
  return (await app.listen({ port: 0, host: '127.0.0.1' })).replace('127.0.0.1', 'localhost')
}

t.test('it works beside plugins that touch every request and answer', async (t) => {
  const root = t.testdir({ 'index.html': 'the app' })
  const lab = await Lab.open(t, {}, {}, {}, async (app) => {
    await app.register(helmet)
    await app.register(cors, { origin: true, credentials: true })
    await app.register(compress, { threshold: 0 })
    await app.register(limit, { max: 1000 })
    await app.register(etag)
    await app.register(formbody)
    await app.register(cookie)
    await app.register(csrf, { sessionPlugin: '@fastify/cookie' })
    await app.register(files, { root, wildcard: true })
    app.setNotFoundHandler(async (_, reply) => reply.code(404).send('nothing of the app'))
    app.setErrorHandler(async (_, __, reply) => reply.code(500).send('an error of the app'))
    app.addHook('onRequest', async () => {})
  })
  await tour(t, await listening(lab.app), '/_sessions')
  const { headers } = await lab.client.get('/_sessions')
  t.match(String(headers['content-security-policy']), /^default-src 'none'; script-src 'self';/, "and not helmet's")
  t.equal(headers['access-control-allow-origin'], undefined)
  t.equal((await lab.client.get('/index.html')).body, 'the app')
  t.equal((await lab.client.get('/_sessions/none')).statusCode, 404)
  const stranger = await lab.client.get('/_sessions', { headers: { origin: 'https://other.example' } })
  t.equal(stranger.statusCode, 403)
})

t.test('it works over HTTP/2 and TLS, with a certificate that the machine made itself', async (t) => {
  const directory = t.testdir()
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const who = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  await promisify(execFile)('openssl', [...args, ...who, '-keyout', key, '-out', cert])
  const https = { allowHTTP1: true, key: await readFile(key), cert: await readFile(cert) }
  const lab = await Lab.open(t, {}, { http2: true, https } as FastifyServerOptions)
  const page = await tour(t, await listening(lab.app), '/_sessions', { ignoreHTTPSErrors: true })
  t.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol"), 'h2')
  await page.context().close()
})

t.test('it works behind a proxy that takes a prefix off the path', async (t) => {
  const lab = await Lab.open(t, { authorize: () => true })
  const upstream = await listening(lab.app)
  const front = Fastify()
  t.teardown(() => front.close())
  await front.register(proxy, { upstream, prefix: '/tools/app', internalRewriteLocationHeader: false })
  const url = await listening(front)
  await tour(t, `${url}/tools/app`, '/_sessions')
})

const schema = z.object({ n: z.number().default(0) })

/** Sessions with an inspector in a scope of their own. */
async function scope(app: FastifyInstance, name: string, options: InspectorOptions = {}): Promise<void> {
  await app.register(sessions, {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: { [name]: { store: 'memory', schema } } as never
  })
  app.get('/use', async (request) => {
    ;(request.session(name as never) as never as { set(key: string, value: number): void }).set('n', 1)
    return 'used'
  })
  await app.register(sessionsInspector, options)
}

t.test('each of two instances in one app has an inspector that sees its own alone', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register((child) => scope(child, 'left'), { prefix: '/left' })
  app.register((child) => scope(child, 'right', { path: '/look/at' }), { prefix: '/right' })
  const client = new Client(app)
  await client.get('/left/use')
  const [left, right] = [await client.get('/left/_sessions'), await client.get('/right/look/at')]
  has(t, left.body, ['left memory live'])
  has(t, right.body, ['right memory not begun'])
  t.notOk(right.body.includes('>left<'))
  has(t, (await client.get('/left/_sessions/requests')).body, ['GET /left/use left'])
  t.notOk((await client.get('/right/look/at/requests')).body.includes('/left/use'))
  has(t, (await client.get('/left/_sessions/sessions')).body, ['1 session'])
  has(t, (await client.get('/right/look/at/sessions')).body, ['No session is in it.'])
  t.equal((await client.get('/_sessions')).statusCode, 404)
})

t.test('it is registered late, with a prefix, and in a scope below that of the sessions', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(sessions, { keys: [KEY], sessions: { prefs: { schema } } })
  app.after(() => {
    app.register(async (child) => child.register(sessionsInspector, { prefix: '/dev' } as never), { prefix: '/tools' })
  })
  app.register(async (child) => {
    ;(child.sessions as unknown as { define(name: string, definition: object): void }).define('later', { schema })
  })
  const { body } = await app.inject('/tools/dev/_sessions')
  has(t, body, ['prefs in the cookie not begun', 'later in the cookie not begun'])
  t.ok(body.includes('href="_sessions/requests"'))
  await t.rejects(
    (async () => {
      const other = Fastify()
      await other.register(sessionsInspector)
    })(),
    { code: 'FST_SESSIONS_CONFIG' },
    'but not where there are no sessions'
  )
})

t.test("the app's own guard of all routes is asked before the inspector's", async (t) => {
  const lab = await Lab.open(t, { authorize: () => true }, {}, {}, (app) =>
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers['x-pass'] !== 'yes') await reply.code(401).send('who are you?')
    })
  )
  for (const path of ['', '/feed', '/sessions', '/inspector.js']) {
    const { statusCode, body } = await lab.client.get(`/_sessions${path}`)
    t.equal(statusCode, 401, path)
    t.equal(body, 'who are you?')
  }
  t.equal((await lab.client.get('/_sessions', { headers: { 'x-pass': 'yes' } })).statusCode, 200)
})

t.test('a hook that wants a token of each form has its way with those of the inspector too', async (t) => {
  const lab = await Lab.open(t, {}, {}, {}, async (app) => {
    await app.register(cookie)
    await app.register(csrf, { sessionPlugin: '@fastify/cookie' })
    app.addHook('onRequest', async (request, reply) => {
      if (request.method === 'GET' || request.url === '/fill') return
      await new Promise<void>((resolve, reject) => {
        ;(app as never as Guarded).csrfProtection(request, reply, (error) => (error ? reject(error) : resolve()))
      })
    })
  })
  await lab.client.get('/fill', { method: 'POST' })
  t.equal((await lab.send('/set', { session: 'cart', key: 'note', value: '"x"' })).statusCode, 403)
})

interface Guarded {
  csrfProtection(request: unknown, reply: unknown, done: (error?: Error) => void): void
}
