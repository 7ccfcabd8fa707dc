import t from 'tap'
import type { RecordStore } from '../../lib/index.js'
import {
  create,
  type Job,
  pause,
  read,
  readAllFresh,
  readFresh,
  removeAll,
  runAlone,
  runJob,
  runTogether,
  touch,
  update,
  writeAll
} from '../../lib/records/rounds.js'

type Ask = (method: string, args: readonly unknown[]) => unknown

/** A store that notes each call, and answers what the test says. */
function storeOf(methods: readonly string[], answer: Ask = (method, [id]) => `${method} ${id}`) {
  const calls: unknown[][] = []
  const call =
    (method: string) =>
    (...args: unknown[]) => {
      calls.push([method, ...args.filter((arg) => arg !== undefined)])
      return answer(method, args)
    }
  const names = ['read', 'create', 'update', 'touch', 'remove', ...methods]
  const store = Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as RecordStore
  return { store, calls, take: () => calls.splice(0) }
}

const batches: Ask = (method, [items]) => {
  if (method === 'readMany') return (items as string[]).map((id) => `read ${id}`)
  if (method === 'saveMany') return (items as { kind: string; id: string }[]).map(({ kind, id }) => `${kind} ${id}`)
  return `${method} ${items}`
}
const MANY = ['readMany', 'saveMany']
const FRESH = { fresh: true }
const ways: readonly (readonly [string, typeof runJob])[] = [
  ['alone', runJob],
  [
    'together',
    async (store, job) => {
      const [result] = await runTogether(store, [job])
      if (result?.status === 'fulfilled') return result.value
      throw result?.reason
    }
  ]
]

t.test('each step asks the store once, and is given its answer', async (t) => {
  const steps: [() => Job<unknown>, unknown[][], unknown][] = [
    [() => read('a'), [['read', 'a']], 'read a'],
    [() => readFresh('a'), [['read', 'a', FRESH]], 'read a'],
    [() => readAllFresh([]), [], []],
    [() => readAllFresh(['a']), [['read', 'a', FRESH]], ['read a']],
    [() => readAllFresh(['a', 'b']), [['readMany', ['a', 'b'], FRESH]], ['read a', 'read b']],
    [() => create('a', 'text', 5), [['create', 'a', 'text', 5]], 'create a'],
    [() => update('a', 'text', 5, 7), [['update', 'a', 'text', 5, 7]], 'update a'],
    [() => touch('a', 5), [['touch', 'a', 5]], 'touch a'],
    [() => removeAll([]), [], 0],
    [() => removeAll(['a']), [['remove', 'a']], 1],
    [() => writeAll([]), [], []],
    [() => writeAll([{ kind: 'remove', id: 'a' }]), [['remove', 'a']], ['remove a']],
    [() => pause(0), [], undefined],
    [() => pause(-1), [], undefined]
  ]
  for (const [way, run] of ways) {
    for (const [job, expected, answer] of steps) {
      const { store, calls } = storeOf(MANY, batches)
      t.strictSame(await run(store, job()), answer, way)
      t.strictSame(calls, expected, way)
    }
    const { store, calls } = storeOf(MANY, batches)
    t.equal(await run(store, removeAll(['a', 'b'])), 2)
    t.same(calls, [
      [
        'saveMany',
        [
          { kind: 'remove', id: 'a' },
          { kind: 'remove', id: 'b' }
        ]
      ]
    ])
    const bare = storeOf([])
    t.same(await run(bare.store, readAllFresh(['a', 'b'])), ['read a', 'read b'])
    t.equal(await run(bare.store, removeAll(['a', 'b'])), 2)
    t.same(bare.calls, [
      ['read', 'a', FRESH],
      ['read', 'b', FRESH],
      ['remove', 'a'],
      ['remove', 'b']
    ])
    t.equal(await run(storeOf([], (_, [id]) => id !== 'a').store, removeAll(['a', 'b', 'c'])), 2)
  }
})

t.test('a job pauses only for a time', async (t) => {
  t.strictSame([...pause(5)], [{ kind: 'pause', ms: 5 }])
  t.strictSame([...pause(0), ...pause(-1)], [])
  const paused = runAlone(storeOf([]).store, pause(1))
  t.ok(paused instanceof Promise)
  t.same(await paused, { status: 'fulfilled', value: undefined })
})

