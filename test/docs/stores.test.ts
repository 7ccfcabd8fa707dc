import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { Client } from '../client.js'
import { DynaliteServer } from '../servers/dynalite.js'
import { startMemcached } from '../servers/memcached.js'
import { startMysql } from '../servers/mysql.js'
import { startPostgres } from '../servers/postgres.js'
import { directoryFor } from '../servers/process.js'
import { startRedis } from '../servers/redis.js'
import { ArangoStandIn } from '../stand-ins/arangodb.js'
import { MongoStandIn } from '../stand-ins/mongodb.js'
import { RethinkStandIn } from '../stand-ins/rethinkdb.js'
import { RiakStandIn } from '../stand-ins/riak.js'
import { Examples } from './examples.js'
import { isOfEngine, readPages } from './pages.js'

/** What an example opens, for the test to close: methods of its clients. */
interface Closing {
  readonly client?: { destroy?(): unknown; close?(): unknown }
  readonly pool?: { end(): Promise<void> }
  readonly mysql?: { end(): Promise<void> }
  readonly mongo?: { close(): Promise<void> }
  readonly dynamodb?: { destroy(): void }
  readonly db?: { close(): void }
  readonly builder?: { destroy(): Promise<void> }
  readonly pglite?: { close(): Promise<void> }
}

/** A store by the name that its example gives it, and what closes what the example opened. */
type Shown = readonly [name: string, close: (opened: Closing) => unknown]

const WITHOUT_SERVER: readonly Shown[] = [
  ['lmdb', ({ client }) => client?.close?.()],
  ['sqlite', ({ db }) => db?.close()],
  ['other', ({ pglite }) => pglite?.close()],
  ['quick', () => {}],
  ['sealed', () => {}],
  ['express', () => {}],
  ['keyv', () => {}],
  ['unstorage', () => {}],
  ['couchbase', () => {}]
]

interface Running {
  readonly settings: Readonly<Record<string, string>>
  stop(): unknown
}

const ENGINES: readonly (readonly [start: () => Promise<Running>, ...shown: Shown[]])[] = [
  [redis, ['redis', ({ client }) => client?.destroy?.()]],
  [memcached, ['memcached', () => {}]],
  [postgres, ['postgres', ({ pool }) => pool?.end()], ['knex', ({ builder }) => builder?.destroy()]],
  [mysql, ['mysql', ({ mysql }) => mysql?.end()]],
  [mongodb, ['mongodb', ({ mongo }) => mongo?.close()]],
  [dynamodb, ['dynamodb', ({ dynamodb }) => dynamodb?.destroy()]],
  [arangodb, ['arangodb', () => {}]],
  [rethinkdb, ['rethinkdb', drainRethinkdb]],
  [riak, ['riak', () => {}]]
]

const pages = (await readPages()).filter(({ path }) => isOfEngine(path))
const examples = await Examples.compile(pages, 'stores')
const home = process.cwd()
process.chdir(await directoryFor(t, 'manual'))
t.teardown(() => process.chdir(home))
process.env['SESSION_KEY'] = 'a key of thirty-two bytes or more, for the manual'

for (const [name, close] of WITHOUT_SERVER) {
  t.test(`sessions are kept as shown: ${name}`, (t) => keeps(t, name, close))
}

for (const [start, ...shown] of ENGINES) {
  t.test(`sessions are kept as shown: ${shown.map(([name]) => name)}`, async (t) => {
    const { settings, stop } = await start()
    t.teardown(stop)
    Object.assign(process.env, settings)
    for (const [name, close] of shown) await t.test(name, (t) => keeps(t, name, close))
  })
}

t.test('the SQL for migrations of one’s own is written', async (t) => {
  const options = { env: { ...process.env, NODE_OPTIONS: '' } }
  const { stdout } = await promisify(execFile)(process.execPath, [examples.path('schemaSql(')], options)
  t.match(stdout, /CREATE TABLE .*auth/)
})

t.test('no example of a store goes untried', async (t) => t.same(examples.unused, []))

/** A store that the manual shows keeps a session, on its engine or on what stands in for it. */
async function keeps(t: Test, name: string, close: (opened: Closing) => unknown): Promise<void> {
  const example = await examples.load<Closing>(t, new RegExp(`addStore\\(\\s*'${name}'`))
  t.teardown(async () => {
    await example.app.close()
    await close(example)
  })
  await keepsASession(t, example.app, name)
}

async function keepsASession(t: Test, app: FastifyInstance, store: string): Promise<void> {
  app.sessions.define('kept', { store, schema: z.object({ items: z.array(z.string()).default([]) }) })
  app.get('/kept/add', async (request) => void request.session('kept').set('items', ['tea']))
  app.get('/kept', async (request) => request.session('kept').data)
  const browser = new Client(app)
  await browser.get('/kept/add')
  t.same(await browser.json('/kept'), { items: ['tea'] })
}

async function redis(): Promise<Running> {
  const server = await startRedis()
  return { settings: { REDIS_URL: server.url }, stop: () => server.stop() }
}

async function memcached(): Promise<Running> {
  const server = await startMemcached()
  return { settings: { MEMCACHED_ADDRESS: server.address }, stop: () => server.stop() }
}

async function postgres(): Promise<Running> {
  const server = await startPostgres()
  return { settings: { POSTGRES_URL: server.url }, stop: () => server.stop() }
}

async function mysql(): Promise<Running> {
  const server = await startMysql()
  return { settings: { MYSQL_URL: server.url }, stop: () => server.stop() }
}

async function mongodb(): Promise<Running> {
  const server = await new MongoStandIn().start()
  return { settings: { MONGODB_URL: server.url }, stop: () => server.stop() }
}

async function dynamodb(): Promise<Running> {
  const server = await new DynaliteServer().start()
  const settings = {
    AWS_ENDPOINT_URL_DYNAMODB: String(server.endpoint),
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any'
  }
  return { settings, stop: () => server.stop() }
}

async function arangodb(): Promise<Running> {
  const server = await new ArangoStandIn().start()
  return { settings: { ARANGODB_URL: server.url }, stop: () => server.stop() }
}

async function rethinkdb(): Promise<Running> {
  const server = await new RethinkStandIn().start()
  return { settings: { RETHINKDB_PORT: String(server.port) }, stop: () => server.stop() }
}

async function riak(): Promise<Running> {
  const server = await new RiakStandIn().start()
  return { settings: { RIAK_URL: server.url }, stop: () => server.stop() }
}

async function drainRethinkdb(): Promise<void> {
  const { r } = await import('rethinkdb-ts')
  await r.getPoolMaster()?.drain()
}
