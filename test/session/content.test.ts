import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore } from '../../lib/index.js'
import { parseRecord, type SessionRecord } from '../../lib/records/record.js'
import { KeyRing } from '../../lib/seal/keys.js'
import { Content } from '../../lib/session/content.js'
import type { Encoded, Origin } from '../../lib/session/origin.js'
import { cookieStore } from '../../lib/stores/cookie.js'
import { KEY } from '../client.js'

const NOW = 1_790_000_000_000
const HOUR = 3_600_000
const log = new Proxy({}, { get: () => () => {} }) as FastifyBaseLogger

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)

const schema = z.object({ n: z.number().default(0), list: z.array(z.string()).default([]) })
const lives = { schema, flash: { notice: z.string() }, idle: 3600, absolute: 24 * 3600 }
const registry = new Registry(
  new KeyRing([KEY]),
  { cookie: cookieStore() },
  {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: { kept: { ...lives, store: 'memory', maxBytes: 300 }, sealed: lives }
  },
  new AppEvents()
)
registry.freeze()
const kept = registry.find('kept')

const empty = (definition = kept) => Content.empty(definition, log, NOW, true)

/** A session that was stored an hour ago, at the latest moment of its first hour. */
function stored(more: Partial<SessionRecord> = {}, expires = NOW + HOUR / 2, isUse = true) {
  const record: SessionRecord = { c: NOW - HOUR, p: { n: 1 }, ...more }
  const origin: Origin = { text: JSON.stringify(record), record, expires }
  const data = { n: 1, list: [] }
  return Content.of(kept, log, origin, { payload: { n: 1 }, data, version: 1, form: undefined }, isUse)
}

/** What the store has once a session is saved as it was encoded. */
const saved = ({ text, expires }: Encoded): Origin => ({ text, record: parseRecord(text) as SessionRecord, expires })

t.test('each part that a request sets is one change', async (t) => {
  const content = empty()
  const counts = [content.changeCount]
  const note = (change: () => void) => {
    change()
    counts.push(content.changeCount)
  }
  note(() => content.values.clear())
  note(() => content.values.set('n', 1, 1))
  note(() => content.values.set('list', ['a'], ['a']))
  note(() => {
    content.persist = 60
  })
  note(() => {
    content.subjects = ['ada']
  })
  note(() => content.flashes.add('notice', 'A'))
  t.same(counts, [0, 1, 1, 2, 3, 4, 5])
})

t.test('what is said again is no change', async (t) => {
  const content = stored({ m: 60, s: 'ada' })
  content.persist = 60
  content.subjects = ['ada']
  t.same([content.isChanged, content.isSubjectChanged, content.changeCount], [false, false, 0])
  content.subjects = ['ada', 'org:7']
  t.same([content.isChanged, content.isSubjectChanged, content.changeCount], [true, true, 1])
  t.same([content.subject, content.subjects, content.subjectBefore], ['ada', ['ada', 'org:7'], 'ada'])
  content.subjects = []
  t.same([content.subject, content.subjects, content.subjectBefore], [undefined, [], 'ada'])
})

t.test('a session ends after its idle time, not earlier than before, unless it is told how long to last', async (t) => {
  t.equal(empty().expires(NOW), NOW + HOUR)
  t.equal(stored().expires(NOW), NOW + HOUR)
  t.equal(stored({}, NOW + HOUR / 2, false).expires(NOW), NOW + HOUR / 2, 'a request that is no use')
  t.equal(stored({}, NOW + 2 * HOUR).expires(NOW), NOW + 2 * HOUR)
  const shorter = stored({}, NOW + 2 * HOUR)
  shorter.persist = 60
  t.equal(shorter.expires(NOW), NOW + 60_000)
  const use = stored()
  t.equal(use.isUse, true)
  use.isUse = false
  t.same([use.isUse, use.expires(NOW)], [false, NOW + HOUR / 2])
})

t.test('only a cookie tells its end: a store knows that of its record', async (t) => {
  for (const [definition, end] of [
    [kept, undefined],
    [registry.find('sealed'), NOW + HOUR]
  ] as const) {
    const content = empty(definition)
    content.values.set('n', 1, 1)
    const { record, text, expires } = content.encode(NOW)
    t.same([record.e, expires, JSON.parse(text).e], [end, NOW + HOUR, end], definition.name)
  }
})

