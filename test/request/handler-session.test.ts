import { inspect } from 'node:util'
import t from 'tap'
import { HandlerSession } from '../../lib/request/handler-session.js'
import { idsOf } from '../../lib/session/former-ids.js'
import { handled, storedAs } from './handled.js'

const stateOf = (session: HandlerSession) => {
  const { isNew, isDirty, problem, subject, subjects } = session
  return { isNew, isDirty, problem, subject, subjects }
}

t.test('a session says whether it is new, changed, and whose it is', async (t) => {
  t.same(stateOf(handled().session), {
    isNew: true,
    isDirty: false,
    problem: undefined,
    subject: undefined,
    subjects: []
  })
  const { session } = handled('kept', storedAs({ s: 'ada' }))
  t.same(stateOf(session), { isNew: false, isDirty: false, problem: undefined, subject: 'ada', subjects: ['ada'] })
  session.identify('bob', 'team')
  t.same(stateOf(session), {
    isNew: false,
    isDirty: true,
    problem: undefined,
    subject: 'bob',
    subjects: ['bob', 'team']
  })
  t.equal(handled('kept', { problem: 'gone' }).session.problem, 'gone')
})

t.test('the list of its users is of whoever asks', async (t) => {
  const { session } = handled('kept', storedAs({ s: 'ada' }))
  ;(session.subjects as string[]).push('intruder')
  t.same(session.subjects, ['ada'])
})

t.test('a session says when it began, and when it ends if it is used now', async (t) => {
  const now = Date.now() + 10_000
  const { session } = handled('kept', storedAs({ c: now - 20_000 }), { now: () => now })
  t.equal(session.createdAt.getTime(), now - 20_000)
  t.equal(session.expiresAt.getTime(), now + 3_600_000)
})

t.test('an id that is new already stands for the one under which the session is stored', async (t) => {
  const { session } = handled('kept', storedAs({}))
  const before = session.id as string
  t.same(idsOf(before), [before])
  session.regenerate()
  const after = session.id as string
  t.not(after, before)
  t.same(idsOf(after), [after, before])
  t.equal(handled('sealed').session.id, undefined)
})

t.test('a session is watched once, under the id that it is stored under', async (t) => {
  const ids: (string | undefined)[] = []
  const { signal } = new AbortController()
  const watch = (_: unknown, idNow: () => string | undefined) => {
    ids.push(idNow())
    return signal
  }
  const { session } = handled('kept', storedAs({}), { watch })
  t.equal(session.signal, signal)
  t.equal(session.signal, signal)
  t.same(ids, [session.id])
  t.equal(handled('kept', {}, { watch }).session.signal, signal)
  t.same(ids, [session.id, undefined], 'one that is not stored has none')
  t.throws(() => handled('sealed').session.signal, {
    code: 'FST_SESSIONS_UNSUPPORTED',
    message: 'session "sealed": signal needs a record store: nobody can end a session in the cookie'
  })
})

t.test('what may be changed in place is looked at later, what can not be changed is not', async (t) => {
  const { session, take } = handled('kept', storedAs({ p: { user: 'ada', items: ['tea'] } }))
  const isFollowed = (use: () => unknown) => {
    take()
    use()
    return take().includes('follow')
  }
  t.equal(
    isFollowed(() => session.get('user')),
    false
  )
  t.equal(
    isFollowed(() => session.get('items')),
    true
  )
  t.equal(
    isFollowed(() => session.has('items')),
    false
  )
  t.equal(
    isFollowed(() => session.peek()),
    false
  )
  t.equal(
    isFollowed(() => session.flashes()),
    true
  )
  t.equal(
    isFollowed(() => session.touch()),
    false
  )
  for (const change of [
    () => session.data,
    () => session.set('user', 'bob'),
    () => session.update('user', ((user: string) => `${user}!`) as never),
    () => session.delete('user'),
    () => session.clear(),
    () => session.flash('notice', 'hello'),
    () => session.persist(60),
    () => session.cookie({ path: '/' }),
    () => session.regenerate(),
    () => session.identify('ada'),
    () => session.destroy()
  ]) {
    t.equal(isFollowed(change), true, String(change))
  }
})

t.test('a key without a value is one of the schema', async (t) => {
  const { session } = handled()
  const { session: loose } = handled('loose')
  for (const use of ['get', 'has', 'delete'] as const) {
    t.notOk(session[use]('user'), use)
    t.notOk(loose[use]('user'), use)
    t.throws(() => session[use]('usr'), {
      code: 'FST_SESSIONS_INVALID_VALUE',
      message: 'session "kept": usr: the schema has no such key; it has user, items'
    })
  }
  t.same([session.get('items'), session.has('items')], [[], true])
})

