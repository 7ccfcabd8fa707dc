import { test } from 'tap'
import { z } from 'zod'
import { cached } from '../../lib/stores/cached.js'
import { memoryStore } from '../../lib/stores/memory.js'
import { buildApp, Client } from '../client.js'

test('signing out everywhere finds sessions that began elsewhere, whatever the cache holds', async (t) => {
  const engine = memoryStore()
  const open = async () => {
    const app = await buildApp(t, {
      stores: { store: cached(engine, { ttl: 60_000 }) },
      sessions: { visitor: { store: 'store', schema: z.object({ name: z.string().optional() }) } }
    })
    app.get('/in', async (request) => {
      request.session('visitor').set('name', 'Ada')
      request.session('visitor').identify('ada')
    })
    app.get('/name', async (request) => ({ name: request.session('visitor').get('name') }))
    return app
  }
  const [mine, theirs] = [await open(), await open()]
  await new Client(mine).get('/in')
  t.equal(await mine.sessions.revoke('ada'), 1)
  t.equal((await mine.sessions.of('ada')).length, 0)
  const client = new Client(theirs)
  await client.get('/in')
  t.equal(await mine.sessions.revoke('ada'), 1)
  t.strictSame(await client.copy(await open()).json('/name'), {})
})
