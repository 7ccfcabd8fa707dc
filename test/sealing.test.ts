import { randomBytes } from 'node:crypto'
import t from 'tap'
import * as aead from '../lib/aead.js'
import { KeyRing } from '../lib/keys.js'
import { Sealer } from '../lib/seal.js'

const OLD = randomBytes(32)
const NEW = randomBytes(32)
const TEXTS = ['', '{"a":1}', 'é😀\u2028'.repeat(100), 'x'.repeat(600), 'y'.repeat(200_000)]

t.before(() => aead.ready())

t.test('what is sealed opens, whatever it is and in whatever order', async (t) => {
  for (const mode of ['encrypt', 'sign'] as const) {
    const sealer = new Sealer(new KeyRing([OLD]), 'record cart', mode)
    for (const text of [...TEXTS, ...TEXTS]) {
      t.same(sealer.open(sealer.seal(text)), { text, stale: false })
      t.same(sealer.open(sealer.seal(text, 'context'), 'context'), { text, stale: false })
    }
  }
})

t.test('a text that takes more memory than there is yet', async (t) => {
  const sealer = new Sealer(new KeyRing([OLD]), 'record cart', 'encrypt')
  const small = sealer.seal('small')
  const text = 'z'.repeat(10 * 1024 * 1024)
  t.ok(sealer.open(sealer.seal(text)).text === text)
  t.equal(sealer.open(small).text, 'small')
})

t.test('no character of a sealed value can be changed, added or left out', async (t) => {
  for (const mode of ['encrypt', 'sign'] as const) {
    const sealer = new Sealer(new KeyRing([OLD]), 'record cart', mode)
    for (const length of [0, 1, 2, 3]) {
      const value = sealer.seal('x'.repeat(length))
      let opened = 0
      for (let at = 0; at < value.length; at++) {
        for (const other of 'ABCQgwZ09-_+/=. é') {
          if (other === value[at]) continue
          if (sealer.open(value.slice(0, at) + other + value.slice(at + 1)).text !== undefined) opened++
        }
        if (sealer.open(value.slice(0, at) + value.slice(at + 1)).text !== undefined) opened++
      }
      for (const added of ['A', '=', ' ', '.']) if (sealer.open(value + added).text !== undefined) opened++
      t.equal(opened, 0)
    }
  }
})

t.test('a value is good for its purpose and its context only', async (t) => {
  const ring = new KeyRing([OLD])
  for (const mode of ['encrypt', 'sign'] as const) {
    const value = new Sealer(ring, 'record cart', mode).seal('text', 'one')
    t.same(new Sealer(ring, 'record admin', mode).open(value, 'one'), { problem: 'bad-seal' })
    t.same(new Sealer(ring, 'ticket cart', mode).open(value, 'one'), { problem: 'bad-seal' })
    t.same(new Sealer(ring, 'record cart', mode).open(value, 'two'), { problem: 'bad-seal' })
    t.same(new Sealer(ring, 'record cart', mode).open(value), { problem: 'bad-seal' })
  }
})

t.test('keys rotate: older ones open and are stale, unknown ones are told from broken seals', async (t) => {
  const ring = new KeyRing([OLD])
  const sealer = new Sealer(ring, 'record cart', 'encrypt')
  const value = sealer.seal('text')
  ring.replace([NEW, OLD])
  t.same(sealer.open(value), { text: 'text', stale: true })
  t.same(sealer.open(sealer.seal('text')), { text: 'text', stale: false })
  ring.replace([NEW])
  t.same(sealer.open(value), { problem: 'unknown-key' })
  t.same(sealer.open('nonsense'), { problem: 'malformed' })
  t.same(sealer.open(''), { problem: 'malformed' })
})

t.test('a value that was signed can be read by the client, and opens where values are encrypted now', async (t) => {
  const ring = new KeyRing([OLD])
  const [signing, encrypting] = [new Sealer(ring, 'record cart', 'sign'), new Sealer(ring, 'record cart', 'encrypt')]
  const signed = signing.seal('{"a":1}')
  t.equal(Buffer.from(signed.split('.')[0] as string, 'base64url').toString(), '{"a":1}')
  t.same(encrypting.open(signed), { text: '{"a":1}', stale: true })
  t.same(signing.open(encrypting.seal('x')), { text: 'x', stale: true })
})

t.test('no two values are alike', async (t) => {
  const sealer = new Sealer(new KeyRing([OLD]), 'record cart', 'encrypt')
  t.equal(new Set(Array.from({ length: 5000 }, () => sealer.seal('same'))).size, 5000)
})
