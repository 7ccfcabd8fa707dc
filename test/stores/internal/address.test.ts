import { Pool as NeonPool, neon } from '@neondatabase/serverless'
import { Redis as UpstashRedis } from '@upstash/redis'
import { Database } from 'arangojs'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Cluster, Redis } from 'ioredis'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import { MongoClient } from 'mongodb'
import mysqlWithCallbacks from 'mysql2'
import mysql from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { createClient, createClientPool, createCluster } from 'redis'
import { test } from 'tap'
import { DataSource } from 'typeorm'
import { arangodbStore } from '../../../lib/stores/arangodb.js'
import { addressOf } from '../../../lib/stores/internal/address.js'

const password = 'p%40ss'
const login = { username: 'user', password }
const own = { host: 'db.example', user: 'user', password }
const url = (scheme: string, port: number) => `${scheme}://user:${password}@db.example:${port}/0`
const pgUrl = url('postgres', 5433)
const lazy = { lazyConnect: true } as const

const clients: readonly (readonly [name: string, client: unknown, address: string | undefined])[] = [
  ['ioredis, by a URL', new Redis(url('redis', 6380), lazy), 'db.example:6380'],
  ['ioredis', new Redis({ ...own, port: 6380, ...lazy }), 'db.example:6380'],
  ['ioredis, at a socket', new Redis({ path: '/run/redis.sock', password, ...lazy }), '/run/redis.sock'],
  [
    'ioredis, with sentinels',
    new Redis({
      sentinels: [{ host: 's1' }, { host: 's2', port: 26380 }],
      name: 'main',
      sentinelPassword: password,
      ...lazy
    }),
    's1, s2:26380'
  ],
  [
    'ioredis, a cluster',
    new Cluster([{ host: 'db.example', port: 7000 }, url('redis', 7001)], { ...lazy, redisOptions: { password } }),
    'db.example:7000, db.example:7001'
  ],
  ['node-redis, by a URL', createClient({ url: url('redis', 6380) }), 'db.example:6380'],
  ['node-redis', createClient({ socket: { host: 'db.example', port: 6380 }, ...login }), 'db.example:6380'],
  [
    'node-redis, at a socket',
    createClient({ socket: { path: '/run/redis.sock', tls: false }, ...login }),
    '/run/redis.sock'
  ],
  ['node-redis, a pool, which does not tell', createClientPool({ url: url('redis', 6380) }), undefined],
  ['node-redis, a cluster, which does not tell', createCluster({ rootNodes: [{ url: url('redis', 1) }] }), undefined],
  ['Upstash', new UpstashRedis({ url: 'https://db.example', token: password }), 'db.example'],
  ['pg, by a URL', new pg.Pool({ connectionString: pgUrl }), 'db.example:5433'],
  ['pg', new pg.Pool({ ...own, port: 5433 }), 'db.example:5433'],
  ['pg, by IPv6', new pg.Pool({ ...own, host: '::1', port: 5433 }), '[::1]:5433'],
  ['postgres', postgres(pgUrl), 'db.example:5433'],
  ['mysql2/promise, by a URL', mysql.createPool(url('mysql', 3307)), 'db.example:3307'],
  ['mysql2', mysqlWithCallbacks.createPool({ ...own, port: 3307 }), 'db.example:3307'],
  [
    'mysql2, at a socket',
    mysql.createPool({ user: 'user', password, socketPath: '/run/mysqld.sock' }),
    '/run/mysqld.sock'
  ],
  ['Knex, by a URL', knex({ client: 'pg', connection: pgUrl }), 'db.example:5433'],
  ['Knex', knex({ client: 'mysql2', connection: { ...own, port: 3307 } }), 'db.example:3307'],
  ['Drizzle', drizzle(new pg.Pool({ connectionString: pgUrl })), 'db.example:5433'],
  ['TypeORM, by a URL', new DataSource({ type: 'postgres', url: pgUrl }), 'db.example:5433'],
  ['TypeORM', new DataSource({ type: 'mysql', ...login, host: 'db.example', port: 3307 }), 'db.example:3307'],
  [
    'Kysely, which does not tell',
    new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: pgUrl }) }) }),
    undefined
  ],
  [
    'mongodb',
    new MongoClient(`mongodb://user:${password}@a.example:27018,b.example/x`),
    'a.example:27018, b.example:27017'
  ],
  ['neon(), which does not tell', neon(pgUrl), undefined],
  ["Neon's Pool", new NeonPool({ connectionString: pgUrl }), 'db.example:5433'],
  ['an endpoint of AWS', { protocol: 'https:', hostname: 'db.example', port: 8000, path: '/' }, 'db.example:8000']
]

for (const [name, client, address] of clients) {
  test(`where a client connects to is told, and no more: ${name}`, async (t) => {
    t.equal(addressOf(client), address)
  })
}

test('where a collection of arangojs lives is told by its URL', async (t) => {
  const database = new Database({ url: 'https://db.example:8529', auth: { username: 'user', password } })
  t.equal(await arangodbStore({ collection: database.collection('sessions') }).address?.(), 'db.example:8529')
})

test('no part of a password is told, also of one that breaks the URL which it stands in', async (t) => {
  const passwords = [
    'p@ss',
    'p/ss',
    'p?ss',
    'p#ss',
    'p:ss',
    '1234/5',
    '12/3@4',
    'a@b/c',
    '/',
    '?@',
    '',
    ' ',
    'p\\ss',
    'p[s]s'
  ]
  for (const password of passwords) {
    for (const user of ['', 'user', 'user@corp']) {
      const text = `redis://${user}:${password}@db.example:6379/0`
      const told = addressOf({ url: text })
      t.ok(told === undefined || told === 'db.example:6379', `${text}: ${told}`)
    }
  }
  t.equal(addressOf('redis://user:p@ss@db.example:6379/0'), 'db.example:6379')
})

test('a text is told only where it can be nothing but hosts', async (t) => {
  const told: readonly (readonly [string, string | undefined])[] = [
    ['mongodb://user:secret@a.example:27017,b.example:27018/x', 'a.example:27017,b.example:27018'],
    ['http://[::1]:8529', '[::1]:8529'],
    ['postgres://db.example/x?password=secret', 'db.example'],
    ['postgres://db.example/x?password=s@cret', undefined],
    ['redis://:secret', undefined],
    ['redis://user:secret', undefined],
    ['user:secret@db.example:6379', undefined],
    ['secret', undefined],
    ['', undefined]
  ]
  for (const [text, address] of told) t.equal(addressOf(text), address, text)
})

test('what is no client, or one that holds itself, is told nothing of', async (t) => {
  const circle: { client?: unknown } = {}
  circle.client = circle
  for (const nothing of [undefined, null, 5, {}, circle, () => {}]) t.equal(addressOf(nothing), undefined)
})
