import t from 'tap'
import { z } from 'zod'
import type { Payload } from '../../lib/schema/codec.js'
import { codecFor } from '../../lib/schema/codecs.js'
import { Values } from '../../lib/session/values.js'

const typed = z.codec(z.array(z.string()), z.set(z.string()), {
  decode: (items) => new Set(items),
  encode: (items) => [...items]
})
const codec = codecFor(
  'kept',
  z.object({ note: z.string().optional(), list: z.array(z.string()).default([]), seen: typed.default(new Set()) })
)

function read(payload: Payload) {
  const decoded = codec.decode(payload)
  if (decoded.issues) throw new Error('does not fit')
  const record = { c: 1, p: payload }
  return { payload, data: decoded.value, written: { text: JSON.stringify(record), record } }
}

t.test('an object of the session stays the same when it is set again, one of the app is copied', async (t) => {
  const values = new Values(codec, read({ list: ['a'], seen: ['a'] }))
  for (const [key, other, encoded] of [
    ['list', ['b'], ['b']],
    ['seen', new Set(['b']), ['b']]
  ] as const) {
    const own = values.get(key)
    values.set(key, own, ['a'])
    t.equal(values.get(key), own, key)
    values.set(key, other, encoded)
    t.same(values.get(key), other)
    t.not(values.get(key), other)
  }
})

t.test('a merge that decides for the object of this request leaves it with those who hold it', async (t) => {
  const values = new Values(codec, read({ list: ['a'] }))
  const mine = values.get('list') as string[]
  mine.push('mine')
  values.encode()
  values.rebase(read({ list: ['a'] }), read({ list: ['theirs'] }), { list: (_base, _theirs, mine) => mine })
  t.equal(values.get('list'), mine)
  mine.push('later')
  t.same((values.encode() as { value: Payload }).value, { list: ['a', 'mine', 'later'] })
})

t.test('a merge that gives an object of its own, or none, is stored so', async (t) => {
  const merged = ['merged']
  const values = new Values(codec, read({ list: ['a'], seen: ['a'] }))
  values.set('list', ['b'], ['b'])
  values.set('seen', new Set(['b']), ['b'])
  values.encode()
  values.rebase(read({ list: ['a'], seen: ['a'] }), read({ list: ['c'], seen: ['c'] }), {
    list: () => merged,
    seen: () => undefined
  })
  t.same(values.get('list'), merged)
  t.not(values.get('list'), merged)
  t.equal(values.has('seen'), false)
  t.strictSame(JSON.parse(JSON.stringify((values.encode() as { value: Payload }).value)), { list: ['merged'] })
})

t.test('what this request deleted is not there, whatever another one stored in its place', async (t) => {
  const values = new Values(codec, read({ note: 'a', list: ['a'] }))
  values.delete('note')
  values.encode()
  values.rebase(read({ note: 'a', list: ['a'] }), read({ note: 'b', list: ['b'] }), {})
  t.strictSame(Object.keys(values.view).sort(), ['list', 'seen'])
  t.strictSame((values.encode() as { value: Payload }).value, { list: ['b'] })
})