const twice = function* (id: string): Job<unknown> {
  const first = yield* read(id)
  yield* pause(1)
  return [first, yield* touch(id, 5)]
}

const careful = function* (id: string): Job<unknown> {
  try {
    return yield* read(id)
  } catch (error) {
    return [(error as Error).message, yield* touch(id, 5)]
  }
}

t.test('a job goes on at once where the store answers at once, and later where it does not', async (t) => {
  const { store } = storeOf([])
  t.same(runAlone(store, read('a')), { status: 'fulfilled', value: 'read a' })
  const late = storeOf([], async (method, [id]) => `${method} ${id}`).store
  for (const [way, run] of ways) {
    t.same(await run(store, twice('a')), ['read a', 'touch a'], way)
    t.same(await run(late, twice('a')), ['read a', 'touch a'], way)
  }
})

t.test('a job may catch what the store throws, and fails with what it does not catch', async (t) => {
  const down = new Error('down')
  const throwing: Ask = (method, [id]) => {
    if (method === 'read') throw down
    return `${method} ${id}`
  }
  const rejecting: Ask = (method, [id]) => (method === 'read' ? Promise.reject(down) : `${method} ${id}`)
  for (const answer of [throwing, rejecting]) {
    const { store } = storeOf([], answer)
    for (const [way, run] of ways) {
      t.same(await run(store, careful('a')), ['down', 'touch a'], way)
      await t.rejects(run(store, twice('a')), down, way)
    }
  }
  t.same(runAlone(storeOf([], throwing).store, read('a')), { status: 'rejected', reason: down })
})

t.test('the reads of a round share a trip, and so do its writes', async (t) => {
  const { store, take } = storeOf(MANY, batches)
  const jobs = () => [twice('a'), twice('b'), readAllFresh(['c', 'd']), create('e', 'text', 5)]
  const values = async (of: RecordStore) =>
    (await runTogether<unknown>(of, jobs())).map((result) => result.status === 'fulfilled' && result.value)
  const expected = [['read a', 'touch a'], ['read b', 'touch b'], ['read c', 'read d'], 'create e']
  t.same(await values(store), expected)
  t.same(take(), [
    ['readMany', ['a', 'b', 'c', 'd'], FRESH],
    ['create', 'e', 'text', 5],
    [
      'saveMany',
      [
        { kind: 'touch', id: 'a', expires: 5 },
        { kind: 'touch', id: 'b', expires: 5 }
      ]
    ]
  ])
  t.same(await values(storeOf([]).store), expected)
  await runTogether<unknown>(store, [read('a'), read('b')])
  t.strictSame(take(), [['readMany', ['a', 'b']]], 'what no job wants fresh may come from a cache')
  await runTogether(store, [])
  t.same(take(), [])
})

t.test('two writes of one record are made one after the other', async (t) => {
  const { store, calls } = storeOf(MANY, batches)
  await runTogether<unknown>(store, [touch('a', 1), touch('a', 2), removeAll(['b', 'a']), touch('c', 3)])
  t.same(
    calls.map(([method, what]) => [method, Array.isArray(what) ? what.map(({ kind, id }) => `${kind} ${id}`) : what]),
    [
      ['saveMany', ['touch a', 'touch c']],
      ['touch', 'a'],
      ['saveMany', ['remove b', 'remove a']]
    ]
  )
})

t.test('a trip that fails fails for all who share it, and a trip of one for that one', async (t) => {
  const down = new Error('down')
  const fail: Ask = (method, args) => {
    if (method === 'readMany' || args[0] === 'a') throw down
    return `${method} ${args[0]}`
  }
  const statuses = async (store: RecordStore) =>
    (await runTogether<unknown>(store, [careful('a'), read('b'), touch('c', 5)])).map(({ status }) => status)
  t.same(await statuses(storeOf(MANY, fail).store), ['rejected', 'rejected', 'fulfilled'])
  t.same(await statuses(storeOf([], fail).store), ['rejected', 'fulfilled', 'fulfilled'])
})
