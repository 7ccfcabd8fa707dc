import { tracingChannel } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'
import oldSessions from '@fastify/secure-session'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { events, subscribeAll } from '../../lib/events/index.js'
import { secureSession } from '../../lib/from/secure-session.js'
import { memoryStore, type RecordStore, type SessionEvent, type SessionEvents } from '../../lib/index.js'
import { buildApp, Client, clock, gate } from '../client.js'

const schema = z.object({ n: z.number().default(0) })
const OLD_KEY = Buffer.alloc(32, 3)

/** A store that fails while it is told to, or answers late. */
function trying() {
  const memory = memoryStore()
  const state = { isFailing: false }
  const answer = <Answer>(give: () => Answer): Answer => {
    if (state.isFailing) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
    return give()
  }
  const store: RecordStore = {
    kind: 'record',
    read: (id) => answer(() => memory.read(id)),
    create: (id, text, expires) => answer(() => memory.create(id, text, expires)),
    update: (id, text, expires, version) => answer(() => memory.update(id, text, expires, version)),
    touch: (id, expires) => answer(() => memory.touch(id, expires)),
    remove: (id) => answer(() => memory.remove(id))
  }
  return { store, state }
}

/** An app whose log is silent, where everything is at hand that can happen to sessions. */
async function quietApp(t: Test) {
  const { store, state } = trying()
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: {
      kept: { store: 'memory', schema, idle: 600, cookie: { maxAge: 600 } },
      sealed: { schema, from: [secureSession({ key: OLD_KEY, cookieName: 'old' }, ({ n }) => ({ n: Number(n) }))] }
    }
  })
  app.log.level = 'silent'
  const [arrived, goOn] = [gate(), gate()]
  const count = (n: unknown) => Number(n) + 1
  app.get('/n', async (request) => request.session('kept').get('n'))
  app.get('/add', async (request) => request.session('kept').update('n', count as never))
  app.get('/in', async (request) =>
    request
      .session('kept')
      .regenerate()
      .identify('ann')
      .update('n', count as never)
  )
  app.get('/out', async (request) => request.session('kept').destroy())
  app.get('/sealed', async (request) => request.session('sealed').get('n'))
  app.get('/slow', async (request) => {
    request.session('kept').update('n', count as never)
    arrived.open()
    await goOn.opened
  })
  return { app, state, arrived, goOn }
}

async function oldCookie(t: Test): Promise<string> {
  const old = Fastify()
  t.teardown(() => old.close())
  await old.register(oldSessions, { key: OLD_KEY, cookieName: 'old', cookie: { path: '/' } })
  old.get('/', async (request) => {
    ;(request as unknown as { session: { set(key: string, value: number): void } }).session.set('n', 7)
  })
  const { headers } = await old.inject('/')
  return /^old=([^;]+)/.exec(String(headers['set-cookie']))?.[1] as string
}

/** Each of what is told of requests, at least once. */
async function live(t: Test, client: Client, app: Awaited<ReturnType<typeof quietApp>>): Promise<void> {
  const time = clock(t)
  await client.get('/add')
  await client.get('/add')
  await client.get('/in')
  time.pass(300_000)
  await client.get('/n')
  const slow = client.copy().get('/slow')
  await app.arrived.opened
  await client.get('/add')
  app.goOn.open()
  await slow
  app.state.isFailing = true
  await client.get('/n')
  app.state.isFailing = false
  const stale = client.copy()
  await client.get('/out')
  await stale.get('/n')
  await client.get('/add')
  time.pass(700_000)
  await client.get('/n')
  await new Client(app.app, [['old', await oldCookie(t)]]).get('/sealed')
}

const kinds = [
  'opened',
  'loaded',
  'created',
  'saved',
  'replayed',
  'touched',
  'renewed',
  'regenerated',
  'identified',
  'destroyed',
  'carried',
  'expired',
  'refused',
  'failed'
] as const satisfies (keyof SessionEvents)[]

type Subscribe = (listen: (event: SessionEvent) => void) => () => void

/** What is told in that life to whoever listens so. */
async function heardBy(t: Test, subscribe: Subscribe): Promise<readonly Heard[]> {
  const app = await quietApp(t)
  const heard: Heard[] = []
  const stop = subscribe((event) => {
    if (event.sessions === app.app.sessions) heard.push(heardOf(event))
  })
  await live(t, new Client(app.app), app)
  stop()
  return heard
}

function subscribeTo(kind: keyof SessionEvents, listen: (event: SessionEvent) => void): () => void {
  events[kind].subscribe(listen as never)
  return () => events[kind].unsubscribe(listen as never)
}

type Heard = Readonly<Record<string, unknown>>

/** What of an event is the same in each such life; a duration that nobody measured is 0. */
function heardOf(event: SessionEvent): Heard {
  const { session, request, problem, operation, duration } = event as unknown as Record<string, unknown>
  const { url } = Object(request) as { readonly url?: string }
  return { event: event.event, session, url, problem, operation, timed: duration && Number(duration) > 0 }
}

t.test('who listens to one kind of event alone hears all of that kind, although the log is silent', async (t) => {
  let all: readonly Heard[] = []
  await t.test('all kinds', async (t) => {
    all = await heardBy(t, subscribeAll)
  })
  for (const kind of kinds) {
    await t.test(kind, async (t) => {
      const expected = all.filter(({ event }) => event === kind)
      t.ok(expected.length > 0, 'it happens in that life')
      t.same(await heardBy(t, (listen) => subscribeTo(kind, listen)), expected)
    })
  }
})

for (const [kind, url] of [
  ['load', '/n'],
  ['save', '/add']
] as const) {
  for (const step of ['start', 'end'] as const) {
    t.test(`who traces the ${step} of a ${kind} alone is told, although the log is silent`, async (t) => {
      const { app } = await quietApp(t)
      const client = new Client(app)
      await client.get('/add')
      const trips: unknown[] = []
      const channel = tracingChannel(`fastify-sessions.${kind}`)[step]
      const listen = (trip: unknown) => trips.push((trip as { readonly names: readonly string[] }).names)
      channel.subscribe(listen)
      t.teardown(() => channel.unsubscribe(listen))
      await client.get(url)
      t.same(trips, [['kept']])
    })
  }
}

t.test('where nobody listens and the log is silent, sessions add no look at the clock to a request', async (t) => {
  const { app } = await quietApp(t)
  app.get('/none', async () => 'none')
  const client = new Client(app)
  await client.get('/add')
  const looks = t.capture(performance, 'now', performance.now)
  const looksOf = async (url: string) => {
    await client.get(url)
    return looks().length
  }
  const bare = await looksOf('/none')
  t.same([await looksOf('/add'), await looksOf('/n'), await looksOf('/sealed')], [bare, bare, bare])
  const stop = subscribeTo('saved', () => {})
  t.ok((await looksOf('/add')) > bare, 'where somebody listens they are counted')
  stop()
})
