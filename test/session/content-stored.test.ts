import t from 'tap'
import type { SessionRecord } from '../../lib/records/record.js'
import { Content } from '../../lib/session/content.js'
import type { Form, Read } from '../../lib/session/migrate.js'
import type { Definition } from '../../types/options.js'
import { log, registryOf } from './registry.js'

const NOW = 1_790_000_000_000

/** The content of a session of which this record is stored, as this process reads it. */
function contentOf(more: Partial<Definition>, record: SessionRecord, version: number, form?: Form): Content {
  const text = JSON.stringify(record)
  const payload = { n: 1 }
  const read: Read = { payload, data: { n: 1, list: [] }, version, form, written: { text, record } }
  return Content.of(registryOf(more).find('kept'), log, { text, record, expires: NOW + 1000 }, read, true)
}

const setNumber = ({ values }: Content) => values.set('n', 2, 2)
const setList = ({ values }: Content) => values.set('list', ['a'], ['a'])

t.test('only what nobody else holds, and holds no older form, is what the next request will parse', async (t) => {
  const record = { c: NOW, p: { n: 1 } }
  const forms = { v: 2, o: { 1: { n: 1 } }, p: { named: 1 } }
  for (const [content, change, isExact] of [
    [contentOf({}, record, 1), () => {}, true],
    [contentOf({}, record, 1), setNumber, true],
    [contentOf({}, record, 1), setList, false],
    [contentOf({}, { c: NOW, ...forms }, 1, forms), () => {}, false],
    [contentOf({}, { c: NOW, ...forms }, 1, forms), setNumber, true],
    [contentOf({}, { c: NOW, ...forms }, 1, forms), setList, false]
  ] as const) {
    change(content)
    const encoded = content.encode(NOW)
    t.equal(encoded.isExact, isExact, encoded.text)
  }
})

t.test('older forms are stored beside values of this version alone', async (t) => {
  const step = {
    up: (payload: unknown) => payload,
    down: (payload: unknown) => ({ ...(payload as object), old: true })
  }
  const more = { version: 2, migrate: { 1: step } }
  const form = { v: 3, o: undefined, p: { n: 1 } }
  const own = contentOf(more, { c: NOW, v: 2, p: { n: 1 } }, 2)
  const newer = contentOf(more, { c: NOW, v: 3, p: { n: 1 } }, 3, form)
  const emptied = contentOf(more, { c: NOW, v: 2, p: { n: 1 } }, 2)
  for (const content of [own, newer]) setNumber(content)
  emptied.values.clear()
  t.strictSame(
    [own, newer, emptied].map((content) => {
      const { v, o, p } = content.encode(NOW).record
      return { v, o, p }
    }),
    [
      { v: 2, o: { 1: { n: 2, old: true } }, p: { n: 2 } },
      { v: 3, o: undefined, p: { n: 2 } },
      { v: 2, o: undefined, p: undefined }
    ]
  )
})

t.test('what does not fit when it is saved is refused, with the key and the fault', async (t) => {
  const content = contentOf({ invalidValueStatus: 422 }, { c: NOW, p: { n: 1 } }, 1)
  ;(content.values.get('list') as unknown[]).push(1)
  t.throws(() => content.encode(NOW), {
    code: 'FST_SESSIONS_INVALID_VALUE',
    statusCode: 422,
    issues: [{ path: ['list', 0] }]
  })
})
