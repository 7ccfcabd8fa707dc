import { inspect } from 'node:util'
import t from 'tap'
import { HandlerSession } from '../../lib/request/handler-session.js'
import { NO_PROPERTIES, noSession } from '../../lib/request/misuse.js'
import { isPrefetch } from '../../lib/request/prefetch.js'
import { inspected } from '../../lib/request/session-view.js'
import type { SessionState } from '../../lib/session/state.js'

const instead = (name: string, call: string) =>
  `request.session is a function that gives the session of a name: write request.session("${name}")${call} ` +
  `(in Nest take @Req(), not @Session()); for plugins that expect a session there, give the options default: "${name}"`

function thrown(run: () => unknown): { readonly code?: string; readonly message?: string } {
  try {
    run()
    return {}
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return { code, message }
  }
}

t.test(
  'whoever takes request.session for a session is told what to write, whichever member is asked for',
  async (t) => {
    const session = Object.setPrototypeOf(
      () => 'called',
      noSession(() => ['cart', 'login'])
    )
    const elsewhere = ['sessionId', 'encryptedSessionId', 'options', 'changed', 'deleted']
    const own = Object.getOwnPropertyNames(HandlerSession.prototype)
    for (const member of [...own, ...elsewhere]) {
      // A function has a name of its own, and no session is to be sent as it is.
      if (['constructor', 'name', 'toJSON'].includes(member)) continue
      const code = 'FST_SESSIONS_UNKNOWN'
      t.same(
        thrown(() => session[member]),
        {
          code,
          message: `request.session.${member}: ${instead('cart', `.${member}`)}`
        }
      )
    }
    t.same(
      thrown(() => {
        session.user = 'ada'
      }),
      { code: 'FST_SESSIONS_UNKNOWN', message: `request.session.user: ${instead('cart', '.set("user", …)')}` }
    )
    t.equal(session(), 'called')
    t.equal(session.user, undefined)
    t.equal(session.call, Function.prototype.call)
  }
)

t.test('an app without sessions is told so with a name that it may give', async (t) => {
  const session = Object.setPrototypeOf(
    () => 'called',
    noSession(() => [])
  )
  t.equal(thrown(() => session.get).message, `request.session.get: ${instead('name', '.get')}`)
})

t.test('what is set on a session and would not be kept is refused', async (t) => {
  const session = Object.create(NO_PROPERTIES, { name: { value: 'cart' } })
  t.same(
    thrown(() => {
      session.user = 'ada'
    }),
    { code: 'FST_SESSIONS_UNSUPPORTED', message: 'session "cart": "user" would not be kept: use set()' }
  )
  t.equal(
    thrown(() => {
      session[Symbol('user')] = 'ada'
    }).message,
    'session "cart": "Symbol(user)" would not be kept: use set()'
  )
})

t.test('a prefetch is told by its header, the newer one first', async (t) => {
  const cases: readonly (readonly [Record<string, string>, boolean])[] = [
    [{}, false],
    [{ purpose: 'prefetch' }, true],
    [{ 'sec-purpose': 'prefetch' }, true],
    [{ 'sec-purpose': '  PREFETCH  ' }, true],
    [{ 'sec-purpose': 'prefetch;prerender' }, true],
    [{ 'sec-purpose': 'prefetch ; anonymous-client-ip' }, true],
    [{ 'sec-purpose': 'prefetching' }, false],
    [{ 'sec-purpose': 'no prefetch' }, false],
    [{ 'sec-purpose': 'xprefetch' }, false],
    [{ 'sec-purpose': 'prefetch 1' }, false],
    [{ 'sec-purpose': 'other', purpose: 'prefetch' }, false],
    [{ 'sec-purpose': 'prefetch', purpose: 'other' }, true]
  ]
  for (const [headers, expected] of cases) t.equal(isPrefetch(headers), expected, JSON.stringify(headers))
})

t.test('a session that is shown tells what it is, and little of what it holds', async (t) => {
  const show = (state: object | undefined, options = {}) =>
    inspected('cart', state as SessionState | undefined, options, inspect)
  const content = { values: { changed: ['n'], view: { n: 1, text: 'x'.repeat(50), list: [1, 2, 3, 4, 5, 6, 7] } } }
  t.equal(show(undefined), 'Session "cart" (not loaded)')
  const values = (of: string) => of.replace(/\s+/g, ' ')
  const held = "changed: [ 'n' ], values: { n: 1, text: 'xxxxxxxxxxxxxxxxxxxx'... 30 more characters, list: [Array] }"
  t.equal(values(show({ content })), `Session "cart" { ${held} }`)
  t.equal(values(show({ content, id: 'an id' })), `Session "cart" { id: 'an id', ${held} }`)
  t.equal(values(show({ content, problem: 'gone' })), `Session "cart" { problem: 'gone', ${held} }`)
  t.equal(values(show({ content }, { depth: 9, maxStringLength: 99 })), `Session "cart" { ${held} }`)
  const many = { values: { changed: [1, 2, 3, 4, 5, 6, 7], view: {} } }
  t.equal(
    values(show({ content: many })),
    'Session "cart" { changed: [ 1, 2, 3, 4, 5, ... 2 more items ], values: {} }'
  )
  const wide = { values: { changed: [], view: { first: 'x'.repeat(19), second: 'y'.repeat(19) } } }
  t.notMatch(show({ content: wide }, { breakLength: 80 }), '\n')
})
