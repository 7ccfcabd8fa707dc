import t from 'tap'
import { follow, followNewest, pointer, ticketTo } from '../../lib/load/successor.js'
import type { Cut, Successor } from '../../lib/records/record.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { idOf } from '../../lib/session/origin.js'
import { drive, Records, type Step } from '../records/jobs.js'
import { definitionsOn, originOf } from './visits.js'

const NOW = 1_790_000_000_000
const { kept } = definitionsOn()

/** Records of which each points to the next one, but for the last; `cuts` say why the links were cut off. */
function chain(length: number, cuts: readonly (Cut | undefined)[] = []) {
  const records = new Records()
  const secrets = Array.from({ length }, newSecret)
  const put = (at: number, n?: Successor) =>
    records.put(storeId(secrets[at] as string), JSON.stringify({ c: NOW, p: { n: at }, ...(n && { n }) }))
  for (let at = 0; at < length; at++) {
    put(at)
    const next = secrets[at + 1]
    if (next !== undefined) put(at, pointer(kept, originOf(records, secrets[at] as string), next, NOW, cuts[at]))
  }
  const first = originOf(records, secrets[0] as string)
  const ids = secrets.map(storeId) as [string, ...string[]]
  return { records, secrets: secrets as [string, ...string[]], ids, first, put }
}

t.test('whoever has an old id comes to the live record, however often it was replaced', async (t) => {
  for (const length of [1, 2, 5]) {
    const { records, ids, first } = chain(length)
    const { result, steps } = drive(follow(kept, first), records.answer)
    t.equal(result && idOf(result.end), ids.at(-1))
    t.equal(result?.last && idOf(result.last), ids.at(-2))
    t.equal(result?.cut, undefined)
    t.equal(steps.length, length - 1)
  }
})

t.test('new rights cut off more than another user does, wherever on the way', async (t) => {
  const ways: readonly (readonly [Cut | undefined, Cut | undefined, Cut | undefined])[] = [
    [undefined, undefined, undefined],
    ['user', undefined, 'user'],
    [undefined, 'user', 'user'],
    [undefined, 'rights', 'rights'],
    ['rights', undefined, 'rights'],
    ['user', 'rights', 'rights'],
    ['rights', 'user', 'rights']
  ]
  for (const [one, other, cut] of ways) {
    const { records, first } = chain(3, [one, other])
    t.equal(drive(follow(kept, first), records.answer).result?.cut, cut, `${one}, ${other}`)
  }
})

t.test('where the live record has been ended there is nothing to come to', async (t) => {
  const { records, ids, first } = chain(3)
  records.drop(ids[2] as string)
  t.equal(drive(follow(kept, first), records.answer).result, undefined)
})

t.test('records that point to each other are an error of the store, and asked for once', async (t) => {
  const { records, secrets, first, put } = chain(3)
  const back = pointer(kept, originOf(records, secrets[2] as string), secrets[0], NOW, undefined)
  put(2, back)
  let asked = 0
  const answer = (step: Step) => {
    asked++
    return records.answer(step)
  }
  const run = () => drive(follow(kept, first), answer)
  t.throws(run, {
    code: 'FST_SESSIONS_STORE',
    message: 'session "kept": its store failed: its id was replaced 3 times, and no end is in sight'
  })
  t.equal(asked, 2)
})

t.test('a way of a thousand records is an error, too', async (t) => {
  const links = (count: number) => {
    const records = new Records()
    const ids = Array.from({ length: count + 1 }, () => storeId(newSecret()))
    for (const [at, id] of ids.entries()) {
      const next = ids[at + 1]
      records.put(id, JSON.stringify({ c: NOW, ...(next && { n: [next, NOW] }) }))
    }
    const [first, last] = [ids[0] as string, ids[count] as string]
    const record = { c: NOW, n: [ids[1] as string, NOW] as const }
    const origin = { text: '', record, expires: NOW, location: { id: first, version: 1, ticket: undefined } }
    return { run: () => drive(follow(kept, origin), records.answer).result, last }
  }
  const { run, last } = links(999)
  const trail = run()
  t.equal(trail && idOf(trail.end), last)
  t.throws(links(1000).run, {
    code: 'FST_SESSIONS_STORE',
    message: 'session "kept": its store failed: its id was replaced 1000 times, and no end is in sight'
  })
})

t.test('the live record is looked for from what is stored now', async (t) => {
  const { records, secrets, ids, first, put } = chain(3)
  records.drop(ids[0])
  const known = drive(followNewest(kept, first), records.answer)
  t.equal(known.result && idOf(known.result.end), ids[2], 'where it was replaced before')
  put(0)
  const live = originOf(records, secrets[0])
  const alone = drive(followNewest(kept, live), records.answer)
  t.same(alone.result?.end, live, 'where it was not')
  put(0, first.record.n)
  const meanwhile = drive(followNewest(kept, live), records.answer)
  t.equal(meanwhile.result && idOf(meanwhile.result.end), ids[2], 'where it was meanwhile')
  records.drop(ids[0])
  t.equal(drive(followNewest(kept, live), records.answer).result, undefined, 'where it was ended')
})

t.test('the cookie of the live record is given to who comes by the record before it', async (t) => {
  const { records, secrets, ids, first } = chain(3)
  const { result } = drive(follow(kept, first), records.answer)
  if (result?.last === undefined) throw new Error('there is no end')
  const { end, last } = result
  t.same(ticketTo(kept, result), { secret: secrets[2], id: ids[2], createdAt: NOW, expires: 0 })
  t.equal(ticketTo(kept, { ...result, last: undefined }), undefined, 'nothing was replaced')
  const [id, until] = last.record.n as Successor
  const pointing = (n: Successor, place = last) => ({ end, cut: undefined, last: { ...place, record: { c: NOW, n } } })
  t.equal(ticketTo(kept, pointing([id, until])), undefined, 'no secret is kept')
  t.equal(ticketTo(kept, pointing(last.record.n as Successor, first)), undefined, 'it is sealed for one record')
  const another = pointer(kept, last, newSecret(), until, undefined)[2] as string
  t.equal(ticketTo(kept, pointing([id, until, another])), undefined, 'it is the secret of another one')
})
