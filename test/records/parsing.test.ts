import t from 'tap'
import { formatRecord, isLonger, parseRecord, type SessionRecord } from '../../lib/records/record.js'
import {
  formatTicket,
  isStoreId,
  newSecret,
  newTicket,
  parseTicket,
  reservedId,
  storeId
} from '../../lib/records/ticket.js'

const ID = storeId('secret')
const LAST_MOMENT = 8.64e15

/** By member of a record: what the plugin writes there, and what it never does. */
const MEMBERS: Readonly<Record<string, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>> = {
  c: {
    good: [0, 1.5, -1, LAST_MOMENT, -LAST_MOMENT],
    bad: [undefined, null, '1', {}, LAST_MOMENT + 1, -LAST_MOMENT - 1]
  },
  e: { good: [0, LAST_MOMENT], bad: [null, '1', [], LAST_MOMENT + 1] },
  v: { good: [1, 2, 1000], bad: [null, '1', 0, -1, 1.5, 2 ** 53] },
  o: { good: [{}, { 1: {} }, { 1: { a: 1 }, 2: {} }], bad: [null, [], 'x', { 1: [] }, { 1: {}, 2: null }, { 1: 'x' }] },
  p: { good: [{}, { a: [null] }], bad: [null, [], 'x', 1, true] },
  f: {
    good: [
      {},
      { a: [0] },
      { a: [1, 'm', 'n'] },
      { a: ['n', 'm'] },
      { a: ['n', 1, 'o', null], b: [1] },
      { '': ['key', {}] }
    ],
    bad: [
      null,
      [],
      'x',
      { a: {} },
      { a: [] },
      { a: null },
      { a: [null] },
      { a: ['n'] },
      { a: ['n', 'm', 'o'] },
      { a: ['n', 'm', 1, 'x'] },
      { a: [1], b: 1 }
    ]
  },
  m: { good: [false, 1, 0.5, 60], bad: [null, true, '1', 0, -1, LAST_MOMENT + 1] },
  s: { good: ['ada', ' '], bad: [null, '', 1, {}, ['ada']] },
  n: {
    good: [
      [ID, 1],
      [ID, 1, 'sealed'],
      [ID, 1, 'sealed', 'user'],
      [ID, 1, 'sealed', 'rights']
    ],
    bad: [
      null,
      {},
      'x',
      [],
      [ID],
      ['x', 1],
      [1, 1],
      [ID, '1'],
      [ID, null],
      [ID, 1, 2],
      [ID, 1, null],
      [ID, 1, 'sealed', 'x'],
      [ID, 1, 'sealed', null],
      [`${ID}x`, 1]
    ]
  },
  x: { good: [true], bad: [null, false, 1, 'true'] }
}

t.test('a record is one only if each member is what this plugin writes', async (t) => {
  for (const [name, { good, bad }] of Object.entries(MEMBERS)) {
    for (const value of good) {
      const record = { c: 1, [name]: value }
      t.same(parseRecord(JSON.stringify(record)), record, JSON.stringify(record))
    }
    for (const value of bad) {
      const record = { c: 1, [name]: value }
      t.equal(parseRecord(JSON.stringify(record)), undefined, JSON.stringify(record))
    }
  }
  for (const text of ['', '{', 'null', '1', '"x"', '[]', '[{"c":1}]', '{}', '{"c":1e999}', 'x{"c":1}']) {
    t.equal(parseRecord(text), undefined, text)
  }
})

t.test('every member of a record is written, and one that changed takes the place of the former', async (t) => {
  const former = { c: 1, p: { a: 1 } }
  const text = formatRecord(former)
  t.equal(text, '{"c":1,"p":{\n"a":1\n}}')
  for (const [name, { good }] of Object.entries(MEMBERS)) {
    if (name === 'p' || name === 'c') continue
    for (const value of good) {
      const record = { ...former, [name]: value } as SessionRecord
      const written = formatRecord(record, { text, record: former, changed: [] })
      t.same(parseRecord(written), record)
      t.equal(written, `{"c":1,"${name}":${JSON.stringify(value)},"p":{\n"a":1\n}}`)
      t.equal(formatRecord(former, { text: written, record, changed: [] }), text, 'and leaves it again')
    }
  }
  t.equal(formatRecord({ c: 1 }), '{"c":1}')
  t.equal(formatRecord({ c: 1 }, { text, record: former, changed: [] }), '{"c":1}')
  t.equal(formatRecord(former, { text: '{"c":1}', record: { c: 1 }, changed: [] }), text)
})

