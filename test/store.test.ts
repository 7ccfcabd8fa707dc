import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ArangoStandIn } from './stand-ins/arangodb.js'
import { engines } from './store.js'

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

t.test('whoever names no engine, or one that is not known, is told which there are', async (t) => {
  for (const args of [[], ['mongodb'], ['oracle', '--url', 'oracle://localhost'], ['constructor', '--url', 'x']]) {
    await t.rejects(run(...args), { code: 2, stderr: /memcached, mongodb.*, mysql/ })
  }
})
