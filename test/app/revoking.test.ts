import t from 'tap'
import type { View } from '../../lib/app/subject-list.js'
import { type Choice, revoke } from '../../lib/app/subject-revoke.js'
import { backoff, formatIndex, type Listing, MAX_TRIES, parseIndex, placesOf } from '../../lib/records/subject-index.js'
import { storeId } from '../../lib/records/ticket.js'
import { exactly } from '../exactly.js'
import { answerWrites, drive, kindsOf, Records, type Step, withRandom, writesOf } from '../records/jobs.js'

const HOUR = 3_600_000
const view: View = { app: undefined, definitions: new Map(), clearedAt: 0 }
const places = placesOf('ada', undefined)
const [one, two, three, four] = ['one', 'two', 'three', 'four'].map(storeId) as [string, string, string, string]
const NO_ID = 'not an id'

const live = (more: object = {}) => JSON.stringify({ c: 1, s: 'ada', ...more })
const replacedBy = (id: string) => live({ n: [id, 0] })
const listing = (entered = 1): Listing => ({
  name: 'login',
  ends: Date.now() + HOUR,
  entered,
  isLeaving: false,
  waitsUntil: 0,
  replaces: undefined
})

/** A store with these records, whose ids stand in the index of the subject, or in another one. */
function holding(records: Readonly<Record<string, string | undefined>>, at = places.recent, entered = 1): Records {
  const store = new Records()
  store.put(at, formatIndex(new Map(Object.keys(records).map((id) => [id, listing(entered)]))))
  for (const [id, text] of Object.entries(records)) if (text !== undefined) store.put(id, text)
  return store
}

const indexIn = (store: Records, at = places.recent) => [...parseIndex(store.get(at)?.text).keys()]
const asked = (steps: readonly Step[]) =>
  steps.map((step) => (step.kind === 'read' ? [step.id] : step.kind === 'readMany' ? step.ids : []))

/** What revoking does to a store: how many sessions it ends, which it tells of, and what it asks of the store. */
function revoking(store: Records, choice: Choice = {}, answer: (step: Step) => unknown = store.answer) {
  const told: (readonly [string, string | undefined])[] = []
  const { result, steps } = drive(
    revoke(view, 'ada', choice, (id, name) => void told.push([id, name])),
    answer
  )
  return { count: result, told, steps, kinds: kindsOf(steps), asked: asked(steps).flat() }
}

t.test('all sessions of the user end, are told by their names, and leave the list', async (t) => {
  const store = holding({ [one]: live(), [two]: live() })
  store.put(three, live())
  const { count, told, kinds } = revoking(store)
  t.equal(count, 2)
  t.same(told, [
    [one, 'login'],
    [two, 'login']
  ])
  t.same([store.get(one), store.get(two)], [undefined, undefined])
  t.same(indexIn(store), [])
  t.same(kinds, ['read', 'read', 'update', 'remove', 'update', 'read'], 'the last asks for pages, and there are none')
  t.not(store.get(three), undefined, 'what is in no list is no session of the user')
})

t.test('what is no live session of the user does not count, and leaves the list all the same', async (t) => {
  for (const text of [
    undefined,
    'x',
    live({ c: 0 }),
    live({ s: 'bob' }),
    JSON.stringify({ c: 1 }),
    live({ x: true }),
    replacedBy(NO_ID)
  ]) {
    const store = holding({ [one]: text })
    const { count, told, asked } = revoking(store)
    t.equal(count, 0, `${text}`)
    t.same(told, [])
    t.equal(store.get(one)?.text, text)
    t.same(indexIn(store), [])
    t.same(asked, [places.recent, one, places.range])
  }
})

t.test('those to keep stay, and where nothing else is listed nothing is written', async (t) => {
  const store = holding({ [one]: live(), [two]: live() })
  const ended = revoking(store, { except: [one, NO_ID] })
  t.equal(ended.count, 1)
  t.same(ended.asked, [places.recent, two, one, places.range])
  t.same(indexIn(store), [one])
  t.not(store.get(one), undefined)
  const { count, asked, kinds } = revoking(store, { except: [one, NO_ID] })
  t.equal(count, 0)
  t.same(asked, [places.recent, places.range])
  t.same(kinds, ['read', 'read'])
})

t.test('only those that are named end, listed or not, and no text that is no id is asked for', async (t) => {
  const store = holding({ [one]: live(), [two]: live() })
  store.put(three, live())
  const { count, told, asked } = revoking(store, { only: [one, three, NO_ID] })
  t.equal(count, 2)
  t.same(told, [
    [one, 'login'],
    [three, undefined]
  ])
  t.same(indexIn(store), [two])
  t.not(store.get(two), undefined)
  t.same(asked, [one, three, places.recent], 'and no page')
})

t.test('what changes meanwhile is read again, alone', async (t) => {
  const store = holding({ [one]: live(), [two]: live() })
  let isFirst = true
  const { count, asked } = revoking(store, {}, (step) => {
    if (step.kind === 'saveMany' && isFirst) store.put(two, live({ p: {} }))
    if (step.kind === 'saveMany') isFirst = false
    return store.answer(step)
  })
  t.equal(count, 2)
  t.same(asked, [places.recent, one, two, two, places.range])
  t.equal(store.get(two), undefined)
})

