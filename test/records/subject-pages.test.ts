import t from 'tap'
import { formatIndex, type Index, type Listing, parseIndex, placesOf } from '../../lib/records/subject-index.js'
import {
  addPages,
  narrowed,
  PAGE,
  type PageRange,
  pagesDown,
  readPages,
  readRange,
  writeRange
} from '../../lib/records/subject-pages.js'
import { isSettled, MOST_RECENT, pageOut } from '../../lib/records/subject-upkeep.js'
import { storeId } from '../../lib/records/ticket.js'
import { answerWrites, drive, kindsOf, Records, type Step, withRandom, writesOf } from './jobs.js'

const MINUTE = 60_000
const NOW = 1_790_000_000_000
const places = placesOf('ada', undefined)

const id = (number: number) => storeId(`session ${number}`)
const listing = (entered: number, ends = NOW + MINUTE): Listing => ({
  name: 'login',
  ends,
  entered,
  isLeaving: false,
  waitsUntil: 0,
  replaces: undefined
})
const range = (first: number, last: number, next = first): PageRange => ({ first, last, next, stored: undefined })
const page = (...numbers: readonly number[]): Index => new Map(numbers.map((number) => [id(number), listing(number)]))
const bare = ({ first, last, next }: PageRange) => [first, last, next]

const rangeIn = (records: Records) => bare(drive(readRange(places), records.answer).result)
const pageIn = (records: Records, number: number) => [...parseIndex(records.get(places.page(number))?.text).keys()]

t.test('a range reads as it was written, and what is none counts as none', async (t) => {
  for (const sound of [
    [1, 0, 1],
    [1, 3, 2],
    [5, 4, 9],
    [1, 100_000, 1],
    [7, 7, -1]
  ]) {
    const records = new Records()
    records.put(places.range, JSON.stringify(sound))
    t.same(rangeIn(records), sound)
  }
  const none = [1, 0, 1]
  t.same(rangeIn(new Records()), none)
  for (const text of [
    '',
    'x',
    'null',
    '{}',
    '[]',
    '[1]',
    '[1,2]',
    '["1",2,1]',
    '[1,"2",1]',
    '[1,2,"1"]',
    '[1,2,null]',
    '[0,2,1]',
    '[3,1,3]',
    '[1,100001,1]',
    '[1.5,2,1]',
    '[1,2.5,1]',
    '[1,2,1.5]'
  ]) {
    const records = new Records()
    records.put(places.range, text)
    t.same(rangeIn(records), none, text)
  }
})

t.test('a range is written as it was read, and kept as long as its longest page', async (t) => {
  const records = new Records()
  const write = (end: number) =>
    drive(writeRange(places, { ...drive(readRange(places), records.answer).result, last: 1 }, end), records.answer)
  t.same(write(50).result, true)
  t.hasStrict(records.get(places.range), { text: '[1,1,1]', expires: 50 })
  t.equal(write(70).result, true)
  t.equal(records.get(places.range)?.expires, 70)
  t.equal(write(60).result, true)
  t.equal(records.get(places.range)?.expires, 70)
  const read = drive(readRange(places), records.answer).result
  records.put(places.range, '[1,2,1]')
  t.equal(drive(writeRange(places, read, 80), records.answer).result, false, 'another was faster')
  t.equal(drive(writeRange(places, range(1, 5), 80), records.answer).result, false)
  t.same(rangeIn(records), [1, 2, 1])
})

t.test('pages are gone through from the newest to the oldest, ten in one trip', async (t) => {
  t.same(pagesDown(range(1, 0)), [])
  t.same(pagesDown(range(1, 1)), [[1]])
  t.same(pagesDown(range(3, 5)), [[5, 4, 3]])
  t.same(pagesDown(range(3, 5), 4), [[4, 3]])
  t.same(pagesDown(range(3, 5), 9), [[5, 4, 3]])
  t.same(pagesDown(range(3, 5), 2), [])
  t.same(pagesDown(range(1, 12)), [
    [12, 11, 10, 9, 8, 7, 6, 5, 4, 3],
    [2, 1]
  ])
})

