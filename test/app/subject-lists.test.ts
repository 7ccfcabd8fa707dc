import { fastifyCookie } from '@fastify/cookie'
import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { type Cursor, list, type View } from '../../lib/app/subject-list.js'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore } from '../../lib/index.js'
import { formatIndex, type Index, placesOf } from '../../lib/records/subject-index.js'
import { storeId } from '../../lib/records/ticket.js'
import { ready } from '../../lib/seal/aead.js'
import { KeyRing } from '../../lib/seal/keys.js'
import { KEY } from '../client.js'
import { drive, Records } from '../records/jobs.js'

const END = 1_790_000_000_000
const HOUR = 3_600_000

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)
await ready()

const sessions = {
  login: { store: 'memory', schema: z.object({ n: z.number().default(0) }), idle: 3600 },
  kept: { store: 'memory', schema: z.object({}), idle: 3600, cookie: { maxAge: 7200 } }
}
const registry = new Registry(
  new KeyRing([KEY]),
  {},
  { stores: { memory: memoryStore() }, sessions } as never,
  new AppEvents()
)
registry.freeze()

const definitions = new Map(registry.definitions.map((definition) => [definition.name, definition]))
const view: View = { app: undefined, definitions, clearedAt: 5 }
const places = placesOf('ada', undefined)
const id = (number: number) => storeId(`session ${number}`)

/** An index of these sessions, which were entered in the order of their numbers. */
const indexOf = (numbers: readonly number[], name = 'login'): Index =>
  new Map(
    numbers.map((number) => [
      id(number),
      { name, ends: END, entered: number, isLeaving: false, waitsUntil: 0, replaces: undefined }
    ])
  )
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

/** A store with the user's newest sessions, and older ones in pages. */
function holding(recent: readonly number[], pages: Readonly<Record<number, readonly number[]>> = {}): Records {
  const store = new Records()
  store.put(places.recent, formatIndex(indexOf(recent)))
  for (const [page, held] of Object.entries(pages)) store.put(places.page(Number(page)), formatIndex(indexOf(held)))
  const last = Math.max(0, ...Object.keys(pages).map(Number))
  store.put(places.range, JSON.stringify([1, last, 1]))
  for (const number of [recent, ...Object.values(pages)].flat()) store.put(id(number), '{"c":6,"s":"ada"}', END)
  return store
}

function listing(store: Records, { limit = Number.POSITIVE_INFINITY, after }: { limit?: number; after?: Cursor } = {}) {
  const { result, steps } = drive(list(view, 'ada', { limit, after, store: 1 }), store.answer)
  const asked = steps.flatMap((step) =>
    step.kind === 'read' ? [[step.id]] : step.kind === 'readMany' ? [step.ids] : []
  )
  const names = new Map([
    [places.recent, 'recent'],
    [places.range, 'range'],
    ...numbers(1, 11).map((page) => [places.page(page), `page ${page}`] as const)
  ])
  const trips = asked.map((ids) => ids.map((each) => names.get(each)).find(Boolean) ?? ids.length)
  return { found: result, entered: result.map(({ entered }) => entered), trips }
}

t.test('the newest come first, those in pages after them, and each is told once, with its place', async (t) => {
  const store = holding([7, 9, 8], { 1: [1, 2], 2: [6, 7] })
  const { found, entered, trips } = listing(store)
  t.same(entered, [9, 8, 7, 6, 2, 1])
  t.same(
    found.map(({ id: at, page, store: of }) => [at, page, of]),
    [9, 8, 7]
      .map((number) => [id(number), 0, 1])
      .concat(
        [[id(6), 2, 1]],
        [2, 1].map((number) => [id(number), 1, 1])
      )
  )
  t.same(trips, ['recent', 3, 'range', 'page 2', 1, 2])
})

