import t, { type Test } from 'tap'
import { z } from 'zod'
import { type GorillaOptions, gorilla } from '../../lib/from/gorilla.js'
import { readGob } from '../../lib/go/gob-reader.js'
import { buildApp, clock } from '../client.js'
import { type Asked, lackOfGo, startGorilla } from '../servers/gorilla.js'

const lack = await lackOfGo()
const key = (byte: number, length = 32) => Buffer.alloc(length, byte)
const PAIRS = [key(1), key(2), key(3), key(4, 16)]
const hex = (keys: readonly Buffer[]) => keys.map((each) => each.toString('hex'))
const schema = z.object({ user: z.string(), held: z.record(z.string(), z.unknown()).default({}) })

/** What an app finds of a session whose cookie has this value. */
async function found(t: Test, value: string, options: Partial<GorillaOptions> = {}): Promise<unknown> {
  const from = [
    gorilla({ name: 'shop', pairs: PAIRS, ...options }, (old) => ({ user: String(old['user']), held: old }))
  ]
  const app = await buildApp(t, { sessions: { login: { schema, from } } })
  app.get('/', async (request) => request.session('login').get('held') ?? {})
  return (await app.inject({ url: '/', headers: { cookie: `shop=${value}` } })).json()
}

t.test('cookies that Go wrote', { skip: lack ?? false }, async (t) => {
  const ask = await startGorilla(t)
  const values = { user: 'ada', visits: 5, negative: -70000, ok: true, no: false, half: 1.5, empty: '' }
  const written = async (asked: Partial<Asked> = {}) =>
    (await ask({ do: 'session', pairs: hex(PAIRS), set: values, ...asked })).cookie

  t.test('of a CookieStore, with gob: strings, numbers, booleans and flashes', async (t) => {
    t.same(await found(t, await written()), values)
    t.same(await found(t, await written({ flashes: ['Welcome'] })), { ...values, _flash: ['Welcome'] })
    const registered = await written({ set: { user: 'ada', theProfile: true }, flashes: ['Welcome'] })
    t.same(await found(t, registered), { user: 'ada', _flash: ['Welcome'] }, 'others are left out')
    t.same(await found(t, await written({ set: { long: 'é'.repeat(300) } })), { long: 'é'.repeat(300) })
  })

  t.test('with any of its key pairs, and with none for encryption', async (t) => {
    t.same(await found(t, await written({ pairs: hex(PAIRS.slice(2)) })), values)
    t.same(await found(t, await written({ pairs: hex([key(9)]) }), { pairs: [key(9)] }), values)
    t.same(await found(t, await written({ pairs: hex([key(9), key(9)]) })), {}, 'not with another one')
    t.same(await found(t, await written({ name: 'other' })), {}, 'nor that of another name')
  })

  t.test('of a JSON serializer', async (t) => {
    const value = await written({
      do: 'secure',
      serializer: 'json',
      set: { user: 'ada', html: '<&>\u2028', list: [1, { a: null }] }
    })
    t.same(await found(t, value, { serializer: 'json' }), { user: 'ada', html: '<&>\u2028', list: [1, { a: null }] })
  })

  t.test('of a store that keeps all but an id', async (t) => {
    const records = new Map([['the-id', '{"user":"ada","_flash":["hi"]}']])
    const store = {
      get: async (id: string) => records.get(id),
      destroy: async (id: string) => records.delete(id)
    }
    const value = await written({ do: 'id', text: 'the-id' })
    t.same(await found(t, value, { store, serializer: 'json' }), { user: 'ada', _flash: ['hi'] })
    t.equal(records.size, 0, 'which ends it there')
    t.same(await found(t, value, { store, serializer: 'json' }), {})
  })

  t.test('not after its maxAge', async (t) => {
    const value = await written()
    const time = clock(t)
    time.pass(3_000)
    t.same(await found(t, value, { maxAge: 1 }), {})
    t.same(await found(t, value, { maxAge: 0 }), values)
  })

  t.test('not if any part of it was changed', async (t) => {
    const bytes = Buffer.from(await written(), 'base64url')
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ 1
      t.same(await found(t, changed.toString('base64url')), {}, `byte ${at}`)
    }
  })
})

t.test('gob that is cut short, or claims more than there is, is no value and no error', async (t) => {
  const whole = Buffer.from('0eff81040102ff82000110011000001dff820001', 'hex')
  const rest = '06737472696e670c06000475736572 06737472696e670c05000361646 1'.replaceAll(' ', '')
  const map = Buffer.concat([whole, Buffer.from(rest, 'hex')])
  t.same(readGob(map), { user: 'ada' })
  for (let length = 0; length < map.length; length++) t.equal(readGob(map.subarray(0, length)), undefined, `${length}`)
  for (const bad of ['', 'ff', 'f8ffffffffffffffff', '00', '03040001', 'f7000000000000000000']) {
    t.equal(readGob(Buffer.from(bad, 'hex')), undefined, bad)
  }
  t.equal(readGob(Buffer.from('060c0003616461', 'hex')), 'ada')
})

t.test('options that are wrong are refused at once', async (t) => {
  const map = () => ({ user: '' })
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ name: 'shop' }, /pairs: expected an array of keys, a hash key first/],
    [{ name: 'shop', pairs: [''] }, /a hash key is text or bytes, and not empty/],
    [{ name: 'shop', pairs: ['hash', 'short'] }, /a block key has 16, 24 or 32 bytes/],
    [{ pairs: ['hash'] }, /name: expected the name of the session/],
    [{ name: 'shop', pairs: ['hash'], store: {} }, /store: it has no get\(\)/],
    [{ name: 'shop', pairs: ['hash'], key: 1 }, /there is no option "key"/]
  ]
  for (const [options, message] of wrong) t.throws(() => gorilla(options as GorillaOptions, map), { message })
})
