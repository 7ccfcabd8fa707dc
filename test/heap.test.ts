import { randomBytes } from 'node:crypto'
import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import * as aead from '../lib/seal/aead.js'
import { KeyRing, type RingKey } from '../lib/seal/keys.js'
import { Sealer } from '../lib/seal/sealer.js'
import { encrypted } from '../lib/stores/encrypted.js'
import { buildApp, Client, KEY } from './client.js'

interface Memory {
  readonly buffer: ArrayBuffer
}

/** The types of the global are those of the browser. */
interface Assembly {
  instantiate: (...given: readonly unknown[]) => Promise<{ readonly instance: { readonly exports: object } }>
  readonly Memory: new () => Memory
}

/** The memories of all WebAssembly in this process: of what seals, and of Node's HTTP parser, if that is loaded. */
const memories: Memory[] = []

// At import: where all tests run in one process, another one may seal before this one begins.
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Assembly }
const { instantiate } = WebAssembly
WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given)
  memories.push(...Object.values(made.instance.exports).filter((each) => each instanceof WebAssembly.Memory))
  return made
}

t.before(async () => {
  await aead.ready()
  WebAssembly.instantiate = instantiate
})

const isThere = (bytes: Buffer) => memories.some(({ buffer }) => Buffer.from(buffer).includes(bytes))
const sizes = () => memories.map(({ buffer }) => buffer.byteLength)

/** The key that encrypts the records of a session whose app has the key of all tests. */
function keyOf(session: string): Buffer {
  const ring = new KeyRing([KEY])
  return ring.subkey(ring.keys[0] as RingKey, `encrypt record ${session}`)
}

async function appWith(t: Parameters<typeof buildApp>[0], name: string) {
  const app = await buildApp(t, { sessions: { [name]: { schema: z.object({ n: z.number().default(0) }) } } })
  app.get('/count', async (request) => request.session(name).update('n', (n) => Number(n) + 1))
  const client = new Client(app)
  await client.get('/count')
  return { app, client }
}

t.test('an app that closes takes its keys out of memory, and leaves those of others', async (t) => {
  const one = await appWith(t, 'one')
  const two = await appWith(t, 'two')
  t.same([isThere(keyOf('one')), isThere(keyOf('two'))], [true, true])
  await one.app.close()
  t.same([isThere(keyOf('one')), isThere(keyOf('two'))], [false, true])
  t.equal(await two.client.json('/count'), 2)
  await two.app.close()
  t.same([isThere(keyOf('one')), isThere(keyOf('two'))], [false, false])
  const again = await appWith(t, 'one')
  t.equal(await again.client.json('/count'), 2)
})

t.test('a key that was taken out of the ring is not kept', async (t) => {
  const { app, client } = await appWith(t, 'one')
  app.sessions.rotate([randomBytes(32)])
  await client.get('/count')
  t.notOk(isThere(keyOf('one')))
})

t.test('a store that encrypts and is shared by two apps goes on when one of them closes', async (t) => {
  const keys = [randomBytes(32)]
  const store = encrypted(memoryStore(), { keys })
  await store.create('a', 'text', Date.now() + 60_000)
  const ring = new KeyRing(keys)
  const key = ring.subkey(ring.keys[0] as RingKey, 'encrypt record at rest')
  t.ok(isThere(key))
  await store.close?.()
  t.notOk(isThere(key))
  t.hasStrict(await store.read('a'), { text: 'text' })
})

t.test('a long text takes no memory that is never given back, and none stays there readable', async (t) => {
  const sealer = new Sealer(new KeyRing([randomBytes(32)]), 'record', 'encrypt')
  const before = sizes()
  const long = 'long text '.repeat(2_000_000)
  t.ok(sealer.open(sealer.seal(long)).text === long)
  t.same(sizes(), before)
  // Of the last block, one of less than 64 bytes, libsodium itself keeps a copy until the next call.
  const secret = randomBytes(20).toString('hex')
  t.equal(sealer.open(sealer.seal(secret.padEnd(256))).text, secret.padEnd(256))
  t.notOk(isThere(Buffer.from(secret)))
  t.notOk(isThere(Buffer.from('long text ')))
})

t.test('after it was closed an app seals nothing any more', async (t) => {
  const ring = new KeyRing([randomBytes(32)])
  const sealer = new Sealer(ring, 'record', 'encrypt')
  const value = sealer.seal('text')
  ring.close()
  t.same(sealer.open(value), { problem: 'unknown-key' })
  t.throws(() => sealer.seal('text'), /the app is closed/)
})
