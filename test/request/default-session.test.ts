import t from 'tap'
import { DefaultSession } from '../../lib/request/default-session.js'
import { HandlerSession, type Host } from '../../lib/request/handler-session.js'
import type { Loaded } from '../../lib/session/origin.js'
import { handled, storedAs } from './handled.js'

function begin(name?: string, loaded?: Loaded, more?: Partial<Host>) {
  const all = handled(name, loaded, more)
  return { ...all, theirs: new DefaultSession(() => all.session) }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}

function thrown(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    const { code, message, issues } = error as { code: string; message: string; issues?: unknown }
    return issues === undefined ? [code, message] : [code, message, issues]
  }
}

t.test('keys of the schema are values of the session, all others stand beside them', async (t) => {
  const { theirs, session } = begin()
  theirs.set('user', 'ada')
  theirs.set('lang', 'en')
  theirs.set('cart', { n: 1 })
  t.same(session.data, { user: 'ada', items: [] })
  t.same(theirs.keys().sort(), ['cart', 'items', 'lang', 'user'])
  t.same(theirs.data(), { user: 'ada', items: [], lang: 'en', cart: { n: 1 } })
  t.same(
    ['user', 'lang', 'items', 'other'].map((key) => theirs.has(key)),
    [true, true, true, false]
  )
  t.same([theirs.get('user'), theirs.get('lang'), theirs.get('other')], ['ada', 'en', undefined])
  theirs.remove('user')
  theirs.remove('lang')
  theirs.set('cart', undefined)
  t.same([theirs.keys(), theirs.has('user'), theirs.has('lang')], [['items'], false, false])
  theirs.set('user', undefined)
  t.same([theirs.keys(), theirs.has('user')], [['items'], false])
})

t.test('where the schema does not name its keys, a value of the session is its own', async (t) => {
  const { theirs, session } = begin('loose')
  session.set('user', 'ada')
  theirs.set('user', 'bob')
  theirs.set('lang', 'en')
  t.same([session.data, theirs.get('user'), theirs.get('lang')], [{ user: 'bob' }, 'bob', 'en'])
  theirs.remove('user')
  t.same([session.data, theirs.keys()], [{}, ['lang']])
})

t.test('what is no key is refused', async (t) => {
  const { theirs } = begin()
  const code = 'FST_SESSIONS_INVALID_VALUE'
  for (const [key, name, message] of [
    [Symbol('user'), 'Symbol(user)', 'keys are strings, got symbol'],
    [1, '1', 'keys are strings, got number'],
    ['__proto__', '__proto__', 'not a key of a session']
  ] as const) {
    t.same(
      thrown(() => theirs.set(key as string, 1)),
      [code, `session "kept": ${name}: ${message}`, [{ path: [name], message }]]
    )
  }
})

t.test('an object that is read may be changed in place, a text may not', async (t) => {
  const { theirs, take } = begin()
  theirs.set('lang', 'en')
  theirs.set('cart', { n: 1 })
  t.ok(take().includes('follow'))
  theirs.get('lang')
  t.notOk(take().includes('follow'))
  theirs.get('cart')
  t.ok(take().includes('follow'))
  theirs.remove('lang')
  t.ok(take().includes('follow'))
})

t.test('members say what they say there', async (t) => {
  const { theirs, session } = begin('kept', storedAs({ p: { user: 'ada' } }))
  t.same([theirs.sessionId, theirs.changed, theirs.deleted], [session.id, false, false])
  session.touch(false)
  theirs.changed = false
  t.equal(HandlerSession.stateOf(session).content.isUse, false)
  theirs.changed = true
  t.equal(HandlerSession.stateOf(session).content.isUse, true)
  session.touch(false)
  theirs.touch()
  t.equal(HandlerSession.stateOf(session).content.isUse, true)
  theirs.set('lang', 'en')
  t.equal(theirs.changed, true)
  theirs.delete()
  t.same([theirs.deleted, theirs.keys()], [true, ['items']])
})

t.test('there is no object cookie, and an error says what to write', async (t) => {
  const { theirs } = begin()
  const told = [
    'FST_SESSIONS_UNSUPPORTED',
    'session "kept": has no "cookie" object: write request.session.options({ maxAge: seconds }), or persist(seconds) of the session'
  ]
  t.same(
    thrown(() => theirs.cookie),
    told
  )
  t.same(
    thrown(() => {
      theirs.cookie = {} as never
    }),
    told
  )
})