t.test('the oldest pages leave a range when they are empty', async (t) => {
  const without = (first: number, last: number, ...empty: readonly number[]) =>
    bare(narrowed(range(first, last), (number) => empty.includes(number)))
  t.same(without(1, 3), [1, 3, 1])
  t.same(without(1, 3, 2, 3), [1, 3, 1])
  t.same(without(1, 3, 1), [2, 3, 1])
  t.same(without(1, 3, 1, 2, 3, 4), [4, 3, 1])
})

t.test('pages that are no more are left out', async (t) => {
  const records = new Records()
  records.put(places.page(1), formatIndex(page(1)))
  records.put(places.page(3), formatIndex(page(3)))
  const { result, steps } = drive(readPages(places, [3, 2, 1]), records.answer)
  t.same(
    result.map(({ number, index }) => [number, [...index.keys()]]),
    [
      [3, [id(3)]],
      [1, [id(1)]]
    ]
  )
  t.equal(steps.length, 1)
  t.same(drive(readPages(places, []), records.answer), { result: [], steps: [] })
})

t.test('new pages stand behind the others, and are there before the range names them', async (t) => {
  const records = new Records()
  drive(addPages(places, [page(1, 2), page(3)]), records.answer)
  t.same([rangeIn(records), pageIn(records, 1), pageIn(records, 2)], [[1, 2, 1], [id(1), id(2)], [id(3)]])
  const { steps } = drive(addPages(places, [page(4)]), records.answer)
  t.same([rangeIn(records), pageIn(records, 3)], [[1, 3, 1], [id(4)]])
  t.same(kindsOf(steps), ['read', 'create', 'update'])
  t.equal(records.get(places.page(1))?.expires, NOW + MINUTE, 'a page is kept until its last session ends')
  t.equal(records.get(places.range)?.expires, NOW + MINUTE)
  const long = [1, 5, 2].map((minutes) => new Map([[id(minutes), listing(1, NOW + minutes * MINUTE)]]))
  drive(addPages(places, long), records.answer)
  t.equal(records.get(places.range)?.expires, NOW + 5 * MINUTE, 'and the range as long as the longest of them')
  const many = Array.from({ length: 12 }, (_, at) => page(10 + at))
  const writes = drive(addPages(places, many), records.answer).steps.map((step) => writesOf(step).length)
  t.same(writes, [0, 10, 2, 1])
  t.same([rangeIn(records), pageIn(records, 18)], [[1, 18, 1], [id(21)]])
})

t.test('pages that are in the way, since the range was lost, are gone round', async (t) => {
  const records = new Records()
  for (const number of [1, 2, 3, 5]) records.put(places.page(number), formatIndex(page(number)))
  drive(addPages(places, [page(11), page(12)]), records.answer)
  t.same(
    [1, 2, 3, 5].map((number) => pageIn(records, number)),
    [1, 2, 3, 5].map((number) => [id(number)]),
    'none is overwritten'
  )
  const [first, last] = rangeIn(records) as [number, number]
  t.equal(first, 1)
  const found = Array.from({ length: last }, (_, at) => pageIn(records, at + 1)).flat()
  t.same(found.filter((each) => [id(11), id(12)].includes(each)).sort(), [id(11), id(12)].sort())
})

t.test('the further the way is barred, the longer the steps', async (t) => {
  const tried: number[] = []
  const numbers = new Map(Array.from({ length: 5000 }, (_, at) => [places.page(at), at]))
  const answer = (step: Step) => {
    if (step.kind === 'read') return undefined
    return answerWrites(step, ({ id }) => {
      if (id === places.range) return 1
      tried.push(numbers.get(id) ?? -1)
      return tried.length < 14 ? undefined : 1
    })
  }
  drive(addPages(places, [page(1)]), answer)
  t.same(tried, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3072, 4096])
  let tries = 0
  const never = (step: Step) => {
    if (step.kind === 'read') return undefined
    tries++
    return answerWrites(step, () => undefined)
  }
  t.throws(() => drive(addPages(places, [page(1)]), never), { code: 'FST_SESSIONS_CONFLICT' })
  t.equal(tries, 200)
})

