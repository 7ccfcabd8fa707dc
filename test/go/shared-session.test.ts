import t from 'tap'
import { fromShared, toShared } from '../../lib/go/shared-session.js'

const FLASHES = ['_flash', 'error']

t.test('what Go does not touch comes back as it was', async (t) => {
  const records = [
    { c: 1 },
    { c: 1, e: 2, v: 3, o: { 2: { a: 1 } }, m: 60, s: 'ada', p: { items: ['a'], nested: { a: null } } },
    { c: 1, f: { _flash: ['n1', 'same', 'n2', 'same', 'n3', { a: 1 }], notice: ['n4', 'ours'], '': ['key', [1]] } }
  ]
  for (const record of records) {
    const shared = toShared(JSON.stringify(record), FLASHES)
    t.same(fromShared(shared, FLASHES, { c: 9 }), record)
  }
})

t.test('what is no live session says nothing to Go, and comes back as it is', async (t) => {
  for (const text of [
    '{"c":1,"x":true}',
    '{"c":1,"n":["id",5],"p":{"user":"ada"}}',
    '{"id":["login",5,6]}',
    'text',
    ''
  ]) {
    const shared = toShared(text, FLASHES)
    t.same(shared.values, {})
    t.equal(fromShared(shared, FLASHES, { c: 9 }), text)
  }
})

t.test('messages keep their names by what they say, whatever Go took or added', async (t) => {
  const text = JSON.stringify({ c: 1, f: { _flash: ['n1', 'a', 'n2', 'b', 'n3', 'a'], error: ['n4', 'x'] } })
  const { own } = toShared(text, FLASHES)
  const after = (_flash: readonly string[]) =>
    (fromShared({ values: { _flash }, own }, FLASHES, { c: 9 }) as { f?: Record<string, string[]> }).f?.['_flash']
  t.same(after(['a', 'b', 'a']), ['n1', 'a', 'n2', 'b', 'n3', 'a'])
  t.same(after(['b']), ['n2', 'b'])
  t.same(after([]), undefined)
  const [known, , added, , again] = after(['b', 'new', 'new']) as string[]
  t.equal(known, 'n2')
  t.not(added, again, 'no two have one name')
  t.same(after(['b', 'new', 'new']), after(['b', 'new', 'new']), 'and each keeps it')
})

t.test('a session that Go began holds its values, and has begun when the caller says', async (t) => {
  const values = { user: 'ada', _flash: ['hi'], error: 'no list' }
  t.match(fromShared({ values, own: undefined }, FLASHES, { c: 9 }), {
    c: 9,
    p: { user: 'ada', error: 'no list' },
    f: { _flash: [String, 'hi'] }
  })
})
