import t from 'tap'
import { attempt, describeIssues, noSuchKey } from '../lib/schema/codec.js'
import { copyOf, isEmpty, notJson, sameJson } from '../lib/schema/json.js'
import { andThen, isPromise, orElse } from '../lib/util/awaitable.js'
import { inTime, NoAnswerError } from '../lib/util/in-time.js'
import { isObject, otherOption } from '../lib/util/objects.js'
import { isTime, parseJson } from '../lib/util/parse.js'
import { reasonOf } from '../lib/util/reason.js'
import { gate } from './client.js'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const object = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

t.test('text that is nested deeper than a thousand levels is none, wherever its brackets stand', async (t) => {
  t.ok(parseJson(nested(1000)))
  t.ok(parseJson(`${nested(1000)} `))
  t.equal(parseJson(nested(1001)), undefined)
  t.equal(parseJson(object(1001)), undefined)
  t.ok(parseJson(object(1000)))
  t.ok(parseJson(`[[],${nested(999)}]`), 'a thousand levels are not too deep, whatever stands beside them')
  t.equal(
    parseJson(`${'['.repeat(1001)}{}${']'.repeat(1001)}`),
    undefined,
    'nor is one that holds both kinds of brackets'
  )
  t.same(parseJson(`[${Array(1500).fill('[]').join()}]`), Array(1500).fill([]), 'many side by side are not deep')
  const text = '['.repeat(3000)
  t.equal(parseJson(JSON.stringify(text)), text, 'those of a string do not count')
  const escaped = `"${text}\\`
  t.equal(parseJson(JSON.stringify(escaped)), escaped, 'nor behind a quote in a string')
  t.equal(parseJson(`["\\\\",${nested(1000)}]`), undefined, 'but those behind a string whose end looks like a quote')
  t.equal(parseJson('[1'), undefined)
  t.equal(parseJson(''), undefined)
})

t.test('a time is a number that a date can tell', async (t) => {
  for (const time of [0, -1, 1.5, 8.64e15, -8.64e15]) t.ok(isTime(time), String(time))
  for (const other of [8.64e15 + 1, -8.64e15 - 1, Number.POSITIVE_INFINITY, Number.NaN, '0', null, undefined, 1n]) {
    t.notOk(isTime(other), String(other))
  }
})

t.test('two values are the same where their JSON says the same, in whatever order', async (t) => {
  const values = [
    null,
    true,
    false,
    0,
    1,
    '',
    '0',
    [],
    [1],
    [1, 2],
    [2, 1],
    [[1]],
    [null],
    {},
    { 0: 1 },
    { a: 1 },
    { a: 2 },
    { b: 1 },
    { a: 1, b: 1 },
    { a: null },
    { a: [1] },
    { a: { b: 1 } }
  ]
  for (const [index, one] of values.entries()) {
    for (const [other, two] of values.entries()) {
      t.equal(sameJson(one, copyOf(two)), index === other, `${JSON.stringify(one)} ${JSON.stringify(two)}`)
    }
  }
  t.ok(sameJson({ a: 1, b: [2] }, { b: [2], a: 1 }))
  t.notOk(sameJson({ a: undefined }, { b: undefined }))
  t.notOk(sameJson({ toString: undefined }, {}))
})

t.test('a copy shares no object, and an object without keys of its own is empty', async (t) => {
  const value = { list: [{ n: 1 }], none: null, text: 'x' }
  const copy = copyOf(value)
  t.same(copy, value)
  t.not(copy, value)
  t.not(copy.list[0], value.list[0])
  t.same([copyOf(null), copyOf('x'), copyOf(1), copyOf(undefined)], [null, 'x', 1, undefined])
  t.same([isEmpty({}), isEmpty({ a: undefined }), isEmpty(Object.create({ a: 1 }))], [true, false, true])
})

t.test('what JSON does not hold is told with the way to it', async (t) => {
  const deep = (levels: number): unknown => (levels === 0 ? 'x' : { in: deep(levels - 1) })
  for (const [value, fault] of [
    [Number.NaN, [[], 'NaN becomes null in JSON']],
    [Number.NEGATIVE_INFINITY, [[], '-Infinity becomes null in JSON']],
    [1n, [[], 'bigint does not survive JSON']],
    [undefined, [[], 'undefined does not survive JSON']],
    [Symbol.iterator, [[], 'symbol does not survive JSON']],
    [{ a: [1, () => 1] }, [['a', 1], 'function does not survive JSON']],
    [[undefined], [[0], 'undefined does not survive JSON']],
    [{ at: new Date(0) }, [['at'], 'a Date does not survive JSON: use a codec']],
    [Object.create(Object.create(null)), [[], 'a class instance does not survive JSON: use a codec']],
    [deep(101), [['in', 'in', 'in'], 'nested deeper than 100']],
    [JSON.parse(nested(102)), [[0, 0, 0], 'nested deeper than 100']]
  ] as const) {
    const found = notJson(value)
    t.same(found && [found.path, found.message], fault)
  }
  const sound = [
    null,
    true,
    '',
    0,
    -1.5,
    [],
    {},
    { a: undefined },
    Object.create(null),
    deep(100),
    JSON.parse(nested(100)),
    [[null]]
  ]
  for (const value of sound) t.equal(notJson(value), undefined)
  const shared = { a: 1 }
  t.equal(notJson([shared, shared, { shared }]), undefined, 'what stands in two places is no cycle')
  const cycle: { list: unknown[] } = { list: [0] }
  cycle.list.push({ cycle })
  t.same(notJson(cycle), { path: ['list', 1, 'cycle'], message: 'a cycle does not survive JSON' })
})

