import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startRedis } from './servers/redis.js'
import { ArangoStandIn } from './stand-ins/arangodb.js'
import { engines } from './store.js'
import { bareIoredis } from './stores/redis-clients.js'

const script = join(import.meta.dirname, 'store.js')
const run = (...args: readonly string[]) => promisify(execFile)(process.execPath, [script, ...args], { maxBuffer: 1e8 })

t.test('every engine has a test, which goes by its variable', async (t) => {
  for (const [test, variable] of Object.values(engines)) {
    const files = [`${test}.test.js`, ...(test.startsWith('sql/') ? ['sql/engines.js'] : [])]
    const sources = await Promise.all(files.map((file) => readFile(join(import.meta.dirname, 'stores', file), 'utf8')))
    t.ok(sources.join('').includes(variable), `${test} by ${variable}`)
  }
})

t.test('a store is put to its test against the server that is named', async (t) => {
  const server = await new ArangoStandIn().start()
  t.teardown(() => server.stop())
  const { stdout } = await run('arangodb', '--url', server.url)
  t.ok(stdout.includes(server.url), 'it says so')
  t.ok(server.requests.length > 100, 'there, and not elsewhere')
})

t.test(
  'what else is on a server of Redis is left there, and no more: also behind a password, in a database of its own',
  async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    await server.admin('ACL', 'SETUSER', 'tester', 'on', '>se/cret', '~*', '&*', '+@all')
    const mine = bareIoredis({ host: server.host, port: server.port, db: 3 })
    t.teardown(() => mine.disconnect())
    const keys = ['session:mine', 'session', 'pool:mine', 'b', 'a[b]x?', 'twice:a']
    for (const key of keys) await mine.set(key, 'mine')
    await run('redis', '--url', `redis://tester:se%2Fcret@${server.host}:${server.port}/3`)
    t.strictSame((await mine.keys('*')).sort(), [...keys].sort())
    const spaces = String(await server.admin('INFO', 'keyspace')).match(/^db.*?:/gm)
    t.strictSame(spaces, ['db3:'])
  }
)

t.test('whoever names no engine, or one that is not known, is told which there are', async (t) => {
  for (const args of [[], ['mongodb'], ['oracle', '--url', 'oracle://localhost'], ['constructor', '--url', 'x']]) {
    await t.rejects(run(...args), { code: 2, stderr: /memcached, redis, mongodb.*, mysql/ })
  }
})