t.test('a record that is longer than maxBytes is refused, a cookie has limits of its own', async (t) => {
  const long = ['x'.repeat(400)]
  const [record, cookie] = [empty(), empty(registry.find('sealed'))]
  for (const content of [record, cookie]) content.values.set('list', long, long)
  const message =
    'session "kept": what is to be stored has 439 bytes, more than its maxBytes of 300: keep less in it, or raise maxBytes as far as its store goes'
  t.throws(() => record.encode(NOW), { code: 'FST_SESSIONS_RECORD_SIZE', message })
  t.same(cookie.encode(NOW).record.p, { list: long })
  const longest = ['x'.repeat(2 ** 21)]
  cookie.values.set('list', longest, longest)
  t.equal(cookie.encode(NOW).text.length > 2 ** 21, true)
})

t.test('what is changed while a save is under way is changed after it', async (t) => {
  const content = stored({ m: 60, s: 'ada' })
  content.persist = 120
  content.subjects = ['bob']
  content.values.set('n', 2, 2)
  const first = saved(content.encode(NOW))
  content.persist = 180
  content.subjects = ['eve']
  content.markSaved(first)
  t.same([content.isChanged, content.persist, content.subjects, content.changeCount], [true, 180, ['eve'], 2])
  content.markSaved(saved(content.encode(NOW)))
  t.same([content.isChanged, content.persist, content.subjects, content.changeCount], [false, 180, ['eve'], 0])
})

t.test('what a newer process stored stays in its form until a value changes, and then no longer', async (t) => {
  const form = { v: 2, o: { 1: { n: 1 } }, p: { named: 1 } }
  const record: SessionRecord = { c: NOW - HOUR, ...form }
  const origin: Origin = { text: JSON.stringify(record), record, expires: NOW + HOUR }
  const data = { n: 1, list: [] }
  const content = Content.of(kept, log, origin, { payload: { n: 1 }, data, version: 1, form }, true)
  const next = () => {
    const encoded = content.encode(NOW)
    const { v, o, p } = encoded.record
    content.markSaved({ ...encoded, record: encoded.record })
    t.equal(content.isChanged, false)
    return { v, o, p }
  }
  content.persist = 60
  t.strictSame([next(), next()], [form, form])
  content.values.set('n', 2, 2)
  const own = { v: undefined, o: undefined, p: { n: 2 } }
  t.strictSame([next(), next()], [own, own])
})

t.test('what another request stored meanwhile is taken up, but for what this one set', async (t) => {
  const started = { payload: { n: 1 }, data: { n: 1, list: [] }, version: 1, form: undefined }
  const theirs = { payload: { n: 5 }, data: { n: 5, list: [] }, version: 1, form: undefined }
  const record: SessionRecord = { c: NOW - HOUR, m: 90, s: 'bob', p: { n: 5 } }
  const origin: Origin = { text: JSON.stringify(record), record, expires: NOW + 2 * HOUR }

  const reader = stored({ s: 'ada' })
  reader.rebase(started, theirs, origin)
  t.same([reader.values.get('n'), reader.persist, reader.subject, reader.subjectBefore], [5, 90, 'bob', 'bob'])
  t.equal(reader.expires(NOW), NOW + 2 * HOUR)

  const writer = stored({ s: 'ada' })
  writer.persist = 30
  writer.subjects = ['eve']
  writer.values.set('n', 2, 2)
  writer.rebase(started, theirs, origin)
  t.same([writer.values.get('n'), writer.persist, writer.subject, writer.subjectBefore], [2, 30, 'eve', 'ada'])

  const anew = empty()
  anew.rebase({ payload: {}, data: { n: 0, list: [] }, version: 1, form: undefined }, theirs, origin)
  t.same([anew.subject, anew.subjectBefore], ['bob', 'bob'])
})

t.test('a fork has the changes, and what is done to it is not done here', async (t) => {
  const content = stored({ s: 'ada' })
  content.values.set('n', 2, 2)
  content.flashes.add('notice', 'A')
  const fork = content.fork()
  fork.values.set('n', 3, 3)
  fork.flashes.add('notice', 'B')
  fork.subjects = ['bob']
  t.same([content.values.get('n'), content.flashes.peek('notice'), content.subjects], [2, ['A'], ['ada']])
  t.same([fork.values.get('n'), fork.flashes.peek('notice'), fork.subjects], [3, ['A', 'B'], ['bob']])
})