t.test('a text is measured in bytes', async (t) => {
  for (const [text, most, expected] of [
    ['', 0, false],
    ['aaa', 3, false],
    ['aaa', 2, true],
    ['é', 2, false],
    ['é', 1, true],
    ['€€', 6, false],
    ['€€', 5, true],
    ['😀', 4, false],
    ['😀', 3, true],
    ['a'.repeat(100), 99, true]
  ] as const) {
    t.equal(isLonger(text, most), expected, `${text} ${most}`)
  }
})

t.test('a ticket reads as it was written, and nothing else is one', async (t) => {
  for (const [createdAt, expires] of [
    [0, 0],
    [1_790_000_000_000, 1_790_000_000_000 + 0.5],
    [-1, -36],
    [LAST_MOMENT, LAST_MOMENT]
  ] as const) {
    const secret = newSecret()
    const ticket = parseTicket(formatTicket({ secret, createdAt, expires }))
    t.same(ticket, { secret, id: storeId(secret), createdAt, expires: Math.trunc(expires) })
  }
  const secret = 's'.repeat(16)
  t.same(parseTicket(`${secret}.1.10`), { secret, id: storeId(secret), createdAt: 1, expires: 36 })
  t.same(parseTicket(`${'s'.repeat(64)}.-z.a`)?.createdAt, -35)
  for (const text of [
    '',
    secret,
    `${secret}.1`,
    `${secret}.1.`,
    `${secret}..1`,
    `${secret}.1.1.`,
    `${secret}.1.1.1.1`,
    `${secret}.A.1`,
    `${secret}.1.A`,
    `${secret}.1.1 `,
    ` ${secret}.1.1`,
    `${secret}+.1.1`,
    `${'s'.repeat(15)}.1.1`,
    `${'s'.repeat(65)}.1.1`,
    `${secret}.--1.1`,
    `${secret}.${'1'.repeat(12)}.1`,
    `${secret}.zzzzzzzzzzz.1`,
    `${secret}.1.zzzzzzzzzzz`,
    `${secret}.1.-zzzzzzzzzzz`
  ]) {
    t.equal(parseTicket(text), undefined, text)
  }
  t.same(newTicket('a', 'b', 1), { secret: 'a', id: 'b', createdAt: 1, expires: 0 }, 'a new one is due at once')
})

t.test('ids are hashes, which tell nothing of what they were made from, and each app has its own', async (t) => {
  t.equal(newSecret().length, 24)
  t.equal(reservedId('purpose', undefined), storeId('purpose'))
  t.equal(reservedId('purpose', 'shop'), storeId('app "shop" purpose'))
  t.equal(isStoreId(ID), true)
  for (const other of [undefined, 1, [ID], `${ID}x`, ID.slice(1), `${ID.slice(1)}/`, `x\n${ID}`]) {
    t.equal(isStoreId(other), false, String(other))
  }
})

t.test('the name of a definition is text, and its records are written anew under another name', async (t) => {
  for (const d of [1, null, true, ['a'], {}]) t.equal(parseRecord(JSON.stringify({ c: 1, d })), undefined)
  t.strictSame(parseRecord('{"c":1,"d":"cart"}'), { c: 1, d: 'cart' })
  const record = { c: 1, d: 'cart', p: { a: 1, b: 'x' } }
  const text = formatRecord(record)
  t.equal(text, '{"c":1,"d":"cart","p":{\n"a":1,\n"b":"x"\n}}')
  const former = { text, record, changed: [] }
  t.equal(formatRecord({ ...record, d: 'login' }, former), text.replace('cart', 'login'))
  t.equal(formatRecord({ c: 1, d: 'cart' }, former), '{"c":1,"d":"cart"}')
  t.equal(formatRecord({ ...record, c: 2 }, former), text.replace('"c":1', '"c":2'))
  const empty = { c: 1, d: 'cart' }
  t.equal(formatRecord(record, { text: formatRecord(empty), record: empty, changed: ['a', 'b'] }), text)
})
