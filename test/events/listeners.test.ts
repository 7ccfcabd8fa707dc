import { tracingChannel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import t from 'tap'
import { AppEvents, isDebugging, type Kind } from '../../lib/events/app-events.js'
import { areLoadsHeard, areOpeningsHeard, areSavesHeard, channels } from '../../lib/events/channels.js'
import { DefinitionEvents } from '../../lib/events/definition-events.js'
import { subscribeAll } from '../../lib/events/index.js'
import { codeOf, faultIn, requestIn } from '../../lib/events/shown.js'
import type { SessionEvent } from '../../lib/index.js'

const nothing = () => undefined
const AT = Date.parse('2026-01-02T03:04:05.678Z')

/** A log that writes down its lines at the level `debug`, or does not. */
function logOf(isEnabled: boolean) {
  const lines: unknown[][] = []
  const log = {
    enabled: isEnabled ? ['debug'] : ['info'],
    debug: (...line: unknown[]) => lines.push(line),
    fatal: nothing,
    isLevelEnabled(level: string) {
      return this.enabled.includes(level)
    }
  }
  return { lines, log: log as unknown as FastifyBaseLogger }
}

const silent = logOf(false).log
const KINDS = Object.keys(channels) as Kind[]

t.test('a log writes lines of events if it says that it writes such lines, or can not say', async (t) => {
  t.equal(isDebugging(logOf(true).log), true)
  t.equal(isDebugging(silent), false)
  t.equal(isDebugging({ debug: nothing, fatal: () => 1 } as never), true)
  t.equal(isDebugging({ debug: nothing, fatal: nothing } as never), false, 'that of an app without a log')
  t.equal(isDebugging({ debug: nothing, fatal: nothing, isLevelEnabled: () => true } as never), false)
})

t.test('an event is heard by those who listen to its kind, who keep it or who log it', async (t) => {
  const heardBy = (events: AppEvents, log = silent) => KINDS.filter((kind) => events.isHeard(kind, log))
  const quiet = new AppEvents()
  const ofOne = new DefinitionEvents(quiet, 'cart', 'memory')
  t.same([ofOne.isHeard('revoked', silent), ofOne.isHeard('revoked', logOf(true).log)], [false, true])
  const kept = new AppEvents()
  kept.recordBy({ kinds: new Set<Kind>(['revoked']), record: nothing })
  t.same([heardBy(quiet), heardBy(kept)], [[], ['revoked']])
  t.same([quiet.isRecorded, kept.isRecorded], [false, true])
  t.same(heardBy(quiet, logOf(true).log), KINDS)
  for (const kind of KINDS) {
    channels[kind].subscribe(nothing)
    t.teardown(() => channels[kind].unsubscribe(nothing))
    t.same(heardBy(quiet), [kind])
    t.same(heardBy(kept).sort(), [...new Set(['revoked', kind])].sort())
    channels[kind].unsubscribe(nothing)
  }
})

t.test(
  'whether anybody listens to a load, a save or an opening is told by each channel that it can give',
  async (t) => {
    const events = new AppEvents()
    const asked = () => [events.areOpeningsHeard(silent), events.areLoadsHeard(silent), events.areSavesHeard(silent)]
    const listened = () => [areOpeningsHeard(), areLoadsHeard(), areSavesHeard()]
    const loads = ['loaded', 'expired', 'refused', 'failed']
    const saves = ['created', 'saved', 'replayed', 'touched', 'renewed', 'regenerated', 'identified', 'destroyed']
    saves.push('carried', 'refused', 'failed')
    t.same([asked(), listened()], [Array(3).fill(false), Array(3).fill(false)])
    for (const kind of KINDS) {
      channels[kind].subscribe(nothing)
      const expected = [kind === 'opened', loads.includes(kind), saves.includes(kind)]
      t.same([asked(), listened()], [expected, expected], kind)
      channels[kind].unsubscribe(nothing)
    }
    for (const [name, expected] of [
      ['fastify-sessions.load', [false, true, false]],
      ['fastify-sessions.save', [false, false, true]]
    ] as const) {
      const listener = { start: nothing } as never
      tracingChannel(name).subscribe(listener)
      t.same([asked(), listened()], [expected, expected], name)
      tracingChannel(name).unsubscribe(listener)
    }
    const { log } = logOf(true)
    t.same([events.areOpeningsHeard(log), events.areLoadsHeard(log), events.areSavesHeard(log)], Array(3).fill(true))
    events.recordBy({ kinds: new Set<Kind>(), record: nothing })
    t.same(asked(), [false, true, true], 'who keeps what ends sessions has to hear of loads and saves')
  }
)

t.test('what happens is told to each listener once, with the app and the time', async (t) => {
  const events = new AppEvents()
  const sessions = {} as never
  events.begin(sessions)
  t.equal(events.sessions, sessions)
  const [heard, kept]: [SessionEvent[], SessionEvent[]] = [[], []]
  events.recordBy({ kinds: new Set<Kind>(['swept']), record: (event) => kept.push(event) })
  const stop = subscribeAll((event) => heard.push(event))
  t.teardown(stop)
  const before = Date.now()
  events.tell('swept', silent, { store: 'redis', removed: 2 } as never)
  new DefinitionEvents(events, 'cart', 'memory').tell('destroyed', silent, { id: 'a' } as never)
  t.ok((heard[0]?.at as number) >= before)
  t.same(
    heard.map(({ at: _, ...event }) => event),
    [
      { event: 'swept', sessions, store: 'redis', removed: 2 },
      { event: 'destroyed', sessions, session: 'cart', store: 'memory', id: 'a' }
    ]
  )
  t.same(kept, heard.slice(0, 1))
  stop()
  events.tell('swept', silent, { store: 'redis', removed: 2 } as never)
  t.same([heard.length, kept.length], [2, 2], 'and to nobody who does not listen any longer')
  t.equal(areLoadsHeard(), false)
})

t.test('a line of the log names the session, its store and its id, and not its user', async (t) => {
  const told = { session: 'cart', store: 'redis', id: 'abc', subject: 'ann@example.com', expires: AT } as never
  const details = { event: 'touched', session: 'cart', store: 'redis', id: 'abc' }
  const line = [details, 'session cart: used, ends 2026-01-02T03:04:05.678Z (redis)']
  const ready = new AppEvents()
  const { log, lines } = logOf(true)
  await ready.ready(log)
  ready.tell('touched', log, told)
  t.same(lines, [line], 'at once where the app was ready')
  const late = new AppEvents()
  const other = logOf(false)
  await late.ready(other.log)
  late.tell('touched', other.log, told)
  Object.assign(other.log, { enabled: ['debug'] })
  late.tell('touched', other.log, told)
  t.same(other.lines, [])
  for (let turn = 0; turn < 1000 && other.lines.length === 0; turn++) await new Promise(setImmediate)
  t.same(other.lines, [line], 'and where the level was changed later, once the words are loaded')
  late.tell('touched', other.log, told)
  t.same(other.lines, [line, line])
})

t.test('of an error only its code or its name is shown', async (t) => {
  const named = Object.assign(new Error('secret'), { name: 'TimeoutError' })
  for (const [error, code] of [
    [Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [Object.assign(new Error('secret'), { code: 11 }), '11'],
    [Object.assign(new Error('secret'), { code: {} }), 'Error'],
    [named, 'TimeoutError'],
    [{ name: 1 }, 'object'],
    ['secret', 'string'],
    [undefined, 'undefined'],
    [null, 'object']
  ] as const) {
    t.equal(codeOf(error), code)
  }
  const rejected = (reason: unknown) => ({ status: 'rejected', reason }) as const
  const done = { status: 'fulfilled', value: 1 } as const
  t.equal(faultIn('redis', [done, done]), undefined)
  const fault = faultIn('redis', [done, rejected(named), rejected('x')])
  t.same([fault?.message, (fault as { code?: unknown }).code], ['store "redis": TimeoutError', 'TimeoutError'])
  const request = { id: 'req-1' } as FastifyRequest
  t.equal(requestIn(request), request)
  t.equal(requestIn({} as FastifyRequest), undefined)
})
