import { EventEmitter } from 'node:events'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { Unsaved } from '../../lib/request/unsaved.js'
import type { ReplyState } from '../../lib/response/reply-state.js'
import type { SessionState } from '../../lib/session/state.js'

const PATIENCE = 10_000

/** Sessions that are used after a reply, by a clock of the test. */
function build(t: Test) {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const unsaved = new Unsaved()
  const lines: unknown[][] = []
  const told = () => lines.splice(0).map(([about, text]) => [(about as { session: string }).session, text])
  const sessions = (reply: object = {}, used: readonly object[] = []) => {
    const raw = Object.assign(new EventEmitter(), { writableFinished: false, destroyed: false })
    const request = { log: { warn: (...line: unknown[]) => void lines.push(line) } }
    const replyState = { reply: { raw }, request, route: 'GET /cart', isHijacked: false, isLate: false, isOver: false }
    Object.assign(replyState, reply)
    return {
      followed: {
        replyState: replyState as unknown as ReplyState,
        used: used as readonly SessionState[]
      },
      raw
    }
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  return { unsaved, told, lines, sessions, turn }
}

/** A session that was changed while its reply was sent. */
function changed(name: string, more: object = {}): SessionState {
  const definition = { name, store: {} }
  return {
    definition,
    origin: {},
    isDirty: true,
    isSaving: true,
    isDetached: false,
    ...more
  } as unknown as SessionState
}

const inCookie = (name: string) => changed(name, { definition: { name, store: undefined } })

const lost =
  'was changed after the reply of GET /cart, or beside one that was written by hand, and is not saved: change it before the reply, or await session.save()'

t.test('what only a cookie could save is told at once, the rest when save() was waited for long enough', async (t) => {
  const { unsaved, told, lines, sessions, turn } = build(t)
  const { followed, raw } = sessions()
  unsaved.follow(followed)
  const states = [inCookie('sealed'), changed('new', { origin: undefined }), changed('kept')]
  for (const state of states) unsaved.touch(followed, state)
  await turn()
  t.same(told(), [], 'the response is not over')
  raw.emit('close')
  t.same([followed.replyState.isLate, followed.replyState.isOver], [true, true])
  await turn()
  t.same(lines[0]?.[0], { session: 'sealed', route: 'GET /cart' })
  t.same(told(), [
    ['sealed', `session "sealed" ${lost}`],
    ['new', `session "new" ${lost}`]
  ])
  mock.timers.tick(PATIENCE - 1)
  t.same(told(), [])
  mock.timers.tick(1)
  t.same(told(), [['kept', `session "kept" ${lost}`]])
  for (const state of states) unsaved.touch(followed, state)
  await turn()
  mock.timers.tick(PATIENCE)
  unsaved.close()
  t.same(told(), [], 'each is told once')
})

t.test('a response that is over already is not waited for', async (t) => {
  for (const state of ['writableFinished', 'destroyed']) {
    const { unsaved, told, sessions, turn } = build(t)
    const { followed, raw } = sessions()
    Object.assign(raw, { [state]: true })
    unsaved.follow(followed)
    t.same([followed.replyState.isLate, followed.replyState.isOver, raw.listenerCount('close')], [true, true, 0])
    unsaved.touch(followed, inCookie('sealed'))
    await turn()
    t.equal(told().length, 1, state)
    mock.timers.reset()
  }
})

t.test('nothing is told of what was saved, or was never to be saved', async (t) => {
  const { unsaved, told, sessions, turn } = build(t)
  const { followed } = sessions({ isOver: true })
  unsaved.touch(followed, changed('not to be saved', { isSaving: false }))
  const states = [changed('saved'), inCookie('saved at once'), changed('without its store', { isDetached: true })]
  for (const state of states) unsaved.touch(followed, state)
  Object.assign(states[1] as object, { isDirty: false })
  await turn()
  Object.assign(states[0] as object, { isDirty: false })
  mock.timers.tick(PATIENCE)
  unsaved.touch(followed, changed('read', { isDirty: false, isSaving: false }))
  await turn()
  mock.timers.tick(PATIENCE)
  unsaved.close()
  t.same(told(), [])
})

t.test('what is read late and changed later is told', async (t) => {
  const { unsaved, told, sessions, turn } = build(t)
  const { followed } = sessions({ isOver: true })
  const state = inCookie('sealed')
  Object.assign(state, { isDirty: false, isSaving: false })
  unsaved.touch(followed, state)
  Object.assign(state, { isDirty: true })
  await turn()
  t.equal(told().length, 1)
})

t.test('a response after which nothing was lost is followed on', async (t) => {
  const { unsaved, told, sessions, turn } = build(t)
  const { followed } = sessions({ isOver: true })
  unsaved.touch(followed, changed('read', { isDirty: false, isSaving: false }))
  await turn()
  unsaved.touch(followed, inCookie('sealed'))
  await turn()
  t.equal(told().length, 1)
  unsaved.touch(followed, changed('kept'))
  await turn()
  mock.timers.tick(PATIENCE)
  t.equal(told().length, 1)
})

t.test('once the app closes all is told', async (t) => {
  const { unsaved, told, sessions, turn } = build(t)
  const [one, other, over] = [sessions({ isOver: true }), sessions({ isOver: true }), sessions()]
  unsaved.touch(one.followed, changed('one'))
  await turn()
  unsaved.touch(other.followed, changed('other'))
  unsaved.touch(over.followed, changed('of a response that is not over'))
  unsaved.close()
  t.same(
    told().map(([name]) => name),
    ['one', 'other']
  )
  await turn()
  mock.timers.tick(PATIENCE)
  t.same(told(), [])
})

t.test('beside a reply that is written by hand each session that was used counts', async (t) => {
  for (const [reply, expected] of [
    [{ isHijacked: true }, ['sealed', 'kept']],
    [{ isHijacked: true, isLate: true }, []],
    [{}, []]
  ] as const) {
    const { unsaved, told, sessions, turn } = build(t)
    const { followed, raw } = sessions(reply, [
      inCookie('sealed'),
      changed('kept'),
      changed('read', { isDirty: false })
    ])
    unsaved.follow(followed)
    raw.emit('close')
    await turn()
    mock.timers.tick(PATIENCE)
    t.same(
      told().map(([name]) => name),
      expected
    )
    mock.timers.reset()
  }
})