t.test('of two that add pages at once, both count', async (t) => {
  for (const [theirs, expected] of [
    // They were faster, and have made the range wide enough or wider: it is written again.
    ['[1,1,1]', [1, 1, 1]],
    ['[1,4,2]', [1, 4, 2]],
    // They have left out pages as empty up to beyond the new one: it is made again.
    ['[3,5,3]', [3, 6, 3]]
  ] as const) {
    const records = new Records()
    let isFirst = true
    const { steps } = withRandom(1, () =>
      drive(addPages(places, [page(1)]), (step) => {
        if (step.kind === 'create' && step.id === places.range && isFirst) {
          isFirst = false
          records.put(places.range, theirs)
        }
        return records.answer(step)
      })
    )
    t.same(rangeIn(records), expected, theirs)
    const isMoved = theirs === '[3,5,3]'
    t.same(pageIn(records, isMoved ? 6 : 1), [id(1)])
    t.same(kindsOf(steps), ['read', 'create', 'create', 'read', ...(isMoved ? ['create'] : []), 'update'])
  }
})

t.test('who loses every race for the range gives up, and waits longer each time before that', async (t) => {
  const pauses: number[] = []
  const never = (step: Step) => {
    if (step.kind === 'pause') pauses.push(step.ms)
    if (step.kind === 'read' || step.kind === 'pause') return undefined
    return answerWrites(step, ({ id }) => (id === places.range ? undefined : 1))
  }
  t.throws(() => withRandom(1, () => drive(addPages(places, [page(1)]), never)), { code: 'FST_SESSIONS_CONFLICT' })
  t.equal(pauses.length, 199)
  t.same(pauses.slice(0, 7), [2, 4, 8, 16, 32, 50, 50])
})

/** A subject's sessions, the first of which are live, and an index of all of them. */
function signedIn(count: number, live: number) {
  const records = new Records()
  const index = new Map(Array.from({ length: count }, (_, at) => [id(at), listing(NOW - 2 * MINUTE + at)]))
  for (let at = 0; at < live; at++) records.put(id(at), JSON.stringify({ c: 1, s: 'ada' }))
  records.put(places.recent, formatIndex(index))
  return { records, index }
}

const recentIn = (records: Records) => [...parseIndex(records.get(places.recent)?.text).keys()]
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => id(from + at))

t.test('of an index that is full the older hundred leave for a page, and the newest stay', async (t) => {
  const { records, index } = signedIn(MOST_RECENT + 1, MOST_RECENT + 1)
  drive(pageOut(places, 'ada', index, NOW), records.answer)
  t.equal(MOST_RECENT + 1 - PAGE, 29)
  t.same(recentIn(records), ids(100, 129))
  t.same(pageIn(records, 1), ids(0, 100))
  t.equal(rangeIn(records)[1], 1)
})

t.test('where so few of the older live that the index has room for them, no page is needed', async (t) => {
  for (const [live, isPaged] of [
    [0, false],
    [67, false],
    [68, true]
  ] as const) {
    const { records, index } = signedIn(MOST_RECENT + 1, live)
    drive(pageOut(places, 'ada', index, NOW), records.answer)
    t.same(recentIn(records), [...(isPaged ? [] : ids(0, live)), ...ids(100, 129)], `${live} live`)
    t.same(pageIn(records, 1), isPaged ? ids(0, live) : [])
  }
})

t.test('older ones stay only while they live, belong to the subject, or are too new to tell', async (t) => {
  const kept = (record: object | string | undefined, more: Partial<ReturnType<typeof listing>> = {}) => {
    const { records, index } = signedIn(MOST_RECENT + 1, 0)
    if (record !== undefined) records.put(id(0), typeof record === 'string' ? record : JSON.stringify(record))
    drive(pageOut(places, 'ada', new Map(index).set(id(0), { ...listing(0), ...more }), NOW), records.answer)
    return recentIn(records).includes(id(0)) || pageIn(records, 1).includes(id(0))
  }
  // In the index that is stored it was entered otherwise, so it stays there whatever becomes of it.
  const entered = { entered: NOW - 2 * MINUTE }
  t.equal(kept({ c: 1, s: 'ada' }, entered), true)
  t.equal(kept({ c: 1, s: 'bob' }, entered), false)
  t.equal(kept({ c: 1 }, entered), false)
  t.equal(kept('x', entered), false)
  t.equal(kept(undefined, entered), false)
  t.equal(kept({ c: 1, s: 'ada' }, { ...entered, ends: NOW }), false)
  t.equal(kept({ c: 1, s: 'ada' }, { ...entered, ends: NOW + 1 }), true)
  t.equal(kept(undefined, { entered: 1 }), true, 'it was entered again meanwhile')
})

