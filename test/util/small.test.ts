import t from 'tap'
import { type Callback, called } from '../../lib/util/callbacks.js'
import { chunksOf } from '../../lib/util/chunks.js'
import { groupBy } from '../../lib/util/group-by.js'
import { importIfThere } from '../../lib/util/import-if-there.js'
import { perform } from '../../lib/util/perform.js'
import { warnProcess } from '../../lib/util/process-warning.js'
import { RandomPieces } from '../../lib/util/random.js'
import { tellOnce } from '../../lib/util/tell-once.js'
import type { RecordStore } from '../../types/store.js'

t.test(
  'a store with callbacks is asked as one with promises, and a file that is not there is no session',
  async (t) => {
    const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' })
    const down = new Error('down')
    t.equal(await called((done: Callback) => done(null, 'it')), 'it')
    t.equal(await called((done: Callback) => done(undefined, 'it')), 'it')
    t.equal(await called((done: Callback) => void setImmediate(done, null, 'later')), 'later')
    t.equal(await called((done: Callback) => done(missing)), undefined)
    await t.rejects(
      called((done: Callback) => done(down)),
      down
    )
    await t.rejects(
      called(async () => {
        throw down
      }),
      down
    )
    await t.rejects(
      called(() => {
        throw down
      }),
      down
    )
  }
)

t.test('items are split in order, the last chunk being what is left', async (t) => {
  t.same(chunksOf([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])
  t.same(chunksOf([1, 2, 3, 4], 2), [
    [1, 2],
    [3, 4]
  ])
  t.same(chunksOf([1], 2), [[1]])
  t.same(chunksOf([], 2), [])
})

t.test('items are grouped in the order in which they come', async (t) => {
  const groups = groupBy(['b1', 'a1', 'b2', 'c1', 'b3'], (text) => text[0])
  t.same(
    [...groups],
    [
      ['b', ['b1', 'b2', 'b3']],
      ['a', ['a1']],
      ['c', ['c1']]
    ]
  )
  t.same([...groupBy([], () => 1)], [])
})

t.test('each write of a batch is done by the method of its name', async (t) => {
  const calls: unknown[] = []
  const answer = { kind: 'done' }
  const store = new Proxy({} as RecordStore, {
    get:
      (_, name) =>
      (...args: unknown[]) => {
        calls.push([name, ...args])
        return answer
      }
  })
  for (const write of [
    { kind: 'create', id: 'a', text: 'one', expires: 1 },
    { kind: 'update', id: 'b', text: 'two', expires: 2, version: 'v' },
    { kind: 'touch', id: 'c', expires: 3 },
    { kind: 'remove', id: 'd' }
  ] as never[]) {
    t.equal(perform(store, write), answer)
  }
  t.same(calls, [
    ['create', 'a', 'one', 1],
    ['update', 'b', 'two', 2, 'v'],
    ['touch', 'c', 3],
    ['remove', 'd']
  ])
})

t.test('a warning is given once in a process, and each text is one', async (t) => {
  const given = t.capture(process, 'emitWarning')
  const name = `of this test, ${process.hrtime.bigint()}`
  warnProcess(`one ${name}`, 'CODE_1')
  warnProcess(`one ${name}`, 'CODE_1')
  warnProcess(`two ${name}`, 'CODE_2')
  t.same(
    given().map(({ args }) => args),
    [
      [`one ${name}`, { code: 'CODE_1' }],
      [`two ${name}`, { code: 'CODE_2' }]
    ]
  )
})

t.test('a warning that each request would repeat is logged for the first one of an app', async (t) => {
  const lines: unknown[] = []
  const requestOf = (server: object) => ({
    server: { server },
    log: { warn: (...line: unknown[]) => lines.push(line) }
  })
  const [one, other] = [{}, {}]
  tellOnce(requestOf(one) as never, 'a', { n: 1 }, 'first')
  tellOnce(requestOf(one) as never, 'a', { n: 2 }, 'again')
  tellOnce(requestOf(one) as never, 'b', { n: 3 }, 'about something else')
  tellOnce(requestOf(other) as never, 'a', { n: 4 }, 'of another app')
  tellOnce(requestOf(one) as never, 'b', { n: 5 }, 'again')
  t.same(lines, [
    [{ n: 1 }, 'first'],
    [{ n: 3 }, 'about something else'],
    [{ n: 4 }, 'of another app']
  ])
})

t.test('a package is imported by its name, and one that is not there rejects', async (t) => {
  t.type(((await importIfThere('node:path')) as { join?: unknown }).join, 'function')
  await t.rejects(importIfThere('no-such-package-of-anybody'), { code: 'ERR_MODULE_NOT_FOUND' })
})

t.test('random pieces lie side by side, and are not written beyond their length', async (t) => {
  const pieces = new RandomPieces(4)
  for (let piece = 0; piece < 600; piece++) {
    const target = new Uint8Array(8)
    pieces.writeNext(target, 2)
    t.same([target.slice(0, 2), target.slice(6)], [new Uint8Array(2), new Uint8Array(2)])
    t.equal(Buffer.from(pieces.next(), 'base64url').length, 4)
  }
})
