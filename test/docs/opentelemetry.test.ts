import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor
} from '@opentelemetry/sdk-trace-base'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type RecordStore } from '../../lib/index.js'
import { inTime } from '../../lib/util/in-time.js'
import { Client, gate, KEY, until } from '../client.js'
import { Examples } from './examples.js'
import { readPages } from './pages.js'

const exporter = new InMemorySpanExporter()
const started: string[] = []
const counter = {
  onStart: ({ name }: { readonly name: string }) => void started.push(name),
  onEnd: () => {},
  shutdown: async () => {},
  forceFlush: async () => {}
}
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter), counter] })
trace.setGlobalTracerProvider(provider)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

// As an app does: the manual's few lines, once in the process.
process.env['SESSION_KEY'] ??= KEY
const page = (await readPages()).filter(({ path }) => path === 'docs/events.md')
await (await Examples.compile(page, 'opentelemetry')).load(t, 'function traceTrips')

/** Spans of trips to stores, and of requests, that have ended since the last look. */
function ended(): {
  readonly trips: readonly ReadableSpan[]
  requestOf(trip: ReadableSpan | undefined): string | undefined
} {
  const spans = exporter.getFinishedSpans()
  return {
    trips: spans.filter(({ name }) => name.endsWith(' sessions')),
    requestOf: (trip) => {
      const parent = spans.find((span) => span.spanContext().spanId === trip?.parentSpanContext?.spanId)
      const isSameTrace = parent?.spanContext().traceId === trip?.spanContext().traceId
      return parent?.name === 'request' && isSameTrace ? String(parent.attributes['url.path']) : undefined
    }
  }
}

function tripsStarted(): number {
  return started.filter((name) => name.endsWith(' sessions')).length
}

/** An app with @fastify/otel, whose store waits, or fails, as the test says. */
async function traced(t: Test, store: RecordStore) {
  exporter.reset()
  started.length = 0
  const app = Fastify()
  t.teardown(() => app.close())
  const otel = new FastifyOtelInstrumentation()
  otel.setTracerProvider(provider)
  await app.register(otel.plugin())
  const schema = z.object({ n: z.number().default(0) })
  await app.register(sessions, {
    keys: [KEY],
    stores: { slow: store },
    sessions: { cart: { store: 'slow', schema }, sealed: { schema } }
  })
  app.get('/read/:n', async (request) => request.session('cart').get('n'))
  app.get('/add', async (request) => String(request.session('cart').update('n', ((n: number) => n + 1) as never)))
  app.get('/sealed', async (request) => String(request.session('sealed').update('n', ((n: number) => n + 1) as never)))
  await app.ready()
  return app
}

/** A store in memory that reads as the test says. */
function storeThatReads(read: (id: string, memory: RecordStore) => ReturnType<RecordStore['read']>): RecordStore {
  const memory: RecordStore = memoryStore()
  return {
    kind: 'record',
    read: (id) => read(id, memory),
    create: (id, text, expires) => memory.create(id, text, expires),
    update: (id, text, expires, version) => memory.update(id, text, expires, version),
    touch: (id, expires) => memory.touch(id, expires),
    remove: (id) => memory.remove(id)
  }
}

t.test('loads and saves of a store that answers at once are spans under that of their request', async (t) => {
  const client = new Client(await traced(t, memoryStore()))
  await client.get('/add')
  await client.get('/add')
  const { trips, requestOf } = ended()
  t.same(
    trips.map((trip) => [trip.name, requestOf(trip), trip.attributes, trip.status.code]),
    ['save sessions', 'load sessions', 'save sessions'].map((name) => [
      name,
      '/add',
      { 'session.store': 'slow', 'session.names': ['cart'] },
      SpanStatusCode.UNSET
    ])
  )
  t.equal(tripsStarted(), 3)
})

t.test('sessions in cookies make no trips', async (t) => {
  const client = new Client(await traced(t, memoryStore()))
  await client.get('/sealed')
  t.equal((await client.get('/sealed')).body, '2')
  t.equal(tripsStarted(), 0)
})

t.test('a span lasts until the store has answered, and parallel requests have theirs under their own', async (t) => {
  const gates: ReturnType<typeof gate>[] = []
  let isSlow = false
  const store = storeThatReads((id, memory) => {
    if (!isSlow) return memory.read(id)
    const answer = gate()
    gates.push(answer)
    return answer.opened.then(() => memory.read(id))
  })
  const client = new Client(await traced(t, store))
  await client.get('/add')
  exporter.reset()
  started.length = 0
  isSlow = true
  const first = client.copy().get('/read/1')
  await until(() => gates.length === 1)
  const second = client.copy().get('/read/2')
  await until(() => gates.length === 2)
  t.equal(tripsStarted(), 2)
  t.same(ended().trips, [], 'both are open')
  gates[1]?.open()
  t.equal((await second).body, '1')
  t.equal(ended().trips.length, 1)
  gates[0]?.open()
  t.equal((await first).body, '1')
  const { trips, requestOf } = ended()
  t.same(trips.map(requestOf), ['/read/2', '/read/1'])
  const [short, long] = trips.map(({ duration: [seconds, nanos] }) => seconds * 1e9 + nanos) as [number, number]
  t.ok(long > short, 'the one that began before and ended after')
})

t.test('a store that fails is an error of the span, without the words of its engine', async (t) => {
  let isFailing = false
  const store = storeThatReads((id, memory) => {
    if (!isFailing) return memory.read(id)
    return Promise.reject(Object.assign(new Error('redis://:hunter2@10.0.0.3'), { code: 'ECONNREFUSED' }))
  })
  const client = new Client(await traced(t, store))
  await client.get('/add')
  isFailing = true
  t.equal((await client.get('/read/1')).statusCode, 503)
  const { trips, requestOf } = ended()
  const failed = trips.at(-1)
  t.equal(requestOf(failed), '/read/1')
  t.same(failed?.status, { code: SpanStatusCode.ERROR, message: 'store "slow": ECONNREFUSED' })
  t.same(
    failed?.events.map(({ name, attributes }) => [name, attributes?.['exception.message']]),
    [['exception', 'store "slow": ECONNREFUSED']]
  )
  t.equal(tripsStarted(), trips.length)
})

t.test('no span stays open where a store never answers: its time-out ends it with an error', async (t) => {
  let isSilent = false
  const store = storeThatReads((id, memory) =>
    isSilent ? inTime(() => new Promise<undefined>(() => {}), 10, 'test') : memory.read(id)
  )
  const client = new Client(await traced(t, store))
  await client.get('/add')
  isSilent = true
  t.equal((await client.get('/read/1')).statusCode, 503)
  const { trips } = ended()
  t.equal(tripsStarted(), 2)
  t.same(
    trips.map(({ name, status }) => [name, status.code]),
    [
      ['save sessions', SpanStatusCode.UNSET],
      ['load sessions', SpanStatusCode.ERROR]
    ]
  )
})