t.test('a changed value is given back, also where a default was there', async (t) => {
  const { session } = handled()
  t.same(session.update('items', ((items: string[]) => [...items, 'tea']) as never), ['tea'])
  t.same(session.get('items'), ['tea'])
  t.equal(session.set('user', 'ada'), session)
  t.same([session.delete('user'), session.delete('user'), session.get('user')], [true, false, undefined])
  t.same(session.set('user', 'ada').clear().data, { items: [] })
})

t.test('messages are read once, by kind or all, or without taking them', async (t) => {
  const { session } = handled()
  t.same(session.flash('notice', 'a').flash('notice', 'b').flash('error', 'c').peek(), {
    notice: ['a', 'b'],
    error: ['c']
  })
  t.same(session.peek('notice'), ['a', 'b'])
  t.same(session.flashes('notice'), ['a', 'b'])
  t.same(session.flashes('notice'), [])
  t.same(session.flashes(), { error: ['c'] })
  t.same(session.flashes(), {})
  for (const read of ['peek', 'flashes'] as const) {
    t.throws(() => session[read]('notic'), { message: 'session "kept": no flash kind "notic"; it has notice, error' })
  }
  t.throws(() => session.flash('notice', 1), {
    code: 'FST_SESSIONS_INVALID_VALUE',
    message: 'session "kept": flash "notice": Invalid input: expected string, received number'
  })
  const unseen = handled('kept', {}, { isUnseen: () => true }).session.flash('notice', 'a')
  t.same([unseen.flashes(), unseen.flashes('notice'), unseen.peek()], [{ notice: ['a'] }, ['a'], { notice: ['a'] }])
})

t.test('who does not say for how long a session is remembered gets what the definition says', async (t) => {
  const persisted = (name: string, age?: number | false) => {
    const { session } = handled(name)
    session.persist(age)
    return { isDirty: session.isDirty, age: HandlerSession.stateOf(session).content.persist }
  }
  t.same(persisted('kept').age, 1800)
  t.same(persisted('loose').age, 1000)
  t.same(persisted('kept', 60).age, 60)
  t.same(persisted('kept', false).age, false)
  t.throws(() => persisted('kept', 0), { code: 'FST_SESSIONS_LIFETIME' })
})

t.test('a session that is loaded by hand is refused until it is, and loaded once', async (t) => {
  let loads = 0
  const { session, definition } = handled('kept', 'by hand', {
    load: async () => {
      loads++
      return HandlerSession.stateOf(handled('kept', storedAs({ p: { user: 'ada' } })).session)
    }
  })
  t.equal(session.name, definition.name)
  t.equal(inspect(session), 'Session "kept" (not loaded)')
  for (const use of [() => session.get('user'), () => session.signal, () => session.id, () => session.destroy()]) {
    t.throws(use, {
      code: 'FST_SESSIONS_NOT_LOADED',
      message: 'session "kept" is loaded by hand on this route: await request.session("kept").load() first'
    })
  }
  t.same(await Promise.all([session.load(), session.load()]), [session, session])
  await session.load()
  t.same([loads, session.get('user')], [1, 'ada'])
  const { session: loaded } = handled('kept', storedAs({ p: { user: 'bob' } }), { load: () => t.fail() as never })
  t.equal((await loaded.load()).get('user'), 'bob')
})

t.test('a load or a reload that fails and that nobody awaits ends no process', async (t) => {
  const failure = new Error('out of order')
  const fail = async () => Promise.reject(failure)
  const { session } = handled('kept', 'by hand', { load: fail })
  void session.load()
  await t.rejects(session.load(), failure)
  const { session: other } = handled('kept', {}, { reload: fail })
  void other.reload()
  await t.rejects(other.reload(), failure)
})

t.test('a session is not sent as it is', async (t) => {
  t.throws(() => JSON.stringify(handled().session), {
    code: 'FST_SESSIONS_UNSUPPORTED',
    message:
      'session "kept": is not to be sent as it is: return what is to be shown of it, such as session.get(key), or all, session.data'
  })
})

t.test('a key that objects have from elsewhere is none of a session', async (t) => {
  for (const name of ['kept', 'loose']) {
    t.throws(() => handled(name).session.set('__proto__', 'x'), {
      code: 'FST_SESSIONS_INVALID_VALUE',
      message: `session "${name}": __proto__: not a key of a session`
    })
  }
})
