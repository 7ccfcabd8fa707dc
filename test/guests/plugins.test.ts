import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import caching from '@fastify/caching'
import compress from '@fastify/compress'
import cors from '@fastify/cors'
import etag from '@fastify/etag'
import helmet from '@fastify/helmet'
import httpProxy from '@fastify/http-proxy'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { initTRPC } from '@trpc/server'
import { type CreateFastifyContextOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import Fastify, { type FastifyRequest } from 'fastify'
import mercurius from 'mercurius'
import t, { type Test } from 'tap'
import { Client } from '../client.js'
import { add, appWith, type Guest, PLACES, type Place } from './places.js'

const count = (request: FastifyRequest) => request.session('visits').update('n', add) as unknown as number

/** Tries a guest at each place: by a stranger, by whom no session is touched, and by a visitor who has some. */
function beside(
  name: string,
  makeGuest: (t: Test) => Guest | Promise<Guest>,
  tryIt: (t: Test, client: Client, visits: number) => Promise<void>,
  places: readonly Place[] = PLACES
): void {
  for (const place of places) {
    t.test(`routes with and without a session work beside ${name}, registered ${place}`, async (t) => {
      const app = await appWith(t, await makeGuest(t), place)
      await tryIt(t, new Client(app), 0)
      const visitor = new Client(app)
      t.equal((await visitor.get('/own/visits')).body, '1')
      await tryIt(t, visitor, 1)
      t.equal((await visitor.get('/own/visits')).body, '3')
      t.equal((await visitor.get('/own')).body, 'own')
    })
  }
}

beside(
  '@fastify/swagger and @fastify/swagger-ui',
  () => async (scope) => {
    await scope.register(swagger, { openapi: { info: { title: 'shop', version: '1' } } })
    await scope.register(swaggerUi, { routePrefix: '/docs' })
    scope.get('/counted', { schema: { summary: 'counts' } }, async (request) => count(request))
  },
  async (t, client, visits) => {
    t.match((await client.get('/docs')).body, /swagger-ui/)
    t.equal((await client.get('/docs/static/swagger-ui.css')).statusCode, 200)
    t.hasStrict(await client.json('/docs/json'), { paths: { '/counted': { get: { summary: 'counts' } } } })
    t.equal((await client.get('/counted')).body, String(visits + 1))
  }
)

beside(
  'mercurius',
  () => async (scope) => {
    const resolvers = {
      Query: {
        hello: async () => 'world',
        visits: async (_: unknown, __: unknown, { reply }: { reply: { request: FastifyRequest } }) =>
          count(reply.request)
      }
    }
    await scope.register(mercurius, { schema: 'type Query { hello: String, visits: Int }', resolvers })
  },
  async (t, client, visits) => {
    const query = (query: string) => client.get('/graphql', { method: 'POST', payload: { query } })
    t.same((await query('{ hello }')).json(), { data: { hello: 'world' } })
    t.same((await query('{ visits }')).json(), { data: { visits: visits + 1 } })
  }
)

async function startUpstream(t: Test): Promise<string> {
  const upstream = Fastify()
  t.teardown(() => upstream.close())
  upstream.get('/page', async () => 'from upstream')
  upstream.post('/page', async (request) => request.body)
  return upstream.listen({ host: '127.0.0.1', port: 0 })
}

beside(
  '@fastify/http-proxy',
  async (t) => {
    const upstream = await startUpstream(t)
    return async (scope) => {
      await scope.register(httpProxy, { upstream, prefix: '/plain' })
      const preHandler = async (request: FastifyRequest) => void count(request)
      await scope.register(httpProxy, { upstream, prefix: '/counted', preHandler })
    }
  },
  async (t, client) => {
    t.equal((await client.get('/plain/page')).body, 'from upstream')
    t.same((await client.get('/plain/page', { method: 'POST', payload: { a: 1 } })).json(), { a: 1 })
    t.equal((await client.get('/counted/page')).body, 'from upstream')
    t.ok(client.jar.has('__Host-visits'))
  }
)

beside(
  '@fastify/static',
  () => async (scope) => {
    await scope.register(async (files) => {
      await files.register(fastifyStatic, {
        root: join(import.meta.dirname, '../../..'),
        prefix: '/files/',
        index: false
      })
    })
    await scope.register(async (files) => {
      files.addHook('preHandler', async (request) => void count(request))
      await files.register(fastifyStatic, {
        root: join(import.meta.dirname, '../../..'),
        prefix: '/counted/',
        decorateReply: false
      })
    })
  },
  async (t, client) => {
    t.hasStrict((await client.get('/files/package.json')).json(), { name: 'fastify-sessions' })
    t.equal((await client.get('/files/nowhere')).statusCode, 404)
    t.hasStrict((await client.get('/counted/package.json')).json(), { name: 'fastify-sessions' })
    t.ok(client.jar.has('__Host-visits'))
  }
)

beside(
  "tRPC's adapter",
  () => async (scope) => {
    const trpc = initTRPC.context<{ req: FastifyRequest }>().create()
    const router = trpc.router({
      hello: trpc.procedure.query(() => 'world'),
      count: trpc.procedure.mutation(({ ctx }) => count(ctx.req))
    })
    const createContext = ({ req }: CreateFastifyContextOptions) => ({ req })
    await scope.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions: { router, createContext } })
  },
  async (t, client, visits) => {
    t.same(await client.json('/trpc/hello'), { result: { data: 'world' } })
    const counted = await client.get('/trpc/count', { method: 'POST', payload: {} })
    t.same(counted.json(), { result: { data: visits + 1 } })
  }
)

