import { PassThrough } from 'node:stream'
import t from 'tap'
import { SaveError } from '../../lib/errors.js'
import { leave } from '../../lib/request/leave.js'
import type { RequestSessions } from '../../lib/request/request-sessions.js'
import type { Done } from '../../lib/response/go-on.js'
import { gate } from '../client.js'
import { replying } from '../response/replying.js'

interface Used {
  readonly definition: { readonly name: string; readonly saveOnError?: boolean }
  readonly clearsCookie?: boolean
  readonly isChanged?: boolean
  readonly shown?: { readonly assigned: readonly string[] }
}

const used = (name: string, more: Partial<Used> & { readonly saveOnError?: boolean } = {}): Used => {
  const { saveOnError = false, ...state } = more
  return { definition: { name, saveOnError }, clearsCookie: false, isChanged: true, ...state }
}

/** The sessions of a reply, whose save does what the test says. */
function leaving(states: readonly Used[] = [used('cart')], commit: () => Promise<void> | undefined = () => undefined) {
  const { state: replyState, reply, lines, headers } = replying()
  const saved: string[][] = []
  const calls: unknown[][] = []
  const sessions = {
    replyState,
    used: states,
    commit: (some: readonly Used[]) => {
      saved.push(some.map(({ definition }) => definition.name))
      return commit()
    },
    end: ({ definition }: Used) => ({ definition: { name: `the next ${definition.name}` } })
  }
  const done = (...args: unknown[]) => void calls.push([...args, replyState.stage, replyState.isHandingOn])
  const send = (payload: unknown) => leave(sessions as unknown as RequestSessions, payload, done as Done)
  return { send, calls, saved, replyState, reply, lines, headers }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const failed = (name = 'cart', statusCode?: number) =>
  Object.assign(new SaveError(new Map([[name, new Error('out of order')]])), statusCode !== undefined && { statusCode })

t.test('a reply saves its sessions and goes on, with the headers that it needs', async (t) => {
  const { send, calls, saved, replyState, headers } = leaving([used('cart'), used('login')])
  send('page')
  t.same(calls, [[undefined, 'page', 'left', true]])
  t.same([replyState.stage, replyState.isHandingOn], ['left', false])
  t.same([saved, headers.get('vary')], [[['cart', 'login']], 'Cookie'])
})

t.test('a web Response is kept from shared caches where a cookie is set', async (t) => {
  for (const [written, expected] of [
    [[], 'public'],
    [['__Host-cart'], 'no-store']
  ] as const) {
    const { send, calls, replyState } = leaving()
    replyState.written = written
    send(new Response('page', { headers: { 'cache-control': 'public' } }))
    const [, sent] = calls[0] as [undefined, Response]
    t.equal(sent.headers.get('cache-control'), expected)
  }
})

t.test('a response of 500 or more saves what was signed out, or what is to be saved in any case', async (t) => {
  const states = [
    used('changed'),
    used('saved on errors', { saveOnError: true }),
    used('signed out', { clearsCookie: true, isChanged: false }),
    used('begun anew', { clearsCookie: true })
  ]
  const all = states.map(({ definition }) => definition.name)
  const some = ['saved on errors', 'signed out', 'the next begun anew']
  for (const [status, names] of [
    [200, all],
    [499, all],
    [500, some],
    [503, some]
  ] as const) {
    const { send, saved, reply } = leaving(states)
    reply.statusCode = status
    send('page')
    t.same(saved, [names], `${status}`)
    const other = leaving(states)
    other.send(new Response('page', { status }))
    t.same(other.saved, [names], `a Response of ${status}`)
  }
})

t.test('the response to a save that failed tries once more for sign-outs that did not fail', async (t) => {
  const states = [
    used('changed'),
    used('saved on errors', { saveOnError: true }),
    used('signed out', { clearsCookie: true, isChanged: false }),
    used('failed', { clearsCookie: true, isChanged: false })
  ]
  for (const status of [200, 503]) {
    const { send, saved, replyState, reply } = leaving(states)
    replyState.failed = ['failed']
    reply.statusCode = status
    send('error')
    t.same(saved, [['signed out']])
  }
})

t.test('a save that fails is the reply, of the sessions that it is about', async (t) => {
  for (const isLater of [false, true]) {
    for (const [error, names] of [
      [failed(), ['cart']],
      [new Error('something else'), ['cart', 'login']]
    ] as const) {
      const fail = () => {
        if (isLater) return Promise.reject(error)
        throw error
      }
      const { send, calls, replyState, reply } = leaving([used('cart'), used('login')], fail)
      const page = new PassThrough()
      send(page)
      await turn()
      t.same(calls, [[error, 'handled', false]])
      t.same([replyState.failed, reply.statusCode, page.destroyed], [names, 200, true])
    }
  }
})

t.test('after another error Fastify does not set the status any more', async (t) => {
  for (const [error, status] of [
    [failed('cart', 503), 503],
    [failed('cart', undefined), failed().statusCode ?? 500],
    [new Error('something else'), 200]
  ] as const) {
    const { send, replyState, reply } = leaving([used('cart')], () => {
      throw error
    })
    replyState.noteError()
    send('page')
    t.equal(reply.statusCode, status)
  }
})

t.test('while sessions are saved the reply counts as sent, and stays as it was', async (t) => {
  const { opened, open } = gate()
  const { send, calls, replyState, reply, headers } = leaving([used('cart')], () => opened)
  headers.set('x-own', 'first')
  headers.set('set-cookie', 'own=1')
  send('page')
  t.same([reply.sent, replyState.stage, calls], [true, 'saving', []])
  reply.statusCode = 404
  headers.set('x-own', 'second')
  headers.set('x-other', 'of the second')
  headers.set('set-cookie', 'cart=1')
  open()
  await turn()
  t.same(calls, [[undefined, 'page', 'left', true]])
  t.same([reply.sent === true, reply.statusCode, replyState.isHandingOn], [false, 200, false])
  t.same(Object.fromEntries(headers), {
    vary: 'Cookie',
    'x-own': 'first',
    'x-other': 'of the second',
    'set-cookie': 'cart=1'
  })
})

t.test('what is not changed meanwhile is not set anew', async (t) => {
  const { send, reply, headers } = leaving([used('cart')], async () => {})
  headers.set('x-own', 'first')
  send('page')
  const set: unknown[] = []
  Object.assign(reply, { header: (name: string) => void set.push(name), code: (code: number) => void set.push(code) })
  await turn()
  t.same(set, [])
})

t.test('what was written by hand while sessions were saved is the answer', async (t) => {
  const reason =
    'what reply.send() was given in GET /cart/:id is dropped: reply.raw was written to while sessions were saved'
  for (const error of [undefined, failed()]) {
    const { opened, open } = gate()
    const { send, calls, reply, lines } = leaving([used('cart')], async () => {
      await opened
      if (error !== undefined) throw error
    })
    const page = new PassThrough()
    send(page)
    reply.raw.headersSent = true
    open()
    await turn()
    t.same([calls, lines, page.destroyed], [[], [[{ route: 'GET /cart/:id', err: error }, reason]], true])
  }
  const { send, calls, reply, lines } = leaving([used('cart')], async () => {})
  reply.raw.headersSent = true
  send('page')
  await turn()
  t.same([calls.length, lines], [1, []], 'but not what was written before')
})

const REFUSED = [
  { route: 'GET /cart/:id' },
  'a second reply is refused, the first is under way: was "return reply" forgotten in GET /cart/:id?'
]

t.test('a second reply is refused, and told with the route', async (t) => {
  type Kind = readonly [name: string, state: object, isSent: boolean, hasErred: boolean, isLeft: boolean]
  const kinds: readonly (readonly [...Kind, payload: unknown, isRefused: boolean])[] = [
    ['the first', {}, false, false, false, 'page', false],
    ['while sessions are saved', { stage: 'saving' }, false, false, false, 'page', true],
    ['while the first is under way', {}, false, false, true, 'page', true],
    ['while it is handed on', { isHandingOn: true }, false, false, true, 'page', false],
    ['once it is sent', {}, true, true, true, 'page', true],
    ['after an error', {}, false, true, true, 'page', false],
    ['of a handler that has replied before the error', {}, false, true, true, undefined, true]
  ]
  for (const [name, state, isSent, hasErred, isLeft, payload, isRefused] of kinds) {
    const { send, calls, lines, replyState, reply } = leaving()
    if (hasErred) replyState.noteError()
    if (isLeft) replyState.leave()
    Object.assign(replyState, state)
    reply.sent = isSent
    send(payload)
    t.same([calls.length, lines], isRefused ? [0, [REFUSED]] : [1, []], name)
  }
  const { send, calls, replyState } = leaving()
  replyState.leave()
  replyState.noteError()
  send(undefined)
  t.equal(calls.length, 1, 'an error whose reply is due')
})

t.test('what is not sent is closed, whatever it is', async (t) => {
  const { send, replyState, lines } = leaving()
  replyState.stage = 'saving'
  const stream = new PassThrough()
  let cancelled = 0
  const web = () => new ReadableStream({ cancel: () => void cancelled++ })
  const broken = new ReadableStream({ cancel: () => Promise.reject(new Error('out of order')) })
  for (const payload of [stream, web(), new Response(web()), broken, 'page', undefined, null, { body: 'text' }]) {
    send(payload)
  }
  await turn()
  t.same([stream.destroyed, cancelled, lines.length], [true, 2, 8])
  t.equal(stream.emit('error', new Error('late')), true, 'an error of it ends no process')
})

t.test('a stream that fails while sessions are saved ends no process', async (t) => {
  const { opened, open } = gate()
  const { send, calls } = leaving([used('cart')], () => opened)
  const stream = new PassThrough()
  send(stream)
  t.equal(stream.emit('error', new Error('no file')), true)
  open()
  await turn()
  t.equal(calls.length, 1)
  for (const payload of [{ pipe: () => {} }, { on: () => t.fail('it is no stream') }, null]) {
    const other = leaving([used('cart')], async () => {})
    other.send(payload)
    await turn()
    t.equal(other.calls.length, 1)
  }
})

t.test('what was assigned to session.data is told with what to write instead', async (t) => {
  const states = [
    used('cart', { shown: { assigned: ['items', 'user', 'items'] } }),
    used('login', { shown: { assigned: [] } }),
    used('prefs')
  ]
  const { send, lines } = leaving(states)
  send('page')
  t.same(lines, [
    [
      { session: 'cart', route: 'GET /cart/:id' },
      'session "cart": what GET /cart/:id assigned to session.data is not kept: use set("items", …), set("user", …)'
    ]
  ])
})
