import t from 'tap'
import { z } from 'zod'
import type { Data, Payload } from '../../lib/schema/codec.js'
import { codecFor } from '../../lib/schema/codecs.js'
import { HandedOut } from '../../lib/session/handed-out.js'

const typed = z.codec(z.array(z.string()), z.set(z.string()), {
  decode: (items) => new Set(items),
  encode: (items) => [...items]
})
const codec = codecFor(
  'handed out',
  z.object({
    list: z.array(z.string()).default([]),
    seen: typed.default(new Set()),
    user: z.object({ name: z.string() }).optional(),
    prefs: z.object({ theme: z.string().default('dark') }).optional()
  })
)

const changedIn = (handedOut: HandedOut, data: Data, payload: Payload) => handedOut.mutated(data, payload, () => false)

/** What a handler holds, as it reads it of what is stored, and each key with whether it stays stored. */
function holding(payload: Payload, keys: Readonly<Record<string, boolean>>) {
  const handedOut = new HandedOut(codec)
  const decoded = codec.decode(payload)
  if (decoded.issues) throw new Error('does not fit')
  for (const [key, stays] of Object.entries(keys)) handedOut.add(key, decoded.value[key] as object, stays)
  return { handedOut, data: decoded.value }
}

t.test('what is only held is not changed, whatever the schema makes of what is stored', async (t) => {
  for (const payload of [
    { list: ['a'], seen: ['a'], user: { name: 'Ada' }, prefs: { theme: 'light' } },
    { list: ['a'], seen: ['a'], user: { name: 'Ada', born: 'a key that the schema had once' }, prefs: {} }
  ]) {
    const { handedOut, data } = holding(payload, { list: true, seen: true, user: true, prefs: true })
    t.same(changedIn(handedOut, data, payload), [])
    ;(data['list'] as string[]).push('b')
    ;(data['seen'] as Set<string>).add('b')
    Object.assign(data['user'] as object, { name: 'Bob' })
    t.same(changedIn(handedOut, data, payload), ['list', 'seen', 'user'])
    Object.assign(data['prefs'] as object, { theme: 1 })
    t.same(changedIn(handedOut, data, payload), ['list', 'seen', 'user', 'prefs'], 'also to what does not fit')
    t.same(
      handedOut.mutated(data, payload, (key) => key === 'seen'),
      ['list', 'user', 'prefs']
    )
  }
})

t.test('a default in the place of what was deleted is compared with itself, not with what is stored', async (t) => {
  const { handedOut, data } = holding({}, { list: false, seen: false })
  const stored = { list: ['a'], seen: ['a'] }
  t.same(changedIn(handedOut, data, stored), [])
  ;(data['list'] as string[]).push('a')
  ;(data['seen'] as Set<string>).add('a')
  t.same(changedIn(handedOut, data, stored), ['list', 'seen'])
})

t.test('after a save what is held is compared with what that stored', async (t) => {
  const payload = { list: ['b'], seen: ['b'] }
  const text = JSON.stringify({ c: 1, p: payload })
  const { handedOut, data } = holding({ list: ['a'], seen: ['a'] }, { list: true, seen: true })
  const after = HandedOut.afterSave(
    codec,
    [
      ['list', true],
      ['seen', true]
    ],
    handedOut,
    text
  )
  t.same(changedIn(after, data, payload), ['list', 'seen'])
  ;(data['list'] as string[])[0] = 'b'
  data['seen'] = new Set(['b'])
  t.same(changedIn(after, data, payload), [])
})

t.test('what a save does not leave stored is compared as before it, if anybody held it then', async (t) => {
  const { handedOut, data } = holding({}, { list: false, seen: false })
  const text = JSON.stringify({ c: 1, p: { list: ['a'], seen: ['a'] } })
  const keys = [
    ['list', false],
    ['seen', false]
  ] as const
  const payload = { list: ['a'], seen: ['a'] }
  const after = HandedOut.afterSave(codec, keys, handedOut, text)
  t.same([[...after.keys], changedIn(after, data, payload)], [['list', 'seen'], []])
  ;(data['list'] as string[]).push('a')
  ;(data['seen'] as Set<string>).add('a')
  t.same(changedIn(after, data, payload), ['list', 'seen'])
  t.same([...HandedOut.afterSave(codec, keys, undefined, text).keys], [])
  t.same([...HandedOut.afterSave(codec, keys, new HandedOut(codec), text).keys], [])
})
