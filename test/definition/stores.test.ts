import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { lateStore } from '../../lib/definition/late-store.js'
import { NamedStores } from '../../lib/definition/named-stores.js'
import { cookieStore, memoryStore, type RecordStore } from '../../lib/index.js'
import { exactly } from '../exactly.js'

const app = {} as FastifyInstance
const config = (message: string) => ({ code: 'FST_SESSIONS_CONFIG', message: exactly(message) })

t.test('a store is known by each of its names, and called by the first', async (t) => {
  const [memory, other] = [memoryStore(), memoryStore()]
  const stores = new NamedStores({ cookie: cookieStore() }, { memory, again: memory, other }, undefined)
  t.equal(stores.nameOf(memory), 'memory')
  t.equal(stores.nameOf(other), 'other')
  t.same([...stores.namedRecordStores.keys()], ['memory', 'again', 'other'])
  t.equal(stores.recordStores.length, 2)
  t.equal(stores.recordStore('again', 'history'), memory)
})

t.test('a name that is no store is told with those that there are', async (t) => {
  const stores = new NamedStores({ cookie: cookieStore() }, { one: memoryStore(), two: memoryStore() }, undefined)
  t.throws(
    () => stores.recordStore('three', 'history'),
    config('history: store: "three" is not a record store; there are one, two')
  )
  t.throws(
    () => stores.storeOf('login', { schema: {} as never, store: 'three' }),
    config('session "login": store: there is no store "three"; there are cookie, one, two')
  )
  t.equal(stores.storeOf('login', { schema: {} as never }), undefined)
  const none = new NamedStores({ cookie: cookieStore() }, undefined, undefined)
  t.throws(
    () => none.recordStore('cookie', 'history'),
    config('history: store: "cookie" is not a record store; there is none')
  )
})

t.test('a store that needs the app is made when the app starts, once', async (t) => {
  const made = memoryStore()
  const asked: unknown[] = []
  const stores = new NamedStores({}, undefined, undefined)
  const make = async (given: unknown) => {
    asked.push(given)
    return made
  }
  stores.add('made', make)
  stores.add('plain', memoryStore())
  for (const name of ['made', 'plain']) {
    t.throws(() => stores.add(name, make), config(`stores: there is a store "${name}" already`))
    t.throws(() => stores.add(name, memoryStore()), config(`stores: there is a store "${name}" already`))
  }
  t.same([...stores.namedRecordStores.keys()], ['plain'])
  await stores.make(app)
  t.equal(stores.recordStore('made', 'history'), made)
  t.equal(asked.length, 1)
  t.equal(asked[0], app)
  const wrong = new NamedStores({}, undefined, undefined)
  wrong.add('made', () => 'no store' as never)
  await t.rejects(
    wrong.make(app),
    config('stores: "made" is not a store: expected what a store function returns, such as fileStore({…})')
  )
})

t.test('an app may start without all of its stores, without some, or without none', async (t) => {
  const may = (startWithout: unknown) => {
    const stores = new NamedStores({}, { one: memoryStore(), two: memoryStore() }, startWithout as true)
    return ['one', 'two'].filter((name) => stores.mayStartWithout(name))
  }
  t.same(may(undefined), [])
  t.same(may([]), [])
  t.same(may(['two']), ['two'])
  t.same(may(true), ['one', 'two'])
  for (const wrong of [false, 'one', null]) {
    t.throws(() => may(wrong), config('startWithout: expected true, or an array of names of stores'))
  }
})

t.test('a store that the app starts without promises what it promised, and tells what it evicts', async (t) => {
  const capabilities = { compareAndSet: 'one-process', note: 'it forgets' }
  const evicted: string[] = []
  let evict = (_id: string): void => {}
  const store = Object.assign(memoryStore(), {
    capabilities,
    onEvict(this: unknown, listener: typeof evict) {
      t.equal(this, store)
      evict = listener
    }
  }) as unknown as RecordStore
  const late = lateStore(store) as RecordStore & { onEvict(listener: (id: string) => void): void }
  t.equal(late.capabilities, capabilities)
  late.onEvict((id) => void evicted.push(id))
  evict('an id')
  t.same(evicted, ['an id'])
  const plain = lateStore(Object.assign(memoryStore(), { capabilities: undefined, onEvict: undefined }) as never)
  t.same(
    ['capabilities', 'onEvict'].filter((name) => name in plain),
    []
  )
})