t.test('an id that was entered within a minute may have no record yet', async (t) => {
  t.equal(isSettled(listing(NOW - MINUTE), NOW), true)
  t.equal(isSettled(listing(NOW - MINUTE + 1), NOW), false)
  const { records, index } = signedIn(MOST_RECENT + 1, 0)
  const fresh = new Map([...index].map(([each], at) => [each, listing(NOW - MINUTE + (at < 50 ? 0 : 1 + at))]))
  records.put(places.recent, formatIndex(fresh))
  drive(pageOut(places, 'ada', fresh, NOW), records.answer)
  t.same(recentIn(records), ids(50, 129))
})

/** Pages of ten, in which the sessions with even numbers live, or those that `isLive` says. */
function paged(count: number, next: number, isLive: (number: number) => boolean = (number) => number % 2 === 0) {
  const { records, index } = signedIn(MOST_RECENT + 1, MOST_RECENT + 1)
  for (let number = 1; number <= count; number++) {
    const numbers = Array.from({ length: 10 }, (_, at) => 1000 + number * 10 + at)
    records.put(places.page(number), formatIndex(page(...numbers)))
    for (const each of numbers) if (isLive(each)) records.put(id(each), JSON.stringify({ c: 1, s: 'ada' }))
  }
  records.put(places.range, JSON.stringify([1, count, next]))
  drive(pageOut(places, 'ada', index, NOW), records.answer)
  const sizes = Array.from({ length: count }, (_, at) => pageIn(records, at + 1).length)
  return [sizes, rangeIn(records)]
}

t.test('with each page that comes, the next two are cleared of sessions that are no more', async (t) => {
  t.same(paged(5, 1), [
    [5, 5, 10, 10, 10],
    [1, 6, 3]
  ])
  t.same(paged(5, 3), [
    [10, 10, 5, 5, 10],
    [1, 6, 5]
  ])
  t.same(
    paged(5, 5),
    [
      [10, 10, 10, 10, 5],
      [1, 6, 7]
    ],
    'the last of them, and the new one'
  )
  t.same(
    paged(5, 7),
    [
      [5, 5, 10, 10, 10],
      [1, 6, 3]
    ],
    'and from the oldest again'
  )
  t.same(paged(5, 0), [
    [5, 5, 10, 10, 10],
    [1, 6, 3]
  ])
  t.same(
    paged(5, 1, () => true),
    [
      [10, 10, 10, 10, 10],
      [1, 6, 3]
    ]
  )
})

t.test('pages that have become empty leave the range, those that were looked through alone', async (t) => {
  t.same(
    paged(5, 1, () => false),
    [
      [0, 0, 10, 10, 10],
      [3, 6, 3]
    ]
  )
  t.same(
    paged(5, 1, (number) => number >= 1020),
    [
      [0, 10, 10, 10, 10],
      [2, 6, 3]
    ]
  )
  t.same(
    paged(5, 2, () => false),
    [
      [10, 0, 0, 10, 10],
      [1, 6, 4]
    ]
  )
})

t.test('a page that changes while it is cleared stays as it is', async (t) => {
  const { records, index } = signedIn(MOST_RECENT + 1, MOST_RECENT + 1)
  records.put(places.page(1), formatIndex(page(1001)))
  records.put(places.range, '[1,1,1]')
  drive(pageOut(places, 'ada', index, NOW), (step) => {
    if (step.kind === 'update' && step.id === places.page(1)) records.put(places.page(1), formatIndex(page(1002)))
    return records.answer(step)
  })
  t.same(pageIn(records, 1), [id(1002)])
  t.same(rangeIn(records), [1, 2, 3])
})