t.test('options() takes the attributes that a cookie has, and how long it lasts', async (t) => {
  const cases: readonly (readonly [object, object, number | undefined])[] = [
    [{}, {}, undefined],
    [{ httpOnly: false, path: '/', priority: 'high' }, { httpOnly: false, path: '/', priority: 'high' }, undefined],
    [{ sameSite: true }, { sameSite: 'strict' }, undefined],
    [{ sameSite: 'none' }, { sameSite: 'none' }, undefined],
    [{ sameSite: false }, {}, undefined],
    [{ secure: true, partitioned: false }, { secure: true, partitioned: false }, undefined],
    [{ signed: true, userInfo: 'ada', domain: undefined, name: 'sid' }, {}, undefined],
    [{ maxAge: 60.9 }, {}, 60],
    [{ maxAge: '60' }, {}, undefined],
    [{ maxAge: 60, expires: new Date(Date.now() + 3_600_000) }, {}, 60],
    [{ expires: 'tomorrow' }, {}, undefined]
  ]
  for (const [options, attributes, age] of cases) {
    const { theirs, session } = begin()
    theirs.options(options as never)
    const { cookieOptions, content } = HandlerSession.stateOf(session)
    t.same(
      [Object.entries(cookieOptions ?? {}), content.persist],
      [Object.entries(attributes), age],
      JSON.stringify(options)
    )
  }
  const { theirs, session } = begin()
  theirs.options({ expires: new Date(Date.now() + 60_000) })
  const { persist } = HandlerSession.stateOf(session).content
  t.ok(Number(persist) >= 50 && Number(persist) <= 60, String(persist))
})

t.test('regenerate(keep) goes on with values of those keys, without a user and with a new id', async (t) => {
  const { theirs, session } = begin('kept', storedAs({ p: { user: 'ada', items: ['tea'] }, s: 'ada' }))
  theirs.set('lang', 'en')
  theirs.set('cart', { n: 1 })
  session.flash('notice', 'hello')
  const { id } = session
  await theirs.regenerate(['items', 'lang', 'other'])
  t.same(theirs.data(), { items: ['tea'], lang: 'en' })
  t.same([session.subject, session.peek(), theirs.deleted], [undefined, {}, false])
  t.not(session.id, id)
  t.equal(HandlerSession.stateOf(session).hasNewRights, true)
})

t.test('what reads as nothing is no key', async (t) => {
  const { theirs } = begin('strict', storedAs({ p: { name: 'ada', old: 'x' } }))
  t.same([theirs.keys(), theirs.has('old'), theirs.has('name')], [['name'], false, true])
})

t.test('regenerate(keep) leaves out what has no value, also where the schema asks for one', async (t) => {
  const { theirs } = begin('strict')
  await theirs.regenerate(['name'])
  t.same(theirs.data(), {})
})

for (const end of ['regenerate', 'destroy'] as const) {
  t.test(`${end}() ends the session`, async (t) => {
    const { theirs } = begin('kept', storedAs({ p: { user: 'ada' } }))
    t.equal(await theirs[end](), undefined)
    t.same([theirs.deleted, theirs.data()], [true, { items: [] }])
  })
}

t.test('who gives a function is called back once the call is over, and gets no promise', async (t) => {
  const { theirs, calls } = begin('kept', storedAs({ p: { user: 'ada' } }))
  const ways: Readonly<Record<string, (callback: (...args: unknown[]) => void) => unknown>> = {
    regenerate: (callback) => theirs.regenerate(callback),
    'regenerate with keys': (callback) => theirs.regenerate(['items'], callback),
    destroy: (callback) => theirs.destroy(callback),
    save: (callback) => theirs.save(callback),
    reload: (callback) => theirs.reload(callback)
  }
  for (const [name, way] of Object.entries(ways)) {
    const called: unknown[] = []
    let isOver = false
    t.equal(
      way((...args) => void called.push([isOver, ...args.filter((arg) => arg !== undefined)])),
      undefined,
      name
    )
    isOver = true
    await turns()
    t.same(called, [[true]], name)
  }
  t.same(
    calls.filter((call) => call === 'save' || call === 'reload'),
    ['save', 'reload']
  )
  t.equal(await theirs.save(), undefined)
  t.equal(await theirs.reload(), undefined)
})

t.test('what goes wrong is given to who is called back, and else thrown, or rejected', async (t) => {
  const failure = new Error('out of order')
  const fail = () => {
    throw failure
  }
  const { theirs } = begin('kept', {}, { end: fail, save: async () => fail(), reload: async () => fail() })
  const ways = ['regenerate', 'destroy', 'save', 'reload'] as const
  for (const way of ways) {
    const called: unknown[] = []
    theirs[way](((error: unknown) => void called.push(error)) as never)
    await turns()
    t.ok(called.length === 1 && called[0] === failure, way)
  }
  t.throws(() => theirs.regenerate(), failure)
  t.throws(() => theirs.destroy(), failure)
  await t.rejects(theirs.save() as Promise<void>, failure)
  await t.rejects(theirs.reload() as Promise<void>, failure)
})
