import t from 'tap'
import { idOf, type Origin, versionOf, withoutTicket, withTicket } from '../../lib/session/origin.js'
import { originOf, writtenOrigin } from '../../lib/session/stored-origin.js'
import { registryOf } from './registry.js'

const NOW = 1_790_000_000_000
const ticket = { secret: 'secret', id: 'an-id', createdAt: NOW, expires: NOW + 1000 }
const bare: Origin = { text: `{"c":${NOW}}`, record: { c: NOW }, expires: NOW + 1000 }

t.test('a record on a store goes with the ticket that its cookie has, and in a cookie with none', async (t) => {
  const placed: Origin = { ...bare, location: { id: 'an-id', version: 3, ticket: undefined } }
  t.strictSame(withTicket(placed, ticket), { ...bare, location: { id: 'an-id', version: 3, ticket } })
  t.strictSame(withoutTicket(withTicket(placed, ticket)), placed)
  t.same([idOf(placed), versionOf(placed)], ['an-id', 3])
  t.strictSame(withTicket(bare, ticket), { ...bare, location: undefined })
  t.strictSame(withoutTicket(bare), { ...bare, location: undefined })
})

const definition = registryOf({}).find('kept')
const read = (text: string) => originOf(definition, 'an-id', { text, expires: NOW + 1000, version: 3 }, ticket)

t.test('only a live record of this plugin is a session, and none that is too long', async (t) => {
  for (const text of ['', 'text', '{}', `{"c":${NOW},"x":true}`, `{"c":${NOW},"s":"${'a'.repeat(300)}"}`]) {
    t.equal(read(text), undefined, text)
  }
  t.equal(originOf(definition, 'an-id', undefined, ticket), undefined)
  t.strictSame(read(bare.text), { ...bare, location: { id: 'an-id', version: 3, ticket } })
})

t.test('the next request reads what was written, not what an app can reach', async (t) => {
  const written = (n: number, isExact: boolean) => {
    const record = { c: NOW, p: { n } }
    const text = JSON.stringify(record)
    const origin = writtenOrigin(definition, { id: 'often', ticket }, { text, record, expires: NOW + 2000, isExact }, 4)
    t.strictSame(origin, { text, record, expires: NOW + 2000, location: { id: 'often', version: 4, ticket } })
    return { record, next: originOf(definition, 'often', { text, expires: NOW + 2000, version: 4 }, ticket)?.record }
  }
  for (let reads = 0; reads < 3; reads++) {
    originOf(definition, 'often', { text: bare.text, expires: NOW + 1000, version: 3 }, ticket)
  }
  const shared = written(1, false)
  t.same(shared.next, shared.record)
  t.not(shared.next, shared.record)
  const own = written(2, true)
  t.equal(own.next, own.record, 'and what nobody can reach need not be parsed')
})
