import type { FastifyBaseLogger } from 'fastify'
import t, { type Test } from 'tap'
import { Past } from '../../lib/app/past.js'
import type { View } from '../../lib/app/subject-list.js'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import type { Registry } from '../../lib/definition/registry.js'
import type { History } from '../../lib/history/history.js'
import { memoryStore, type RecordStore, type SessionEvent, type SessionsOptions } from '../../lib/index.js'
import { storeId } from '../../lib/records/ticket.js'
import { exactly } from '../exactly.js'

const NOW = 1_790_000_000_000
const MINUTE = 60_000
const END = Number.MAX_SAFE_INTEGER
const DAY = 24 * 60 * MINUTE
const ID = storeId('a session')
const log = new Proxy({}, { get: () => () => {} }) as FastifyBaseLogger

const login = { name: 'login', idle: MINUTE } as ResolvedDefinition
const view: View = { app: undefined, definitions: new Map([['login', login]]), clearedAt: 5 }

/** The history of an app with these stores, and what tells it of events. */
function pastOf(kept: SessionsOptions['history'], stores: Readonly<Record<string, RecordStore>>) {
  let history: History | undefined
  const registry = {
    stores: { recordStores: Object.values(stores), recordStore: (name: string) => stores[name] },
    events: {
      recordBy: (recorder: History) => {
        history = recorder
      }
    }
  }
  const past = new Past(registry as unknown as Registry, kept as number, undefined, log)
  past.begin()
  return { past, tell: (event: object) => history?.record({ at: NOW, ...event } as SessionEvent) }
}

async function holding(text: string): Promise<RecordStore> {
  const store = memoryStore()
  await store.create(ID, text, END)
  return store
}

const down: RecordStore = Object.assign(memoryStore(), {
  read: () => Promise.reject(new Error('down')),
  readMany: () => Promise.reject(new Error('down'))
})

t.test('a session lives if any store has it, and where a store can not be asked it may live', async (t) => {
  const isAlive = async (...stores: RecordStore[]) =>
    (await pastOf(9, Object.fromEntries(stores.entries())).past.why(ID, view)).isAlive
  const living = await holding('{"c":6}')
  t.equal(await isAlive(), false)
  t.equal(await isAlive(living), true)
  t.equal(await isAlive(memoryStore(), living), true)
  t.equal(await isAlive(living, memoryStore()), true)
  t.equal(await isAlive(memoryStore(), memoryStore()), false)
  t.equal(await isAlive(down, living), true)
  t.equal(await isAlive(down, memoryStore()), undefined)
  t.equal(await isAlive(down), undefined)
  t.equal(await isAlive(await holding('{"c":5}')), false, 'all were cleared at that moment')
  t.equal(await isAlive(await holding('{"c":4}')), false)
  t.equal(await isAlive(await holding('{"c":6,"x":true}')), false)
  t.equal(await isAlive(await holding(`{"c":6,"n":["${ID}",0]}`)), false)
  t.equal(await isAlive(await holding('x')), false)
})

t.test('a store is asked for no record by the name of a user', async (t) => {
  const asked: string[] = []
  const store = memoryStore()
  const { read } = store
  const noting: typeof read = (id) => {
    asked.push(id)
    return read.call(store, id)
  }
  Object.assign(store, { read: noting })
  await pastOf(9, { store }).past.why('ann', view)
  t.ok(asked.length > 0)
  t.notOk(asked.includes('ann'))
})

t.test('what a store lost without a word is told by the age of the session, where its options are known', async (t) => {
  const reason = async (session: string | undefined, age: number) => {
    const { past, tell } = pastOf(9, {})
    tell({ event: 'refused', problem: 'gone', during: 'load', id: ID, session, createdAt: NOW - age })
    return (await past.why(ID, view)).reason
  }
  const start = 'There is no record of it, and nothing here ended it: it was '
  const young = `${start}too young to have expired unused, so its store dropped it (evicted, flushed or restarted), or another program removed it.`
  const unused = `${start}not used for longer than idle, or its store dropped it (evicted, flushed or restarted).`
  t.equal(await reason('login', MINUTE - 1), young)
  t.equal(await reason('login', MINUTE), unused)
  t.equal(await reason('cart', 0), unused)
  t.equal(await reason(undefined, 0), unused)
})

function stopped(t: Test): void {
  const { now } = Date
  Date.now = () => NOW
  t.teardown(() => {
    Date.now = now
  })
}

t.test('entries are kept as long as the options say, and for thirty days if they say nothing', async (t) => {
  stopped(t)
  for (const [keep, ms] of [
    [{ keep: 60 }, MINUTE],
    [{}, 30 * DAY]
  ] as const) {
    const store = memoryStore()
    const ends: number[] = []
    const { create } = store
    const noting: typeof create = async (id, text, expires) => {
      ends.push(expires)
      return create.call(store, id, text, expires)
    }
    const { past, tell } = pastOf({ store: 'store', ...keep }, { store: Object.assign(store, { create: noting }) })
    tell({ event: 'destroyed', id: ID })
    await past.end()
    t.same(ends, [NOW + ms])
  }
})

t.test('a history in memory has from one to a million entries', async (t) => {
  for (const most of [1, 1_000_000]) t.doesNotThrow(() => pastOf(most, {}))
  for (const most of [0, 1_000_001, 1.5, Number.NaN]) {
    t.throws(() => pastOf(most, {}), {
      code: 'FST_SESSIONS_CONFIG',
      message: exactly(`history: expected a whole number of entries from 1 to 1000000, got ${most}`)
    })
  }
})
