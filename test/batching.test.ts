import t from 'tap'
import { memoryStore, type RecordStore } from '../lib/index.js'
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
  update
} from '../lib/records/rounds.js'
import { exactly } from './exactly.js'

const ID = (letter: string) => letter.repeat(43)
const LATER = () => Date.now() + 60_000

/** A memory store that tells the trips made to it. */
function counted(lacks: readonly (keyof RecordStore)[] = []) {
  const engine: RecordStore = memoryStore()
  const trips: string[] = []
  const store = { ...engine } as Record<string, unknown>
  for (const method of ['read', 'create', 'update', 'touch', 'remove', 'readMany', 'saveMany'] as const) {
    const original = engine[method] as (...args: unknown[]) => unknown
    store[method] = lacks.includes(method)
      ? undefined
      : (...args: unknown[]) => {
          trips.push(method)
          return original.apply(engine, args)
        }
  }
  return { store: store as unknown as RecordStore, trips }
}

function* increment(id: string): Job<string> {
  for (;;) {
    const stored = yield* read(id)
    const done = stored
      ? yield* update(id, String(Number(stored.text) + 1), LATER(), stored.version)
      : yield* create(id, '1', LATER())
    if (done !== undefined) return 'counted'
    yield* pause(1)
  }
}

t.test('what several jobs ask for in one round is one trip for the reads and one for the writes', async (t) => {
  const { store, trips } = counted()
  await runTogether(store, [increment(ID('a')), increment(ID('b')), increment(ID('c'))])
  t.same(trips, ['readMany', 'saveMany'])
})

t.test('two jobs on one record are not in one batch, and both are done', async (t) => {
  const { store, trips } = counted()
  const { saveMany } = store
  store.saveMany = async (writes) => {
    t.equal(new Set(writes.map(({ id }) => id)).size, writes.length, 'different ids')
    return (await saveMany?.(writes)) ?? []
  }
  const results = await runTogether(store, [increment(ID('a')), increment(ID('a')), increment(ID('b'))])
  t.ok(results.every(({ status }) => status === 'fulfilled'))
  t.equal((await store.read(ID('a')))?.text, '2')
  t.ok(trips.length > 3)
})

t.test('a store without batches is asked one by one', async (t) => {
  const { store, trips } = counted(['readMany', 'saveMany'])
  await runTogether(store, [increment(ID('a')), increment(ID('b'))])
  t.same(trips, ['read', 'read', 'create', 'create'])
  t.equal(await runJob(store, removeAll([ID('a'), ID('b'), ID('c')])), 2)
})

t.test('without batches, what is done for one job is not reported as failed because of another', async (t) => {
  const { store } = counted(['readMany', 'saveMany'])
  const fails = (id: string) => {
    if (id === ID('a')) throw new Error('not this one')
  }
  const { read, create } = store
  store.read = (id) => fails(id) ?? read(id)
  const failed = { status: 'rejected', reason: { message: exactly('not this one') } }
  t.match(await runTogether(store, [increment(ID('a')), increment(ID('b'))]), [failed, { status: 'fulfilled' }])

  store.read = read
  store.create = (id, ...rest) => fails(id) ?? create(id, ...rest)
  t.match(await runTogether(store, [increment(ID('a')), increment(ID('c'))]), [failed, { status: 'fulfilled' }])
  t.equal((await store.read(ID('c')))?.text, '1')
})

t.test('a job that fails does not stop the others, and may catch what the store throws', async (t) => {
  const { store } = counted()
  store.readMany = async () => {
    throw new Error('no reads today')
  }
  function* catches(): Job<string> {
    try {
      yield* read(ID('a'))
      return 'read'
    } catch (error) {
      return (error as Error).message
    }
  }
  const results = await runTogether(store, [catches(), increment(ID('a')), create(ID('b'), 'x', LATER())])
  t.match(results, [
    { status: 'fulfilled', value: 'no reads today' },
    { status: 'rejected', reason: { message: exactly('no reads today') } },
    { status: 'fulfilled' }
  ])
  store.read = store.readMany as never
  t.equal(await runJob(store, catches()), 'no reads today')
  await t.rejects(runJob(store, increment(ID('a'))), { message: exactly('no reads today') })
})

t.test('a job on a store that answers at once is done at once, and so is one that it fails', async (t) => {
  const store = memoryStore()
  t.same(runAlone(store, increment(ID('a'))), { status: 'fulfilled', value: 'counted' })
  t.hasStrict(store.read(ID('a')), { text: '1' })
  const reason = new Error('no reads today')
  store.read = () => {
    throw reason
  }
  t.same(runAlone(store, increment(ID('a'))), { status: 'rejected', reason })
  store.read = () => Promise.reject(reason)
  t.same(await runAlone(store, increment(ID('a'))), { status: 'rejected', reason })
})

t.test('a store without batches that throws for one record has still been asked for the others', async (t) => {
  const { store } = counted(['saveMany'])
  const { create: original } = store
  store.create = (id, text, expires) => {
    if (id === ID('a')) throw new Error('no such record today')
    return original(id, text, expires)
  }
  const [result] = await runTogether(store, [increment(ID('a')), increment(ID('b'))])
  t.match(result, { status: 'rejected', reason: { message: exactly('no such record today') } })
  t.hasStrict(await store.read(ID('b')), { text: '1' })
})

t.test(
  'what has to be as the engine has it now is asked for so, alone and in a batch, with batches and without',
  async (t) => {
    function* readOne(id: string): Job<unknown> {
      return yield* readFresh(id)
    }
    function* readTwo(id: string): Job<unknown> {
      return yield* readAllFresh([id, ID('z')])
    }
    function* readAny(id: string): Job<unknown> {
      return yield* read(id)
    }
    for (const lacks of [[], ['readMany']] as const) {
      const asked: (readonly [method: string, isFresh: boolean])[] = []
      const { store } = counted(lacks)
      for (const method of ['read', 'readMany'] as const) {
        const original = store[method] as ((...args: unknown[]) => unknown) | undefined
        const told = (...args: unknown[]) => {
          asked.push([method, (args[1] as { readonly fresh?: boolean } | undefined)?.fresh === true])
          return original?.(...args)
        }
        if (original !== undefined) Object.assign(store, { [method]: told })
      }
      const ways = [
        () => runJob(store, readOne(ID('a'))),
        () => runJob(store, readTwo(ID('a'))),
        () => runTogether(store, [readOne(ID('a')), readAny(ID('b'))]),
        () => runTogether(store, [readAny(ID('a')), readTwo(ID('b'))]),
        () => runTogether(store, [readAny(ID('a')), readAny(ID('b'))])
      ]
      const seen: unknown[] = []
      for (const run of ways) {
        await run()
        seen.push(asked.splice(0))
      }
      const [one, many, none] = [
        ['read', true],
        ['readMany', true],
        ['readMany', false]
      ] as const
      const reads = (...fresh: readonly boolean[]) => fresh.map((isFresh) => ['read', isFresh])
      t.same(
        seen,
        lacks.length === 0
          ? [[one], [many], [many], [many], [none]]
          : [[one], reads(true, true), reads(true, true), reads(true, true, true), reads(false, false)]
      )
    }
  }
)
