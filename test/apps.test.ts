import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import * as aead from '../lib/seal/aead.js'
import { KeyRing } from '../lib/seal/keys.js'
import { Sealer } from '../lib/seal/sealer.js'
import { buildApp, Client, clock, KEY } from './client.js'

const NAMES = ['sealed', 'signed', 'kept']

/** One of several apps that have a key, a store and the names of their sessions in common. */
async function named(t: Parameters<typeof buildApp>[0], store: RecordStore, app?: string, clearMarker = false) {
  const schema = z.object({ user: z.string().optional() })
  const built = await buildApp(t, {
    ...(app !== undefined && { app }),
    stores: { memory: store },
    sessions: { sealed: { schema }, signed: { schema, seal: 'sign' }, kept: { schema, store: 'memory' } },
    ...(clearMarker && { clearMarker: { store: 'memory', refresh: 0 } })
  })
  built.get('/in', async (request) => {
    for (const name of NAMES) request.session(name).set('user', 'ann')
  })
  built.get('/users', async (request) => NAMES.map((name) => request.session(name).get('user') ?? null))
  built.get('/problems', async (request) => NAMES.map((name) => request.session(name).problem ?? null))
  return built
}

t.test('apps that share a key, a store and names take no session of one another when each is named', async (t) => {
  const store = memoryStore()
  const [shop, desk, unnamed] = [
    await named(t, store, 'shop'),
    await named(t, store, 'desk'),
    await named(t, store)
  ] as const
  for (const app of [shop, desk, unnamed]) {
    const client = new Client(app)
    await client.get('/in')
    for (const other of [shop, desk, unnamed]) {
      const isSame = other === app
      t.same(await client.copy(other).json('/users'), Array(3).fill(isSame ? 'ann' : null))
      t.same(await client.copy(other).json('/problems'), Array(3).fill(isSame ? null : 'unknown-key'))
    }
  }
  const again = new Client(shop)
  await again.get('/in')
  t.same(await again.copy(await named(t, store, 'shop')).json('/users'), Array(3).fill('ann'), 'another process')
})

t.test('clearing the sessions of one app leaves the cookies of another on the same store good', async (t) => {
  const time = clock(t)
  const store = memoryStore()
  const [shop, desk] = [await named(t, store, 'shop', true), await named(t, store, 'desk', true)] as const
  const client = new Client(desk)
  await client.get('/in')
  time.pass(10)
  await shop.ready()
  await shop.sessions.clear()
  t.same(await client.json('/users'), ['ann', 'ann', null], 'what the store kept is gone, the cookies are not')
})

t.test('a name never reads like a purpose, and without one cookies of earlier releases stay good', async (t) => {
  await aead.ready()
  const sealed = 'dGV4dA.AjbU8qAzyhrjLJvY9RgSQSApZkQnele_voeeW88Tx0Ux-JZ-TWk'
  const sealer = new Sealer(new KeyRing([KEY]), 'record cart', 'sign')
  t.equal(sealer.seal('text'), sealed)
  const other = new Sealer(new KeyRing([KEY], 'x" sign'), 'record cart', 'sign')
  t.same(other.open(sealed), { problem: 'unknown-key' })
})
