import type { FastifyReply } from 'fastify'
import t from 'tap'
import { type Done, goOn } from '../../lib/response/go-on.js'
import { replying } from './replying.js'

t.test('a reply is taken over by hand if it is sent before it comes to the plugin', async (t) => {
  const { state, reply } = replying()
  t.equal(state.isHijacked, false)
  reply.sent = true
  t.equal(state.isHijacked, true)
  for (const stage of ['saving', 'left'] as const) {
    state.stage = stage
    t.equal(state.isHijacked, false, stage)
  }
})

t.test('the headers of a handshake count as sent', async (t) => {
  const { state, reply, request } = replying()
  t.equal(state.areHeadersSent, false)
  request.raw.headers['upgrade'] = 'websocket'
  t.equal(state.areHeadersSent, false, 'it may be refused yet')
  reply.sent = true
  t.equal(state.areHeadersSent, true)
  delete request.raw.headers['upgrade']
  t.equal(state.areHeadersSent, false)
  reply.raw.headersSent = true
  t.equal(state.areHeadersSent, true)
})

t.test('the log names the route and not the address', async (t) => {
  const { state, request } = replying()
  t.equal(state.route, 'GET /cart/:id')
  request.routeOptions.url = undefined
  t.equal(state.route, 'GET (a path of no route)')
})

t.test('a reply is followed from the handler to the hooks behind, also where it fails on the way', async (t) => {
  const { state } = replying()
  const at = () => [state.stage, state.hasErred, state.isErrorDue, state.failed]
  t.same([state.isHandingOn, state.isLate, state.isOver, state.written], [false, false, false, []])
  t.same(at(), ['handled', false, false, undefined])
  state.stage = 'saving'
  state.fail(['cart'])
  t.same(at(), ['handled', false, false, ['cart']])
  state.noteError()
  t.same(at(), ['handled', true, true, ['cart']])
  state.fail(['login', 'prefs'])
  t.same(at(), ['handled', true, true, ['cart', 'login', 'prefs']])
  state.leave()
  t.same(at(), ['left', true, false, ['cart', 'login', 'prefs']])
})

/** What is done with a reply whose hooks throw that often. */
function going(throws: number, headersSent = false, error?: Error) {
  const { reply, lines } = replying()
  const calls: unknown[][] = []
  const raw = {
    headersSent,
    destroy: () => void calls.push(['destroy']),
    writeHead: (...head: unknown[]) => {
      calls.push(head)
      return { end: (...rest: unknown[]) => void calls.push(['end', ...rest]) }
    }
  }
  const done = (...args: unknown[]) => {
    calls.push(args)
    if (calls.length <= throws) throw new Error(`thrown ${calls.length}`)
  }
  goOn({ ...reply, raw } as unknown as FastifyReply, done as Done, error, 'page')
  const shown = calls.map((call) => call.map((arg) => (arg instanceof Error ? arg.message : arg)))
  return { calls: shown, lines: lines.map(([about, text]) => [(about as { err: Error }).err.message, text]) }
}

t.test('after a wait the reply goes on, or its error', async (t) => {
  t.same(going(0), { calls: [[undefined, 'page']], lines: [] })
  t.same(going(0, false, new Error('out of order')), { calls: [['out of order']], lines: [] })
})

t.test('what the hooks behind throw is answered, and what can not be answered ends the response', async (t) => {
  t.same(going(1), { calls: [[undefined, 'page'], ['thrown 1']], lines: [] })
  const lines = [['thrown 2', 'an error could not be answered']]
  t.same(going(2), {
    calls: [[undefined, 'page'], ['thrown 1'], [500, { 'content-length': '0' }], ['end']],
    lines
  })
  t.same(going(2, true), { calls: [[undefined, 'page'], ['thrown 1'], ['destroy']], lines })
})