t.test('a list that changes meanwhile is read again, and what has ended is not', async (t) => {
  const store = holding({ [one]: live() })
  store.put(two, live())
  let isFirst = true
  const { count, asked } = revoking(store, {}, (step) => {
    if (step.kind === 'update' && step.id === places.recent && isFirst) {
      isFirst = false
      store.put(places.recent, formatIndex(new Map([one, two].map((id) => [id, listing()]))))
    }
    return store.answer(step)
  })
  t.equal(count, 2)
  t.same(asked, [places.recent, one, places.recent, two, places.range])
  t.same(indexIn(store), [])
})

t.test('what was listed a moment ago has perhaps no record yet, and is looked for a second time', async (t) => {
  const store = holding({ [one]: undefined, [two]: live() }, places.recent, Date.now() + HOUR)
  const marked: unknown[] = []
  const { count, asked } = revoking(store, {}, (step) => {
    if (step.kind === 'update' && step.id === places.recent) {
      const index = parseIndex(step.text)
      marked.push([...index].map(([id, { name, isLeaving }]) => [id, name, isLeaving]))
      // The sign-in writes its record.
      if (index.size > 0) store.put(one, live())
    }
    return store.answer(step)
  })
  t.same(marked, [[[one, 'login', true]], []])
  t.equal(count, 2)
  t.same(asked, [places.recent, one, two, places.recent, one, places.range])
  t.equal(store.get(one), undefined)
})

t.test('pages are emptied too, and those that are empty leave the range, from the oldest on', async (t) => {
  const narrowing = (range: string, choice: Choice, pages: Readonly<Record<number, string>>) => {
    const store = new Records()
    store.put(places.range, range)
    for (const [number, id] of Object.entries(pages)) {
      store.put(places.page(Number(number)), formatIndex(new Map([[id, listing()]])))
      store.put(id, live())
    }
    const { count, steps } = revoking(store, choice)
    const isWritten = steps.some((step) => writesOf(step).some(({ id }) => id === places.range))
    const left = Object.keys(pages).map((number) => indexIn(store, places.page(Number(number))).length)
    return [count, left, isWritten ? store.get(places.range)?.text : undefined]
  }
  const pages = { 3: one, 4: two, 5: three }
  t.same(narrowing('[3,5,4]', {}, pages), [3, [0, 0, 0], '[6,5,4]'])
  t.same(narrowing('[3,5,4]', { except: [two] }, pages), [2, [0, 1, 0], '[4,5,4]'])
  t.same(narrowing('[3,5,4]', { except: [one] }, pages), [2, [1, 0, 0], undefined])
  t.same(narrowing('[3,5,4]', { except: [one, two, three] }, pages), [0, [1, 1, 1], undefined])
})

t.test('a session that is given a new id meanwhile ends under that id, or is kept under it', async (t) => {
  const store = holding({ [one]: replacedBy(two), [three]: replacedBy(two) })
  store.put(two, live())
  const ended = revoking(store)
  t.same(ended.told, [[two, undefined]])
  t.same(ended.asked, [places.recent, one, three, two, places.range], 'it is looked for once')

  const kept = holding({ [two]: live(), [three]: live() })
  kept.put(one, replacedBy(two))
  const { told, asked } = revoking(kept, { except: [one] })
  t.same(told, [[three, 'login']])
  t.same(asked, [places.recent, two, three, one, three, one, two, places.range])
  t.same(indexIn(kept), [two])

  const named = holding({ [one]: replacedBy(two), [three]: live() })
  named.put(two, live())
  t.same(revoking(named, { only: [one] }).told, [[two, undefined]])
  t.same(indexIn(named), [three])

  const unreadable = holding({ [two]: live() })
  unreadable.put(one, 'x')
  t.equal(revoking(unreadable, { except: [one, four] }).count, 1)
})

t.test(
  'more than a hundred are read in several trips, and a kept one that is replaced stays kept in each',
  async (t) => {
    const ids = Array.from({ length: 150 }, (_, number) => storeId(`session ${number}`))
    const store = holding(Object.fromEntries(ids.map((id) => [id, live()])))
    store.put(one, replacedBy(ids[149] as string))
    const { count, steps } = revoking(store, { except: [one] })
    t.equal(count, 149)
    t.same(indexIn(store), [ids[149]])
    t.not(store.get(ids[149] as string), undefined)
    t.same(
      asked(steps).flatMap(({ length }) => length || []),
      [1, 101, 102, 52, 1]
    )
  }
)

t.test('who loses each race gives up after many, with ever longer pauses, and tells what had ended', async (t) => {
  const losing = (lost: string) => {
    const store = holding({ [one]: live(), [two]: live() })
    const pauses: number[] = []
    const told: string[] = []
    const job = revoke(view, 'ada', {}, (id) => void told.push(id))
    const answer = (step: Step) => {
      if (step.kind === 'pause') pauses.push(step.ms)
      if (writesOf(step).length === 0) return store.answer(step)
      return answerWrites(step, (write) => (write.id === lost ? undefined : store.answer(write)))
    }
    withRandom(1, () =>
      t.throws(() => drive(job, answer), {
        code: 'FST_SESSIONS_CONFLICT',
        message: exactly(
          `parallel requests changed the record ${MAX_TRIES} times in a row: the session is written by too many requests at once`
        )
      })
    )
    return { told, pauses }
  }
  const pauses = withRandom(1, () => Array.from({ length: MAX_TRIES }, (_, attempt) => backoff(attempt)).slice(1))
  const list = losing(places.recent)
  t.same(list.told, [one, two])
  t.same(list.pauses, pauses)
  const records = losing(two)
  t.same(records.told, [one])
  t.same(records.pauses, pauses.slice(0, -1))
})
