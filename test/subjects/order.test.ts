import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../../lib/index.js'
import { formatIndex, type Listing, placesOf } from '../../lib/records/subject-index.js'
import { storeId } from '../../lib/records/ticket.js'
import { buildApp, Client } from '../client.js'

const schema = z.object({ user: z.string().optional() })

/** Stops the clock until the test ends. */
function stopClock(t: Parameters<typeof buildApp>[0]): number {
  const real = Date.now
  const now = real()
  Date.now = () => now
  t.teardown(() => {
    Date.now = real
  })
  return now
}

t.test('sessions that were entered at one moment are listed in the order of their ids, in parts too', async (t) => {
  const now = stopClock(t)
  const store = memoryStore()
  const app = await buildApp(t, { stores: { memory: store }, sessions: { it: { store: 'memory', schema } } })
  await app.ready()
  const ids = ['a', 'b', 'c', 'd', 'e'].map(storeId)
  const end = now + 3_600_000
  const listing: Listing = { name: 'it', ends: end, entered: now, isLeaving: false, waitsUntil: 0, replaces: undefined }
  for (const id of ids) await store.create(id, `{"c":${now},"s":"ann"}`, end)
  await store.create(placesOf('ann', undefined).recent, formatIndex(new Map(ids.map((id) => [id, listing]))), end)
  const expected = [...ids].sort().reverse()
  t.same(
    (await app.sessions.of('ann')).map(({ id }) => id),
    expected
  )
  const found: string[] = []
  for (let after: string | undefined; found.length < 5; ) {
    const [next] = await app.sessions.of('ann', { limit: 1, ...(after !== undefined && { after }) })
    if (next === undefined) break
    found.push(next.id)
    after = next.cursor
  }
  t.same(found, expected)
})

t.test('so are those of several stores', async (t) => {
  stopClock(t)
  const names = ['one', 'two', 'three']
  const app = await buildApp(t, {
    stores: Object.fromEntries(names.map((name) => [name, memoryStore()])),
    sessions: Object.fromEntries(names.map((name) => [name, { store: name, schema }]))
  })
  app.get('/in', async (request) => names.map((name) => request.session(name).identify('ann').id))
  for (let visit = 0; visit < 4; visit++) {
    const ids = (await new Client(app).json('/in')) as string[]
    const listed = (await app.sessions.of('ann')).map(({ id }) => id)
    t.same(listed.slice(0, 3), [...ids].sort().reverse())
    await app.sessions.revoke('ann')
  }
})
