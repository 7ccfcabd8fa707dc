/**
 * `node start.js bare|zod|own`: one start of an app. Tells ms from the process's beginning until the app is ready, and
 * its resident memory in MB.
 */
import Fastify from 'fastify'

const who = process.argv[2]
const app = Fastify()
if (who !== 'bare') {
  const { z } = await import('zod')
  const schema = z.object({ user: z.string().optional(), count: z.number().default(0) })
  if (who === 'own') {
    const { default: plugin } = await import('../../dist/bundle/index.js')
    await app.register(plugin, { keys: ['k'.repeat(43)], sessions: { session: { schema } } })
  }
}
app.get('/', async () => 'ok')
await app.ready()
const ms = performance.now()
process.stdout.write(JSON.stringify({ ms, mb: process.memoryUsage().rss / 2 ** 20 }))
