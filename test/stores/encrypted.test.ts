import { randomBytes } from 'node:crypto'
import { test } from 'tap'
import { z } from 'zod'
import { conformanceCases, type StoreHarness } from '../../lib/conformance/index.js'
import { cached } from '../../lib/stores/cached.js'
import { encrypted } from '../../lib/stores/encrypted.js'
import { memoryStore } from '../../lib/stores/memory.js'
import type { RecordStore, StoredRecord } from '../../types/store.js'
import { buildApp, Client } from '../client.js'

const keys = [randomBytes(32)]
const tomorrow = Date.now() + 86_400_000
const shared = {
  memory: encrypted(memoryStore(), { keys }),
  over: encrypted(cached(memoryStore()), { keys }),
  under: cached(encrypted(memoryStore(), { keys })),
  bare: encrypted(bare(memoryStore()), { keys })
}
const harnesses: Readonly<Record<string, StoreHarness>> = {
  'over a store in memory': { open: () => shared.memory, neighbour: () => encrypted(memoryStore(), { keys }) },
  'over a cache': { open: () => shared.over },
  'under a cache': { open: () => shared.under },
  'over a store with nothing but the necessary': {
    open: () => shared.bare,
    lacks: ['readMany', 'saveMany', 'list', 'clear', 'sweep']
  }
}

for (const [name, harness] of Object.entries(harnesses)) {
  test(`the contract, through encryption ${name}`, async (t) => {
    for (const { name, skipped, run } of conformanceCases(harness)) await t.test(name, { skip: skipped ?? false }, run)
  })
}

test('no readable text reaches the store, by whatever method it is written', async (t) => {
  const engine = memoryStore()
  const store = encrypted(engine, { keys })
  const secret = 'a secret that must not be seen'
  const version = (await store.create('a', secret, tomorrow)) as number
  await store.update('a', `${secret}!`, tomorrow, version)
  await store.saveMany?.([{ kind: 'create', id: 'b', text: secret, expires: tomorrow }])
  const { version: latest = '' } = (await store.read('b')) ?? {}
  await store.saveMany?.([{ kind: 'update', id: 'b', text: secret, expires: tomorrow, version: latest }])
  for (const id of ['a', 'b']) {
    const kept = (await engine.read(id))?.text ?? ''
    t.match(kept, /^[\w-]{60,}$/)
    for (const encoding of ['utf8', 'base64url'] as const) {
      t.notMatch(Buffer.from(kept, encoding).toString('latin1'), /secret/)
    }
    t.match((await store.read(id))?.text, secret)
  }
})

test('the same text twice looks different each time', async (t) => {
  const engine = memoryStore()
  const store = encrypted(engine, { keys })
  for (const id of ['a', 'b']) await store.create(id, 'text', tomorrow)
  t.not((await engine.read('a'))?.text, (await engine.read('b'))?.text)
})

test('a text that is moved to another record, or changed, does not open', async (t) => {
  const engine = memoryStore()
  const store = encrypted(engine, { keys })
  await store.create('victim', '{"admin":true}', tomorrow)
  const stolen = (await engine.read('victim'))?.text ?? ''
  await engine.create('thief', stolen, tomorrow)
  const refused = { message: /does not open: its text was changed, or belongs to another record/ }
  await t.rejects(store.read('thief'), refused)
  await t.rejects(async () => void (await store.readMany?.(['victim', 'thief'])), refused)
  const at = 40
  const changed = stolen.slice(0, at) + (stolen[at] === 'A' ? 'B' : 'A') + stolen.slice(at + 1)
  await engine.create('changed', changed, tomorrow)
  await t.rejects(store.read('changed'), refused)
  t.equal((await store.read('victim'))?.text, '{"admin":true}')
})

test('a record that was written before encryption is an error, not a session', async (t) => {
  const engine = memoryStore()
  await engine.create('a', '{"c":1}', tomorrow)
  await t.rejects(encrypted(engine, { keys }).read('a'), /a record was not sealed/)
})

