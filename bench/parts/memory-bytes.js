/**
 * `node --expose-gc memory-bytes.js own|peer 100000,1000000`: bytes a session takes in the memory store, through the
 * whole plugin: each session is made by a request of its own, with texts of its own as a parsed body would have.
 */
import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import { cartOf } from '../cart.js'
import { schema } from '../contestants/fastify.js'

const [who, list] = process.argv.slice(2)
const app = Fastify()
if (who === 'own') {
  const { default: plugin, memoryStore } = await import('../../dist/bundle/index.js')
  const memory = memoryStore({ maxRecords: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY })
  await app.register(plugin, {
    keys: [randomBytes(32)],
    stores: { memory },
    sessions: { session: { schema, store: 'memory' } }
  })
} else {
  await app.register((await import('@fastify/cookie')).default)
  const { default: plugin } = await import('@fastify/session')
  await app.register(plugin, { secret: 'a secret of at least thirty-two characters', cookie: { secure: false } })
}
app.post('/', async (request) => {
  const session = who === 'own' ? request.session('session') : request.session
  for (const [key, value] of Object.entries(request.body)) session.set(key, value)
  return 'ok'
})

let made = 0
await makeUpTo(1000)
const before = await used()
const results = {}
for (const count of list.split(',').map(Number)) {
  await makeUpTo(1000 + count)
  results[count] = Math.round(((await used()) - before) / count)
}
process.stdout.write(JSON.stringify(results))

async function makeUpTo(count) {
  while (made < count) {
    const payload = JSON.stringify(cartOf(made++))
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/',
      payload,
      headers: { 'content-type': 'application/json' }
    })
    if (statusCode !== 200) throw new Error(`${statusCode}`)
  }
}

async function used() {
  await new Promise((resolve) => setTimeout(resolve, 100))
  global.gc()
  global.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