const pages: Guest = (scope) => {
  scope.get('/plain', async (_, reply) => reply.type('text/plain').send('a page '.repeat(500)))
  scope.get('/counted', async (request, reply) => {
    count(request)
    return reply.type('text/plain').send('a page '.repeat(500))
  })
}

beside(
  '@fastify/helmet',
  () => async (scope) => {
    await scope.register(helmet, { enableCSPNonces: true })
    pages(scope)
  },
  async (t, client) => {
    for (const url of ['/plain', '/counted']) {
      t.match((await client.get(url)).headers, { 'content-security-policy': /nonce-/, 'x-frame-options': 'SAMEORIGIN' })
    }
  }
)

beside(
  '@fastify/cors',
  () => async (scope) => {
    await scope.register(cors, { origin: ['https://shop.example'], credentials: true })
    pages(scope)
  },
  async (t, client) => {
    const headers = { origin: 'https://shop.example' }
    const preflight = { method: 'OPTIONS', headers: { ...headers, 'access-control-request-method': 'GET' } } as const
    t.equal((await client.get('/counted', preflight)).statusCode, 204)
    const plain = await client.get('/plain', { headers })
    t.hasStrict(plain.headers, { 'access-control-allow-origin': 'https://shop.example', vary: 'Origin' })
    const counted = await client.get('/counted', { headers })
    t.hasStrict(counted.headers, { 'access-control-allow-origin': 'https://shop.example', vary: 'Origin, Cookie' })
  }
)

beside(
  '@fastify/compress',
  () => async (scope) => {
    await scope.register(compress, { threshold: 0, encodings: ['gzip'] })
    pages(scope)
  },
  async (t, client) => {
    for (const url of ['/plain', '/counted']) {
      const { headers, rawPayload } = await client.get(url, { headers: { 'accept-encoding': 'gzip' } })
      t.equal(headers['content-encoding'], 'gzip')
      t.equal(gunzipSync(rawPayload).toString(), 'a page '.repeat(500))
      t.same(
        String(headers.vary).toLowerCase().split(', ').sort(),
        url === '/plain' ? ['accept-encoding'] : ['accept-encoding', 'cookie']
      )
    }
  }
)

beside(
  '@fastify/etag',
  () => async (scope) => {
    await scope.register(etag)
    pages(scope)
  },
  async (t, client) => {
    const { etag: tag } = (await client.get('/plain')).headers
    t.equal((await client.get('/plain', { headers: { 'if-none-match': String(tag) } })).statusCode, 304)
    const counted = await client.get('/counted', { headers: { 'if-none-match': String(tag) } })
    t.equal(counted.statusCode, 304)
    t.ok(client.jar.has('__Host-visits'))
  }
)

beside(
  '@fastify/caching',
  () => async (scope) => {
    await scope.register(caching, { privacy: caching.privacy.PRIVATE, expiresIn: 60 })
    pages(scope)
  },
  async (t, client) => {
    t.equal((await client.get('/plain')).headers['cache-control'], 'private, max-age=60')
    // Registered later, it leaves the header that a response with a cookie has got.
    t.match((await client.get('/counted')).headers['cache-control'], /^(private, max-age=60|no-store)$/)
  }
)
