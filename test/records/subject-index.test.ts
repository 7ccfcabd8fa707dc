import t from 'tap'
import type { StoredRecord } from '../../lib/index.js'
import {
  amendIndex,
  backoff,
  formatIndex,
  type Index,
  type Listing,
  latestEnd,
  newestFirst,
  parseIndex,
  placesOf,
  replaceIndex
} from '../../lib/records/subject-index.js'
import { reservedId, storeId } from '../../lib/records/ticket.js'
import type { Write } from '../../types/store.js'
import { drive, withRandom } from './jobs.js'

type Five = [string, string, string, string, string]
const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map(storeId).sort() as Five

const listing = (entered: number, more: Partial<Listing> = {}): Listing => ({
  name: 'login',
  ends: entered + 1000,
  entered,
  isLeaving: false,
  waitsUntil: 0,
  replaces: undefined,
  ...more
})

const stored = (text: string): StoredRecord => ({ text, expires: 1, version: 7 })

t.test('an index reads as it was written', async (t) => {
  const index: Index = new Map([
    [A, listing(1)],
    [B, listing(2, { isLeaving: true })],
    [C, listing(0, { name: '', ends: -0.5 })],
    [D, listing(3, { waitsUntil: 9 })],
    [E, listing(4, { replaces: A })]
  ])
  const text = formatIndex(index)
  const entries = {
    [A]: ['login', 1001, 1],
    [B]: ['login', 1002, 2, 1],
    [C]: ['', -0.5, 0],
    [D]: ['login', 1003, 3, 0, 9],
    [E]: ['login', 1004, 4, 0, 0, A]
  }
  t.equal(text, JSON.stringify(entries))
  t.same(parseIndex(text), index)
  t.same(parseIndex(undefined), new Map())
  t.same(parseIndex(formatIndex(new Map())), new Map())
})

t.test('what is no index counts as one without sessions, and what is no entry as none', async (t) => {
  for (const text of ['', 'x', 'null', '1', '"x"', `[["login",1,1]]`]) t.same(parseIndex(text), new Map(), text)
  const good = ['login', 2, 1]
  for (const bad of [
    null,
    {},
    'login',
    [],
    ['login'],
    ['login', 2],
    [1, 2, 1],
    ['login', '2', 1],
    ['login', null, 1],
    ['login', 2, '1'],
    ['login', 2, null],
    ['login', 2, -1],
    ['login', 2, 1.5],
    ['login', 1e17, 1],
    ['login', 2, 1e17]
  ]) {
    t.same([...parseIndex(JSON.stringify({ [A]: good, [B]: bad })).keys()], [A], JSON.stringify(bad))
  }
  t.same([...parseIndex(JSON.stringify({ x: good, [`${A}x`]: good, [B]: good })).keys()], [B], 'nor is a foreign id')
  for (const leaving of [0, 2, '1', true, null]) {
    t.equal(parseIndex(JSON.stringify({ [A]: [...good, leaving] })).get(A)?.isLeaving, false, String(leaving))
  }
})

t.test('an index is listed from the newest, and what was entered at one moment by its id', async (t) => {
  const ids = (index: Index) => newestFirst(index).map(([id]) => id)
  t.same(
    ids(
      new Map([
        [A, listing(1)],
        [B, listing(3)],
        [C, listing(2)]
      ])
    ),
    [B, C, A]
  )
  for (const order of [
    [A, B, C],
    [A, C, B],
    [B, A, C],
    [B, C, A],
    [C, A, B],
    [C, B, A]
  ]) {
    t.same(ids(new Map(order.map((id) => [id, listing(1)]))), [C, B, A])
  }
  t.equal(
    latestEnd(
      new Map([
        [A, listing(1)],
        [B, listing(3)],
        [C, listing(2)]
      ])
    ),
    1003
  )
  t.equal(latestEnd(new Map()), 0)
})