test('older keys open, the first one seals', async (t) => {
  const [older, newer] = [randomBytes(32), randomBytes(32)]
  const engine = memoryStore()
  const version = (await encrypted(engine, { keys: [older] }).create('a', 'first', tomorrow)) as number
  const rotated = encrypted(engine, { keys: [newer, older] })
  t.equal((await rotated.read('a'))?.text, 'first')
  await rotated.update('a', 'second', tomorrow, version)
  t.equal((await encrypted(engine, { keys: [newer] }).read('a'))?.text, 'second')
  await t.rejects(encrypted(engine, { keys: [older] }).read('a'), /sealed with a key that is not among keys/)
})

test('with a key that was forgotten, users are told of an outage and are not signed out', async (t) => {
  const engine = memoryStore()
  const log: { readonly session?: string; readonly err?: { readonly message: string } }[] = []
  const app = async (key: Uint8Array) => {
    const stores = { store: encrypted(engine, { keys: [key] }) }
    const sessions = { visitor: { store: 'store', schema: z.object({ name: z.string().optional() }) } } as const
    const built = await buildApp(t, { stores, sessions }, log)
    built.get('/set', async (request) => void request.session('visitor').set('name', 'Ada'))
    built.get('/get', async (request) => request.session('visitor').get('name'))
    return built
  }
  const [right, wrong] = [randomBytes(32), randomBytes(32)]
  const client = new Client(await app(right))
  await client.get('/set')
  const response = await client.copy(await app(wrong)).get('/get')
  t.equal(response.statusCode, 503)
  t.equal(response.json().code, 'FST_SESSIONS_STORE')
  t.match(
    log.find(({ session, err }) => session === 'visitor' && err !== undefined)?.err?.message,
    /a key that is not among keys/
  )
  t.equal((await client.get('/get')).body, 'Ada')
})

test('a record whose key is lost can be removed and renewed', async (t) => {
  const engine = memoryStore()
  await encrypted(engine, { keys }).create('a', 'text', tomorrow)
  const other = encrypted(engine, { keys: [randomBytes(32)] })
  t.equal(await other.touch('a', tomorrow), true)
  t.equal(await other.remove('a'), true)
})

test('when a record ends, its version and the capabilities are those of the store beneath', async (t) => {
  const engine = memoryStore()
  const store = encrypted(engine, { keys })
  const version = await store.create('a', 'text', tomorrow)
  t.hasStrict(await engine.read('a'), { version, expires: tomorrow })
  t.strictSame(store.capabilities, engine.capabilities)
})

test('what is no store, and keys that are none, are refused', (t) => {
  const refused = { code: 'FST_SESSIONS_STORE_CONFIG' }
  for (const other of [undefined, null, {}, { kind: 'cookie' }])
    t.throws(() => encrypted(other as never, { keys }), refused)
  for (const bad of [undefined, [], ['short'], [undefined]]) {
    t.throws(() => encrypted(memoryStore(), { keys: bad as never }), { code: 'FST_SESSIONS_CONFIG', message: /keys/ })
  }
  t.end()
})

function bare(store: RecordStore): RecordStore {
  return {
    kind: 'record',
    read: (id) => store.read(id),
    create: (id, text, expires) => store.create(id, text, expires),
    update: (id, text, expires, version) => store.update(id, text, expires, version),
    touch: (id, expires) => store.touch(id, expires),
    remove: (id) => store.remove(id)
  }
}

test('a text of which one character was replaced does not open, whatever stands there now', async (t) => {
  const engine = memoryStore()
  const store = encrypted(engine, { keys })
  await store.create('a', 'é', tomorrow)
  const { text, version: first } = (await engine.read('a')) as StoredRecord
  let version = first
  const others = ['A', 'b', '7', '-', '_', '+', '/', '=', '.', 'é', '\u0141', '\u0161', '\u0237', '\u4e41', '\ufffd']
  const opened: string[] = []
  for (let at = 0; at < text.length; at++) {
    // Also the letter whose low byte is that of the one which stood there.
    for (const other of [...others, String.fromCharCode(text.charCodeAt(at) + 0x100)]) {
      if (other === text[at]) continue
      const altered = text.slice(0, at) + other + text.slice(at + 1)
      version = (await engine.update('a', altered, tomorrow, version)) as number
      await store.read('a').then(
        () => opened.push(altered),
        () => undefined
      )
    }
  }
  t.same(opened, [])
})
