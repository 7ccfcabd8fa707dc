import t from 'tap'
import { LONGEST_CACHED, TwoWayCache } from '../../lib/util/two-way-cache.js'

/** Names whose ends are alike share a set of two places. */
const inOneSet = (start: string) => `${start}:same!`

t.test('a cache finds what was put under a name, and only there', async (t) => {
  const cache = new TwoWayCache<number>()
  const names = Array.from({ length: 40 }, (_, index) => `name of ${String(index).padStart(5, '0')}`)
  t.equal(cache.get('name of 00000'), undefined)
  cache.put('name of 00000', 1)
  t.equal(cache.get('name of 00000'), 1)
  for (const name of names.slice(1)) t.equal(cache.get(name), undefined)
  t.equal(cache.get('another 00000'), undefined, 'not even where only the end is the same')
  cache.put('name of 00000', 2)
  t.equal(cache.get('name of 00000'), 2, 'the latest is what counts')
  cache.clear()
  t.equal(cache.get('name of 00000'), undefined)
})

t.test('names that differ early in their ends are spread over the sets', async (t) => {
  const cache = new TwoWayCache<number>()
  const ends = ['aXXXX', 'XaXXX', 'XXaXX', 'XXXaX', 'XXXXa']
  for (const [index, end] of ends.entries()) cache.put(`visitor ${end}`, index)
  t.same(
    ends.map((end) => cache.get(`visitor ${end}`)),
    ends.map((_, index) => index)
  )
  cache.put('ab', 1)
  cache.put('', 2)
  t.same([cache.get('ab'), cache.get('')], [1, 2], 'short names have a place as well')
})

t.test('two names of one set have places, and a third takes that of the older one', async (t) => {
  const cache = new TwoWayCache<string>()
  const [a, b, c] = ['a', 'b', 'c'].map(inOneSet) as [string, string, string]
  const all = () => [a, b, c].map((name) => cache.get(name))
  cache.put(a, 'A')
  cache.put(b, 'B')
  t.same(all(), ['A', 'B', undefined])
  cache.put(a, 'A2')
  t.same(all(), ['A2', 'B', undefined], 'what is put anew keeps its place')
  cache.put(b, 'B2')
  t.same(all(), ['A2', 'B2', undefined])
  cache.put(a, 'A3')
  cache.put(c, 'C')
  t.same(all(), [undefined, 'B2', 'C'])
})

t.test('what is forgotten is gone, and its neighbours are not', async (t) => {
  const [a, b, c] = ['a', 'b', 'c'].map(inOneSet) as [string, string, string]
  for (const gone of [a, b]) {
    const cache = new TwoWayCache<string>()
    cache.put(a, 'A')
    cache.put(b, 'B')
    cache.forget(c)
    t.same([cache.get(a), cache.get(b)], ['A', 'B'])
    cache.forget(gone)
    t.same([cache.get(a), cache.get(b)], gone === a ? [undefined, 'B'] : ['A', undefined])
    cache.put(gone, 'again')
    t.equal(cache.get(gone), 'again')
  }
})

t.test('a name is known the second time, until two others of its set came', async (t) => {
  const cache = new TwoWayCache<string>()
  // The ends of these have one set, but a mark each.
  const ends = { a: '0001f', b: '0005j', c: '0009n' }
  const seen = (name: keyof typeof ends) => cache.wasSeen(`visitor ${ends[name]}`)
  t.same([seen('a'), seen('a'), seen('b'), seen('b'), seen('a')], [false, true, false, true, true])
  t.same([seen('c'), seen('b'), seen('c')], [false, true, true], 'the latest two')
  t.same([seen('a'), seen('c'), seen('b')], [false, true, false], 'and no longer the third')
  t.equal(cache.wasSeen('visitor 00000'), false, 'another set has its own')
  t.equal(seen('b'), true)
})

t.test('what is worth a place is no longer than some kilobytes', async (t) => {
  t.equal(LONGEST_CACHED, 4096)
})
