import t from 'tap'
import { readTyped } from '../../lib/go/gob-reader.js'
import { gobOfMap, gobOfText } from '../../lib/go/gob-writer.js'
import { type GoMap, type GoValue, goValue } from '../../lib/go/values.js'
import { lackOfGo, startGorilla } from '../servers/gorilla.js'

/** By the end of the key, as the program that writes the other side does. */
const typeOf = (key: string) =>
  ({ Float: 'float64', Int64: 'int64', Uint8: 'uint8' })[/(?:Float|Int64|Uint8)$/.exec(key)?.[0] ?? '']

function gob(values: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(values).map(([key, value]) => [key, goValue(key, value, typeOf(key))] as const)
  return gobOfMap(new Map(entries)).toString('hex')
}

t.test('gob is written byte for byte as Go writes it', { skip: (await lackOfGo()) ?? false }, async (t) => {
  const ask = await startGorilla(t)
  const asGo = async (set: Readonly<Record<string, unknown>>) => (await ask({ do: 'bytes', set })).cookie
  for (const text of ['the-id', 'ü'.repeat(100), 'x'.repeat(70_000)]) {
    t.equal(gobOfText(text).toString('hex'), (await ask({ do: 'bytes', text })).cookie)
  }
  // One key each: Go takes those of a map in any order.
  const values: readonly Readonly<Record<string, unknown>>[] = [
    {},
    { user: 'ada' },
    { empty: '' },
    { long: 'é'.repeat(300) },
    { ok: true },
    { no: false },
    { nil: null },
    ...[0, 1, 63, 64, -1, -64, -65, 127, 128, 70_000, -70_000, 2 ** 31, 2 ** 40, -(2 ** 40), 2 ** 53 - 1].map((n) => ({
      n
    })),
    ...[1.5, 0.1, -2.25, 1e300, 1e-300].map((n) => ({ n })),
    ...[0, 2, -7, 1e21].map((aFloat) => ({ aFloat })),
    ...[0, 5, -5].map((anInt64) => ({ anInt64 })),
    ...[0, 200].map((aUint8) => ({ aUint8 })),
    { list: [] },
    { _flash: ['Welcome', 'Bye'] },
    { mixed: ['a', ['b', ['c']], null, true, 1.5] }
  ]
  for (const each of values) t.equal(gob(each), await asGo(each), JSON.stringify(each).slice(0, 60))
})

t.test('what is written is read as it was', async (t) => {
  const whole: readonly (readonly [string, GoValue])[] = [
    ['text', { kind: 'string', type: 'main.Role', value: 'admin' }],
    ['list', goValue('list', ['a', [1, 2.5], null])],
    ['other', goValue('other', [true])],
    ['bytes', { kind: 'bytes', type: '[]uint8', value: 'AAEC' }],
    ['big', { kind: 'int', type: 'int64', value: 9007199254740993n }],
    ['small', { kind: 'float', type: 'float32', value: -0.5 }]
  ]
  const read = readTyped(gobOfMap(new Map(whole))) as GoMap
  t.same([...read.values], whole)
  t.ok(read.isWhole)
})

t.test('a value keeps the type that it has in Go for as long as it can', async (t) => {
  const typeAfter = (before: GoValue, value: unknown, wanted?: string) => goValue('key', value, wanted, before).type
  const float: GoValue = { kind: 'float', type: 'float64', value: 2 }
  const byte: GoValue = { kind: 'uint', type: 'uint8', value: 2 }
  const big: GoValue = { kind: 'int', type: 'int64', value: 9007199254740993n }
  t.equal(typeAfter(float, 2), 'float64')
  t.equal(typeAfter(float, 3), 'float64')
  t.equal(typeAfter(byte, 255), 'uint8')
  t.equal(typeAfter(byte, 256), 'int', 'which it could not hold')
  t.equal(typeAfter(byte, -1), 'int')
  t.equal(typeAfter(byte, 1.5), 'float64')
  t.equal(typeAfter(float, 3, 'int32'), 'int32', 'the app knows better')
  t.equal(typeAfter(float, 'three'), 'string')
  t.equal(goValue('key', 9007199254740992, undefined, big).value, 9007199254740993n, 'to the last digit')
  t.equal(typeAfter({ kind: 'string', type: 'main.Role', value: 'user' }, 'admin'), 'main.Role')
  t.equal(typeAfter({ kind: 'bytes', type: '[]uint8', value: 'AAEC' }, 'AAEC'), '[]uint8')
  t.equal(typeAfter({ kind: 'bytes', type: '[]uint8', value: 'AAEC' }, 'text'), 'string')
  t.hasStrict(goValue('key', [3, 4], undefined, { kind: 'list', type: '[]interface {}', value: [float] }).value, [
    { type: 'float64' },
    { type: 'int' }
  ])
})

t.test('an object is refused, with where it stands and what to do', async (t) => {
  for (const [value, at] of [
    [{ a: 1 }, 'cart'],
    [['ok', { a: 1 }], 'cart\\[1\\]']
  ] as const) {
    t.throws(() => goValue('cart', value), {
      code: 'FST_SESSIONS_GO_VALUE',
      message: new RegExp(
        `^${at}: gob knows objects only as types of the Go app: keep strings, numbers, booleans and lists`
      )
    })
  }
})
