import { randomBytes } from 'node:crypto'
import t from 'tap'
import * as aead from '../lib/seal/aead.js'
import { KeyRing } from '../lib/seal/keys.js'
import { isEncrypted, keyIdIn, Sealer } from '../lib/seal/sealer.js'
import { openLarge, sealLarge } from '../lib/seal/xchacha.js'

const OLD = randomBytes(32)
const NEW = randomBytes(32)
const TEXTS = ['', '{"a":1}', 'é😀\u2028'.repeat(100), 'x'.repeat(600), 'y'.repeat(200_000)]

t.before(() => aead.ready())

t.test('what is sealed opens, whatever it is and in whatever order', async (t) => {
  for (const mode of ['encrypt', 'sign'] as const) {
    const sealer = new Sealer(new KeyRing([OLD]), 'record cart', mode)
    for (const text of [...TEXTS, ...TEXTS]) {
      t.same(sealer.open(sealer.seal(text)), { text, stale: false })
      if (mode === 'sign') continue
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

/** Every character that could be taken for another: those of base64url, of base64, what is none, and letters beyond. */
const OTHERS = [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n\t\0~%é\u00ff',
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(0x100 + code)),
  '\u2028',
  '\ud800',
  '\ufffd',
  '😀'
]

t.test('a value with one character replaced, by whatever other, is refused', async (t) => {
  for (const mode of ['encrypt', 'sign'] as const) {
    const sealer = new Sealer(new KeyRing([OLD]), 'record cart', mode)
    for (const text of ['', 'x', 'é', '\ufffd', 'a😀b', 'xyz']) {
      const value = sealer.seal(text)
      const opened: string[] = []
      for (let at = 0; at < value.length; at++) {
        for (const other of OTHERS) {
          const altered = value.slice(0, at) + other + value.slice(at + 1)
          if (altered !== value && sealer.open(altered).text !== undefined) opened.push(altered)
        }
      }
      t.same(opened, [], `${mode} ${JSON.stringify(text)}`)
    }
  }
})

t.test(
  'a signed value whose bytes are no text is refused, although they read like the text that was signed',
  async (t) => {
    const sealer = new Sealer(new KeyRing([OLD]), 'record cart', 'sign')
    const [body, tag] = sealer.seal('a\ufffdb').split('.') as [string, string]
    t.equal(sealer.open(`${body}.${tag}`).text, 'a\ufffdb')
    for (const bytes of [[0xff], [0x80], [0xc0], [0xed, 0xa0], [0xf0, 0x9f]]) {
      const altered = Buffer.from([0x61, ...bytes, 0x62])
      t.same(sealer.open(`${altered.toString('base64url')}.${tag}`), { problem: 'bad-seal' })
    }
  }
)

t.test('a value is good for its purpose and its context only', async (t) => {
  const ring = new KeyRing([OLD])
  for (const mode of ['encrypt', 'sign'] as const) {
    const value = new Sealer(ring, 'record cart', mode).seal('text')
    t.same(new Sealer(ring, 'record admin', mode).open(value), { problem: 'bad-seal' })
    t.same(new Sealer(ring, 'ticket cart', mode).open(value), { problem: 'bad-seal' })
    t.equal(new Sealer(ring, 'record cart', mode).open(value, 'two').text, undefined)
  }
  const value = new Sealer(ring, 'record cart', 'encrypt').seal('text', 'one')
  for (const other of ['two', '', undefined]) {
    t.same(new Sealer(ring, 'record cart', 'encrypt').open(value, other), { problem: 'bad-seal' })
  }
})

t.test('a context that takes more memory than there is harms no key', async (t) => {
  const sealer = new Sealer(new KeyRing([randomBytes(32)]), 'record', 'encrypt')
  const before = sealer.seal('before')
  const context = 'c'.repeat(8_000_000)
  const sealed = sealer.seal('text', context)
  t.same(sealer.open(sealed, context), { text: 'text', stale: false })
  t.same(sealer.open(sealed, `${context}c`), { problem: 'bad-seal' })
  t.same(sealer.open(before), { text: 'before', stale: false })
})

t.test('short and long texts are sealed alike: what one way sealed, the other opens', async (t) => {
  const [key, header] = [randomBytes(32), randomBytes(6)]
  const pointer = aead.remember(Uint8Array.from(key))
  for (const text of ['', 'a', 'é😀'.repeat(100), 'x'.repeat(20_000)]) {
    const sealed = aead.seal(pointer, header, text, 'id')
    t.equal(openLarge(key, header, Buffer.from(sealed, 'base64url'), 'id'), text)
    t.equal(aead.open(pointer, header, sealLarge(key, header, text, 'id').toString('base64url'), 'id'), text)
    t.equal(openLarge(key, header, Buffer.from(sealed, 'base64url'), 'other'), undefined)
  }
  const long = aead.seal(pointer, header, 'y'.repeat(100_000), 'id')
  for (const at of [10, 40, 70_000, long.length - 1]) {
    for (const other of ['A', '_', 'ł', '=']) {
      if (long[at] === other) continue
      t.equal(aead.open(pointer, header, long.slice(0, at) + other + long.slice(at + 1), 'id'), undefined)
    }
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

t.test('a sealed value tells its key and whether it can be read, and nothing else does', async (t) => {
  for (const mode of ['encrypt', 'sign'] as const) {
    const ring = new KeyRing([NEW, OLD])
    const value = new Sealer(ring, 'record cart', mode).seal('text')
    t.equal(keyIdIn(value), Buffer.from(ring.keys[0]?.id ?? []).toString('hex'))
    t.equal(isEncrypted(value), mode === 'encrypt')
    const start = value.indexOf('.') + 1
    t.equal(keyIdIn(value.slice(0, start + 7)), undefined, 'cut within the name')
    t.equal(keyIdIn(value.slice(0, start + 8)), keyIdIn(value))
  }
  for (const value of ['', '.', 'nonsense', 'AQ', 'body.AQECAwQF', 'AgECAwQF'])
    t.equal(keyIdIn(value), undefined, value)
})
