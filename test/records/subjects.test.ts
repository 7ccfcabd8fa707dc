import t from 'tap'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { endRecords } from '../../lib/records/ending.js'
import { formatRecord } from '../../lib/records/record.js'
import { runJob } from '../../lib/records/rounds.js'
import { areSame, hasSubject, subjectsOf, withoutSubjects, withSubjects } from '../../lib/records/subjects.js'
import {
  formatTicket,
  isStoreId,
  newSecret,
  newTicket,
  parseTicket,
  reservedId,
  storeId
} from '../../lib/records/ticket.js'

t.test('a record names its user first, and further subjects only beside that user', async (t) => {
  const messages = { notice: [1, 'hello'] }
  const several = withSubjects(messages, ['ann', 'org:7', 'sid:1'])
  t.strictSame({ ...several }, { notice: [1, 'hello'], '@': ['ann', ['org:7', 'sid:1']] })
  t.equal(Object.getPrototypeOf(several), null, 'a kind may have the name of a member of every object')
  for (const [record, subjects] of [
    [{ c: 1 }, []],
    [{ c: 1, f: several }, []],
    [{ c: 1, s: 'ann' }, ['ann']],
    [{ c: 1, s: 'ann', f: messages }, ['ann']],
    [{ c: 1, s: 'ann', f: several }, ['ann', 'org:7', 'sid:1']],
    [{ c: 1, s: 'bob', f: several }, ['bob']],
    [{ c: 1, s: 'ann', f: { '@': ['ann', 'org:7'] } }, ['ann']],
    [{ c: 1, s: 'ann', f: { '@': ['ann', ['', 7, null, 'org:7']] } }, ['ann', 'org:7']]
  ] as const) {
    t.strictSame(subjectsOf(record as never), subjects)
    for (const subject of ['ann', 'bob', 'org:7', 'sid:1', 'eve']) {
      t.equal(hasSubject(record as never, subject), (subjects as readonly string[]).includes(subject))
    }
  }
  t.equal(hasSubject({ c: 1, s: 'ann', f: several } as never, 'notice'), false)
})

t.test('subjects and messages are told apart', async (t) => {
  const messages = { notice: [1, 'hello'] }
  t.equal(withSubjects(messages, []), messages)
  t.equal(withSubjects(messages, ['ann']), messages)
  t.equal(withSubjects(undefined, ['ann']), undefined)
  t.strictSame({ ...withSubjects(undefined, ['ann', 'org:7']) }, { '@': ['ann', ['org:7']] })
  t.equal(withoutSubjects(undefined), undefined)
  t.equal(withoutSubjects(messages), messages)
  t.strictSame({ ...withoutSubjects(withSubjects(messages, ['ann', 'org:7'])) }, messages)
  t.equal(withoutSubjects(withSubjects(undefined, ['ann', 'org:7'])), undefined)
  for (const [some, others, same] of [
    [[], [], true],
    [['a'], ['a'], true],
    [['a', 'b'], ['a', 'b'], true],
    [['a', 'b'], ['b', 'a'], false],
    [['a', 'b'], ['a', 'c'], false],
    [['a'], ['a', 'b'], false],
    [['a', 'b'], ['a'], false]
  ] as const) {
    t.equal(areSame(some, others), same)
  }
})

t.test('a ticket is read as it was written, and nothing else is one', async (t) => {
  const secret = newSecret()
  t.match(secret, /^[\w-]{24}$/)
  t.not(newSecret(), secret)
  t.strictSame(newTicket(secret, 'id', 5), { secret, id: 'id', createdAt: 5, expires: 0 })
  for (const [createdAt, expires] of [
    [0, 0],
    [1, 35],
    [1_700_000_000_000, 1_700_000_600_000],
    [-5, -36],
    [8.64e15, 8.64e15]
  ] as const) {
    const text = formatTicket({ secret, createdAt, expires })
    t.strictSame(parseTicket(text), { secret, id: storeId(secret), createdAt, expires }, text)
  }
  t.equal(parseTicket(`${secret}.a.b.i1`)?.expires, 11, 'a fraction of a millisecond is left out')
  for (const length of [16, 64]) t.ok(parseTicket(`${'a'.repeat(length)}.a.b`))
  const others = [15, 65].map((length) => `${'a'.repeat(length)}.a.b`)
  others.push('', secret, `${secret}.a`, `${secret}..b`, `${secret}.a.`, `${secret}.a.b.`, `${secret}.a.b.c.d`)
  others.push(
    `${secret}.A.b`,
    `${secret}.a.B`,
    `${secret}.a.b.C`,
    `${secret}.--a.b`,
    `${secret}.a.--b`,
    `${secret}:.a.b`
  )
  others.push(`${secret}.${'z'.repeat(12)}.b`, `${secret}.a.${'z'.repeat(12)}`, `${secret}.${'z'.repeat(11)}.b`)
  others.push(
    `${secret}.a.${'z'.repeat(11)}`,
    ` ${secret}.a.b`,
    `${secret}.a.b `,
    `${secret}.a.b\n`,
    `/../${secret}.a.b`
  )
  for (const other of others) t.equal(parseTicket(other), undefined, other)
})

t.test('the id of a record tells nothing of its secret, and can be no path', async (t) => {
  const id = storeId('secret')
  t.equal(id, 'K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols')
  t.equal(reservedId('secret', undefined), id)
  t.equal(reservedId('secret', 'shop'), storeId('app "shop" secret'))
  const go = 'A2'.repeat(26)
  t.same([isStoreId(id), isStoreId(go)], [true, true])
  const others = [undefined, 1, '', id.slice(1), `${id}a`, `/${id}`, `${id.slice(1)}/`, `${id.slice(1)}.`, `${id}\n`]
  for (const other of [
    ...others,
    `${go}A`,
    go.slice(1),
    `${go.slice(1)}1`,
    `${go.slice(1)}a`,
    `a${go.slice(1)}`,
    'a',
    'A'
  ]) {
    t.equal(isStoreId(other), false, String(other))
  }
})

t.test('records are marked as ended before they are removed, except those that changed meanwhile', async (t) => {
  const memory = memoryStore()
  const writes: unknown[] = []
  const { update, remove } = memory
  const store = Object.assign(memory, {
    saveMany: undefined,
    update: (...given: Parameters<typeof update>) => {
      const [id, text, expires] = given
      writes.push([id, text, expires - Date.now() > 59_000 && expires - Date.now() <= 60_000])
      return update.apply(memory, given)
    },
    remove: (id: string) => {
      writes.push([id])
      return remove.call(memory, id)
    }
  }) as RecordStore
  const record = { c: 7, s: 'ann' }
  const doomed = []
  for (const id of ['a', 'b', 'c']) {
    const version = await store.create(id, formatRecord(record), Date.now() + 600_000)
    doomed.push({ id, record, version: version as never })
  }
  await update.call(memory, 'b', formatRecord({ c: 8 }), Date.now() + 600_000, doomed[1]?.version as never)
  t.strictSame(await runJob(store, endRecords(doomed)), ['a', 'c'])
  const marked = ['a', 'b', 'c'].map((id) => [id, '{"c":7,"x":true}', true])
  t.strictSame(writes, [...marked, ['a'], ['c']])
  t.equal((await store.read('b'))?.text, '{"c":8}')
  t.strictSame(await runJob(store, endRecords([])), [])
})