t.test('what is nested too deep is told as a cycle where it is one, and else as too deep', async (t) => {
  const ring = (length: number) => {
    const first: { next?: object } = {}
    let last = first
    for (let left = length - 1; left > 0; left--) last = last.next = {}
    last.next = first
    return first
  }
  t.same(notJson(ring(100)), { path: Array(100).fill('next'), message: 'a cycle does not survive JSON' })
  const tooDeep = { path: ['next', 'next', 'next'], message: 'nested deeper than 100' }
  t.same(notJson(ring(101)), tooDeep, 'of a longer one, nobody knows')
  const deep = JSON.parse(nested(101))
  for (const beside of ['text', '', 0, null, { a: 'a', b: null }, ['a', 'a']]) {
    t.same(notJson([beside, deep]), { path: [1, 0, 0], message: 'nested deeper than 100' })
  }
  let often: unknown[] = []
  for (let level = 0; level < 101; level++) often = [often, often]
  t.same(notJson(often), { path: [0, 0, 0], message: 'nested deeper than 100' }, 'however many ways lead to it')
})

t.test('what is wrong with a value is told by its path, and never by the error of the app', async (t) => {
  t.equal(
    describeIssues([
      { path: ['items', 0, { key: 'qty' }], message: 'expected number' },
      { path: [2, 'x'], message: 'b' },
      { message: 'c' }
    ]),
    'items[0].qty: expected number; [2].x: b; c'
  )
  t.equal(describeIssues([{ path: ['b', 1], message: 'x' }, { message: 'y' }], 'a'), 'a.b[1]: x; a: y')
  const thrown = (error: unknown) =>
    attempt(() => {
      throw error
    }).issues
  const message = (text: string) => [{ message: text, path: [] }]
  t.same(thrown(new TypeError('secret')), message('a check or codec threw TypeError'))
  t.same(thrown('secret'), message('a check or codec threw string'))
  t.same(thrown(new RangeError('Maximum call stack size exceeded')), message('nested too deep, or a cycle'))
  t.same(thrown(new RangeError('secret')), message('a check or codec threw RangeError'))
  t.same(thrown(new Error('call stack')), message('a check or codec threw Error'))
  t.equal(noSuchKey([]), 'the schema has no such key; it has none')
  t.equal(noSuchKey(['a', 'b']), 'the schema has no such key; it has a, b')
})

t.test('an object of options is told from what is none, and an option that there is not is named', async (t) => {
  t.ok(isObject({}))
  for (const other of [null, undefined, [], 'x', 1, () => 1]) t.notOk(isObject(other))
  t.equal(otherOption({ a: 1 }, ['a', 'b']), undefined)
  t.equal(otherOption({}, ['a']), undefined)
  t.equal(otherOption({ a: 1, c: 1 }, ['a', 'b']), 'there is no option "c"; there are a, b')
})

t.test('the reason of an error without a message is its code, or its name', async (t) => {
  t.equal(reasonOf(new Error('down')), 'down')
  t.equal(reasonOf(Object.assign(new Error(''), { code: 'ECONNREFUSED' })), 'ECONNREFUSED')
  t.equal(reasonOf(new TypeError('')), 'TypeError')
  t.same([reasonOf('down'), reasonOf(undefined), reasonOf({ message: 'x' })], ['down', 'undefined', '[object Object]'])
})

t.test('an answer that is there is used at once, and any thenable is waited for', async (t) => {
  const thenable = { then: (use: (value: number) => unknown) => use(1) }
  t.same(
    [Promise.resolve(), thenable, { then: 1 }, null, undefined, 'x'].map((each) => isPromise(each)),
    [true, true, false, false, false, false]
  )
  t.equal(
    andThen(1, (n) => n + 1),
    2
  )
  t.equal(await andThen(Promise.resolve(1), (n) => n + 1), 2)
  const failed = (error: unknown) => `failed: ${(error as Error).message}`
  t.equal(
    orElse(() => 'x', failed),
    'x'
  )
  t.equal(
    orElse(() => {
      throw new Error('now')
    }, failed),
    'failed: now'
  )
  t.equal(await orElse(() => Promise.reject(new Error('later')), failed), 'failed: later')
  t.equal(await orElse(async () => 'x', failed), 'x')
})

t.test('a call that is not answered in time rejects with the name of its store, and is told to stop', async (t) => {
  const never = gate()
  let signal: AbortSignal | undefined
  const ask = (late: AbortSignal) => {
    signal = late
    return never.opened
  }
  const asking = inTime(ask, 1, 'redis')
  const error: Error = await asking.then(
    () => new Error('it was answered'),
    (reason) => reason
  )
  t.ok(error instanceof NoAnswerError)
  t.equal(error.message, 'redis store: no answer within 1 ms')
  t.equal(signal?.aborted, true)
  never.open()
  let given: AbortSignal | undefined
  const answered = inTime(
    async (late) => {
      given = late
      return 7
    },
    60_000,
    'redis'
  )
  t.equal(await answered, 7)
  t.equal(given?.aborted, false)
  const fails = (ask: () => Promise<never>) => t.rejects(inTime(ask, 60_000, 'redis'), { message: 'down' })
  await fails(() => Promise.reject(new Error('down')))
  await fails(() => {
    throw new Error('down')
  })
})