t.test('no more is read than the limit needs, and no more given', async (t) => {
  const store = holding(numbers(51, 80), { 1: numbers(1, 20), 2: numbers(21, 40), 3: numbers(41, 50) })
  const given = (limit: number) => {
    const { entered, trips } = listing(store, { limit })
    t.same(entered, numbers(81 - limit, 80).reverse())
    return trips
  }
  t.same(given(1), ['recent', 11])
  t.same(given(11), ['recent', 21])
  t.same(given(29), ['recent', 30])
  t.same(given(30), ['recent', 30])
  t.same(given(31), ['recent', 30, 'range', 'page 3', 10])
  t.same(given(40), ['recent', 30, 'range', 'page 3', 10])
  t.same(given(41), ['recent', 30, 'range', 'page 3', 10, 20])
  t.same(given(60), ['recent', 30, 'range', 'page 3', 10, 20])

  const many = holding([90], Object.fromEntries(numbers(1, 11).map((page) => [page, [page]])))
  t.same(listing(many, { limit: 2 }).trips, ['recent', 1, 'range', 'page 11', 1])
  t.same(listing(many, { limit: 12 }).trips.slice(2, 4), ['range', 'page 11'])

  for (const number of numbers(61, 70)) store.drop(id(number))
  t.same(listing(store, { limit: 10 }).trips, ['recent', 20])
  for (const number of numbers(60, 80)) store.drop(id(number))
  const { entered, trips } = listing(store, { limit: 10 })
  t.same(entered, numbers(50, 59).reverse())
  t.same(trips, ['recent', 20, 10, 'range', 'page 3', 10], 'of which those in a second trip were needed')
  t.same(listing(store, { limit: 9 }).trips, ['recent', 19, 11])
  t.same(listing(store, { limit: 2 }).trips, ['recent', 12, 12])
})

t.test("a list goes on after a session, in its own store from that session's page", async (t) => {
  const store = holding([9, 8], { 1: [1, 2], 2: [3, 4], 3: [5, 6] })
  const from = (number: number, of: number, page: number) => {
    const { entered, trips } = listing(store, { after: { entered: number, id: id(number), store: of, page } })
    return [entered, trips.filter((trip) => typeof trip === 'string')]
  }
  t.same(from(9, 1, 0), [
    [8, 6, 5, 4, 3, 2, 1],
    ['recent', 'range', 'page 3']
  ])
  t.same(from(4, 1, 2), [
    [3, 2, 1],
    ['recent', 'range', 'page 2']
  ])
  t.same(
    from(4, 0, 2),
    [
      [3, 2, 1],
      ['recent', 'range', 'page 3']
    ],
    'a page of another store says nothing'
  )
  t.same(from(1, 1, 1), [[], ['recent', 'range', 'page 1']])
})

t.test('what is no live session of the user is in no list', async (t) => {
  const lives = (text: string, name = 'login') => {
    const store = new Records()
    store.put(places.recent, formatIndex(indexOf([1], name)))
    store.put(id(1), text)
    return listing(store).entered.length === 1
  }
  t.equal(lives('{"c":6,"s":"ada"}'), true)
  t.equal(lives('{"c":5,"s":"ada"}'), false, 'all were cleared at that moment')
  t.equal(lives('{"c":6,"s":"bob"}'), false)
  t.equal(lives('{"c":6}'), false)
  t.equal(lives('{"c":6,"x":true}'), false)
  t.equal(lives(`{"c":6,"s":"ada","n":["${id(2)}",0]}`), false)
  t.equal(lives('x'), false)
  t.equal(lives('{"c":6,"s":"ada"}', 'nothing'), false, 'a session that the options do not have')
})

t.test('a session is told with its times, its values, and whether its cookie outlives the browser', async (t) => {
  const described = (name: string, record: object) => {
    const store = new Records()
    store.put(places.recent, formatIndex(indexOf([1], name)))
    store.put(id(1), JSON.stringify({ c: END - 2 * HOUR, s: 'ada', ...record }), END)
    return listing(store).found[0]?.session
  }
  t.strictSame(described('login', { p: { n: 3 } }), {
    name: 'login',
    id: id(1),
    subjects: ['ada'],
    createdAt: new Date(END - 2 * HOUR),
    usedAt: new Date(END - HOUR),
    expiresAt: new Date(END),
    persistent: false,
    data: { n: 3 }
  })
  t.same(described('login', { m: 7200 })?.usedAt, new Date(END - 2 * HOUR))
  const persistent = (name: string, record: object) => described(name, record)?.persistent
  t.equal(persistent('login', { m: 7200 }), true)
  t.equal(persistent('login', { m: false }), false)
  t.equal(persistent('kept', {}), true)
  t.equal(persistent('kept', { m: false }), false)
  t.equal(persistent('kept', { m: 60 }), true)
})
