/**
 * Tests a store against your own server. The test uses places of its own there, and clears them.
 *
 *     npm run test:store -- mongodb --url mongodb://localhost:27017
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** By engine: the test, and the environment variable from which it takes the server's address. */
export const engines: Readonly<Record<string, readonly [test: string, variable: string]>> = {
  memcached: ['memcached', 'TEST_MEMCACHED_SERVERS'],
  redis: ['redis', 'TEST_REDIS_URL'],
  mongodb: ['mongodb', 'TEST_MONGODB_URL'],
  dynamodb: ['dynamodb', 'TEST_DYNAMODB_URL'],
  riak: ['riak', 'TEST_RIAK_URL'],
  arangodb: ['arangodb', 'TEST_ARANGODB_URL'],
  couchbase: ['couchbase', 'TEST_COUCHBASE_URL'],
  rethinkdb: ['rethinkdb', 'TEST_RETHINKDB_URL'],
  postgres: ['sql/postgres', 'TEST_POSTGRES_URL'],
  mysql: ['sql/mysql', 'TEST_MYSQL_URL']
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { url: { type: 'string' } } })
  const [engine = ''] = positionals
  const found = Object.hasOwn(engines, engine) ? engines[engine] : undefined
  if (found === undefined || values.url === undefined) {
    console.error(`npm run test:store -- <engine> --url <url>, where engine is ${Object.keys(engines).join(', ')}`)
    process.exitCode = 2
  } else {
    const [test, variable] = found
    const file = join(import.meta.dirname, 'stores', `${test}.test.js`)
    const env = { ...process.env, [variable]: values.url, TAP_TIMEOUT: '600' }
    spawn(process.execPath, [file], { stdio: 'inherit', env }).on('exit', (code) => {
      process.exitCode = code ?? 1
    })
  }
}