t.test('each subject of each app has records of its own', async (t) => {
  const places = placesOf('ada', undefined)
  t.same(
    [places.recent, places.range, places.page(3)],
    [
      reservedId('subject ada', undefined),
      reservedId('pages of ada', undefined),
      reservedId('page 3 of ada', undefined)
    ]
  )
  const all = [places, placesOf('bob', undefined), placesOf('ada', 'shop')].flatMap(({ recent, range, page }) => [
    recent,
    range,
    page(1),
    page(2)
  ])
  t.equal(new Set(all).size, all.length)
})

t.test('an index is replaced as it was read, and kept until its last session ends', async (t) => {
  const index: Index = new Map([
    [A, listing(1)],
    [B, listing(5)]
  ])
  const write = (answer: unknown, record: StoredRecord | undefined, next: Index) =>
    drive(replaceIndex('at', record, next), () => answer)
  t.same(write(1, undefined, index), {
    result: true,
    steps: [{ kind: 'create', id: 'at', text: formatIndex(index), expires: 1005 }]
  })
  t.equal(write(undefined, undefined, index).result, false, 'another was faster')
  t.same(write(1, undefined, new Map()), { result: true, steps: [] }, 'none is written without sessions')
  t.same(write(1, stored('{}'), index), {
    result: true,
    steps: [{ kind: 'update', id: 'at', text: formatIndex(index), expires: 1005, version: 7 }]
  })
  t.equal(write(undefined, stored('{}'), index).result, false)
  const before = Date.now()
  const { result, steps } = write(1, stored('x'), new Map())
  const { expires, ...emptied } = steps[0] as Write & { readonly expires: number }
  t.same([result, emptied], [true, { kind: 'update', id: 'at', text: '{}', version: 7 }])
  t.ok(expires >= before + 60_000 && expires <= Date.now() + 60_000, 'an empty one stays for a minute')
})

/** What a writer does that loses so many races. */
function amended(races: number, change: (index: Index) => Index) {
  let lost = 0
  return withRandom(1, () =>
    drive(amendIndex('at', change), ({ kind }) => {
      if (kind === 'read') return stored(formatIndex(new Map([[A, listing(lost)]])))
      if (kind === 'pause') return undefined
      return lost++ < races ? undefined : 1
    })
  )
}

t.test('who loses races for an index reads it anew each time, and waits longer each time, up to 50 ms', async (t) => {
  const seen: (number | undefined)[] = []
  const { result, steps } = amended(9, (index) => {
    seen.push(index.get(A)?.entered)
    return new Map(index).set(B, listing(9))
  })
  t.same([...result.keys()], [A, B])
  t.same(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const pauses = steps.flatMap((step) => ('ms' in step ? [step.ms] : []))
  t.same(pauses, [2, 4, 8, 16, 32, 50, 50, 50], 'the first time at once')
  t.same(
    steps.slice(0, 2).map(({ kind }) => kind),
    ['read', 'update']
  )
  t.same((steps[0] as { options: unknown }).options, { fresh: true })
})

t.test('an index that is as it has to be is not written', async (t) => {
  const { result, steps } = amended(0, (index) => index)
  t.same([...result.keys()], [A])
  t.same(
    steps.map(({ kind }) => kind),
    ['read']
  )
})

t.test('who loses 200 races gives up, and says so', async (t) => {
  let tries = 0
  t.throws(
    () =>
      amended(1000, (index) => {
        tries++
        return new Map(index)
      }),
    {
      message:
        'parallel requests changed the record 200 times in a row: the session is written by too many requests at once'
    }
  )
  t.equal(tries, 200)
})

t.test('rivals fall out of step by chance', async (t) => {
  const waits = Array.from({ length: 50 }, () => backoff(10))
  t.ok(waits.every((ms) => ms >= 0 && ms <= 50))
  t.ok(new Set(waits).size > 1)
  t.equal(backoff(0), 0)
})
