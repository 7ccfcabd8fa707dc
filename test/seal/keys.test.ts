import { randomBytes } from 'node:crypto'
import t from 'tap'
import { memoryStore } from '../../lib/index.js'
import * as aead from '../../lib/seal/aead.js'
import { keepSealing, sealingOf } from '../../lib/seal/at-rest.js'
import { KeyRing } from '../../lib/seal/keys.js'
import { keyIdIn, Sealer, type SealMode } from '../../lib/seal/sealer.js'

t.before(() => aead.ready())

const MODES: readonly SealMode[] = ['encrypt', 'sign']

t.test('a ring that is closed has wiped its secrets, and not those that it was given', async (t) => {
  const given = randomBytes(32)
  const before = given.toString('hex')
  const ring = new KeyRing([given])
  const [key] = ring.keys
  t.ok(key?.secret.some((byte) => byte !== 0))
  ring.close()
  t.notOk(key?.secret.some((byte) => byte !== 0))
  t.equal(given.toString('hex'), before)
  t.same(ring.keys, [])
})

t.test('whoever keeps subkeys learns by the generation that they are old', async (t) => {
  const ring = new KeyRing([randomBytes(32)])
  const generations = [ring.generation]
  ring.replace([randomBytes(32)])
  generations.push(ring.generation)
  ring.close()
  generations.push(ring.generation)
  t.same(generations, [0, 1, 2])
})

for (const mode of MODES) {
  t.test(`a sealer that comes to a ring after its keys were replaced goes by the new ones: ${mode}`, async (t) => {
    const ring = new KeyRing([randomBytes(32)])
    const early = new Sealer(ring, 'record', mode)
    const old = early.seal('old')
    ring.replace([randomBytes(32)])
    for (const sealer of [early, new Sealer(ring, 'record', mode)]) {
      t.same(sealer.open(sealer.seal('text')), { text: 'text', stale: false })
      t.same(sealer.open(old), { problem: 'unknown-key' })
    }
  })

  t.test(`a sealer that was closed derives its keys anew: ${mode}`, async (t) => {
    const ring = new KeyRing([randomBytes(32)])
    for (let generation = 0; generation < 3; generation++) {
      const sealer = new Sealer(ring, 'record', mode)
      const sealed = sealer.seal('text')
      sealer.close()
      t.same(sealer.open(sealed), { text: 'text', stale: false })
      sealer.close()
      sealer.close()
      t.same(sealer.open(sealer.seal('again')), { text: 'again', stale: false })
      ring.replace(ring.keys.map(({ secret }) => secret))
    }
    ring.close()
    const late = new Sealer(ring, 'record', mode)
    t.throws(() => late.seal('text'), new Error('nothing can be sealed any more: the app is closed'))
  })
}

t.test('what is no sealed value is malformed, and names no key', async (t) => {
  const [ring, other] = [new KeyRing([randomBytes(32)]), new KeyRing([randomBytes(32)])]
  const sealer = new Sealer(ring, 'record', 'encrypt')
  const [encrypted, signed] = MODES.map((mode) => new Sealer(other, 'record', mode).seal('text')) as [string, string]
  const [body, tag] = signed.split('.') as [string, string]
  for (const value of [
    '',
    '.',
    'text',
    'a.b',
    '.text',
    `${encrypted}.`,
    `.${encrypted}`,
    `${body}.${encrypted}`,
    tag
  ]) {
    t.same(sealer.open(value), { problem: 'malformed' }, value)
  }
  for (const value of [encrypted, signed, `.${tag}`, `${body}.${tag.slice(0, 16)}`]) {
    t.same(sealer.open(value), { problem: 'unknown-key' }, value)
    t.equal(keyIdIn(value), Buffer.from(other.keys[0]?.id ?? []).toString('hex'), value)
  }
  for (const value of ['', '.', 'text', tag, `.${encrypted}`, encrypted.slice(0, 4), `${body}.${tag.slice(0, 4)}`]) {
    t.equal(keyIdIn(value), undefined, value)
  }
})

t.test('what has lost its form is malformed, what has kept it and does not open has a bad seal', async (t) => {
  const ring = new KeyRing([randomBytes(32)])
  const [sealer, signer] = MODES.map((mode) => new Sealer(ring, 'record', mode)) as [Sealer, Sealer]
  const encrypted = sealer.seal('text')
  const [, tag] = signer.seal('text').split('.') as [string, string]
  for (const value of [tag, `${encrypted}.`, `.${encrypted}`])
    t.same(sealer.open(value), { problem: 'malformed' }, value)
  for (const value of [`a.${tag}`, `.${tag}`, encrypted.slice(0, -4), encrypted.slice(0, 16)]) {
    t.same(sealer.open(value), { problem: 'bad-seal' }, value)
  }
})

t.test('in an app with a name, too, each purpose has keys of its own', async (t) => {
  const key = randomBytes(32)
  const ring = new KeyRing([key], 'shop')
  for (const mode of MODES) {
    const sealed = new Sealer(ring, 'record a', mode).seal('text')
    t.same(new Sealer(ring, 'record b', mode).open(sealed), { problem: 'bad-seal' })
    t.same(new Sealer(new KeyRing([key]), 'record a', mode).open(sealed), { problem: 'unknown-key' })
    t.same(new Sealer(new KeyRing([key], 'shop'), 'record a', mode).open(sealed), { text: 'text', stale: false })
  }
})

t.test('what a store knows of its seals is found again by the store', async (t) => {
  const store = memoryStore()
  t.equal(keepSealing(store, undefined), store)
  t.equal(sealingOf(store), undefined)
  const sealing = { keyIds: () => [], list: undefined, open: () => undefined }
  t.equal(keepSealing(store, sealing), store)
  t.equal(sealingOf(store), sealing)
})

t.test('each key of a ring is named by where it stands, with what is wrong', async (t) => {
  const good = randomBytes(32)
  const few =
    'bytes are too few, 32 are needed; make one with: node -p "crypto.randomBytes(32).toString(\'base64url\')"'
  const what = 'expected text or bytes, got'
  const cases: readonly (readonly [readonly unknown[], string])[] = [
    [[], 'keys: expected an array of at least one key, for example [process.env.SESSION_KEY]'],
    [[good, 'x'.repeat(31)], `keys[1]: 31 ${few}`],
    [[Buffer.alloc(0)], `keys[0]: 0 ${few}`],
    [[good, undefined], `keys[1]: ${what} undefined; is the environment variable set?`],
    [[null], `keys[0]: ${what} null; is the environment variable set?`],
    [[7], `keys[0]: ${what} number; is the environment variable set?`],
    [[good, randomBytes(32), good], 'keys: the same key stands there twice']
  ]
  for (const [keys, message] of cases) {
    t.throws(() => new KeyRing(keys as never), { code: 'FST_SESSIONS_CONFIG', message }, message)
    const ring = new KeyRing([good])
    t.throws(() => ring.replace(keys as never), { code: 'FST_SESSIONS_CONFIG', message })
    t.same([ring.generation, ring.keys.length], [0, 1], 'and the former keys stay')
  }
  t.equal(new KeyRing(['ä'.repeat(16)]).keys.length, 1, 'text counts by its bytes')
})
