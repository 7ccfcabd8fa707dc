import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import * as mini from 'zod/mini'
import { memoryStore, type Schema, type Session } from '../lib/index.js'
import { buildApp, Client } from './client.js'

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString()
})

/** A session of a schema, and what three requests do to it: set, then look at it and change it, then look again. */
async function session(t: Parameters<typeof buildApp>[0], schema: Schema) {
  const app = await buildApp(t, { stores: { memory: memoryStore() }, sessions: { it: { store: 'memory', schema } } })
  type It = Session<Schema<Record<string, unknown>>>
  let step: (it: It) => unknown = () => undefined
  app.get('/', async (request) => ({ result: (await step(request.session('it') as unknown as It)) ?? null }))
  const client = new Client(app)
  return async (next: typeof step): Promise<unknown> => {
    step = next
    const response = await client.get('/')
    const body = response.json() as { result: unknown; message?: string }
    return response.statusCode === 200 ? body.result : `${response.statusCode} ${body.message}`
  }
}

t.test('values whose insides zod does not look into are watched all the same, and have to be JSON', async (t) => {
  for (const value of [z.any(), z.unknown(), z.record(z.string(), z.any()), z.custom<object>()]) {
    const run = await session(t, z.object({ value: value.optional() }))
    await run((it) => it.set('value', { list: ['a'] }).id)
    t.equal(await run((it) => [it.get('value'), it.isDirty][1]), false, 'reading changes nothing')
    await run((it) => {
      ;(it.get('value') as { list: string[] }).list.push('b')
    })
    t.same(await run((it) => it.get('value')), { list: ['a', 'b'] })
    t.match(
      await run((it) => it.set('value', { at: new Date(0) }).id),
      /500 session "it": value.*a Date does not survive JSON/
    )
    t.match(await run((it) => it.set('value', { n: Number.NaN }).id), /value.*NaN becomes null/)
    t.match(await run((it) => it.set('value', { f: () => 1 }).id), /value.*function does not survive/)
    const cycle: { self?: object } = {}
    cycle.self = cycle
    t.match(await run((it) => it.set('value', cycle).id), /cycle/)
  }
})

t.test('a default is not shared between sessions, however it is changed', async (t) => {
  const schema = z.object({
    list: z.array(z.string()).default([]),
    deep: z.object({ list: z.array(z.string()) }).default(() => ({ list: [] }))
  })
  const [one, two] = [await session(t, schema), await session(t, schema)]
  await one((it) => {
    ;(it.get('list') as string[]).push('mine')
    ;(it.get('deep') as { list: string[] }).list.push('mine')
  })
  t.same(await two((it) => it.data), { list: [], deep: { list: [] } })
  t.same(await one((it) => it.data), { list: ['mine'], deep: { list: ['mine'] } })
})

t.test('a default within a value, and a coercion, are no change', async (t) => {
  const run = await session(
    t,
    z.object({ items: z.array(z.object({ n: z.coerce.number(), qty: z.number().default(1) })).default([]) })
  )
  await run((it) => it.set('items', [{ n: 1, qty: 2 }]).id)
  t.equal(await run((it) => [it.data, it.isDirty][1]), false)
})

t.test('what the schema lets in and JSON does not hold is refused when it is set', async (t) => {
  const cases: [z.ZodType, unknown, RegExp][] = [
    [z.array(z.string().optional()), ['a', undefined], /undefined does not survive JSON/],
    [z.literal([1, Number.POSITIVE_INFINITY]), Number.POSITIVE_INFINITY, /Infinity becomes null/],
    [z.enum({ none: 0, all: Number.POSITIVE_INFINITY }), Number.POSITIVE_INFINITY, /Infinity becomes null/]
  ]
  for (const [value, bad, message] of cases) {
    const run = await session(t, z.object({ value: value.optional(), user: z.string().optional() }))
    await run((it) => it.set('user', 'Ann').id)
    t.match(await run((it) => it.set('value', bad).id), message)
    t.equal(await run((it) => it.get('user')), 'Ann', 'the session stays')
  }
})

t.test('a check over several keys is made when the session is saved', async (t) => {
  const schema = z
    .object({ from: z.number().default(0), to: z.number().default(0), note: z.string().optional() })
    .refine(({ from, to }) => from <= to, { message: 'from must not be above to', path: ['from'] })
  const run = await session(t, schema)
  t.equal(await run((it) => it.set('from', 1).set('to', 2).isDirty), true)
  t.match(await run((it) => it.set('from', 3).id), /500 could not save session "it": from: from must not be above to/)
  t.same(await run((it) => it.data), { from: 1, to: 2 })
  t.equal(await run((it) => it.set('note', 'x').set('note', undefined).has('note')), false)
})

t.test('a union, a record and a loose object are whole payloads of their own', async (t) => {
  const union = await session(
    t,
    z.discriminatedUnion('at', [z.object({ at: z.literal('a'), x: z.number() }), z.object({ at: z.literal('b') })])
  )
  t.equal(await union((it) => it.set('at', 'a').set('x', 1).isDirty), true)
  t.same(await union((it) => it.data), { at: 'a', x: 1 })
  t.match(await union((it) => it.set('x', 'no').id), /500 could not save.*x: /)

  const record = await session(t, z.record(z.string(), z.number()))
  await record((it) => it.set('tea', 3).set('mug', 1).id)
  t.same(await record((it) => [it.delete('mug'), it.data]), [true, { tea: 3 }])
  t.same(await record((it) => it.data), { tea: 3 })
  t.equal(
    await record((it) => it.set('tea', 'much').id),
    '500 session "it": tea: Invalid input: expected number, received string'
  )
  const byDay = await session(t, z.record(z.iso.date(), z.object({ at: isoDate })))
  t.match(await byDay((it) => it.set('noday', { at: new Date(0) }).id), /^500 session "it": noday: Invalid /)
  t.match(
    await byDay((it) => it.set('2026-01-02', { at: 'no date' }).id),
    /^500 session "it": 2026-01-02\.at: Invalid /
  )
  await byDay((it) => it.set('2026-01-02', { at: new Date(7) }).id)
  t.same(await byDay((it) => it.data), { '2026-01-02': { at: new Date(7).toISOString() } })

  const loose = await session(t, z.looseObject({ n: z.number().default(0) }))
  await loose((it) => it.set('anything', ['x']).id)
  t.same(await loose((it) => it.data), { n: 0, anything: ['x'] })
  t.match(await loose((it) => it.set('anything', 1n).id), /bigint does not survive/)

  const strict = await session(t, z.strictObject({ n: z.number().default(0) }))
  t.match(await strict((it) => it.set('m', 1).id), /no such key/)
})

t.test('zod mini and another validator do the same', async (t) => {
  for (const schema of [
    mini.object({ n: mini._default(mini.number(), 0) }),
    v.object({ n: v.optional(v.number(), 0) })
  ]) {
    const run = await session(t, schema as Schema)
    t.equal(await run((it) => it.get('n')), 0)
    await run((it) => it.update('n', (n) => (n as number) + 1))
    t.equal(await run((it) => it.get('n')), 1)
    t.equal(await run((it) => it.delete('n')), true)
    t.equal(await run((it) => it.get('n')), 0)
  }
  const later = {
    '~standard': { version: 1, vendor: 'later', validate: async (value: unknown) => ({ value }) }
  } as Schema
  const run = await session(t, later)
  t.match(await run((it) => it.set('n', 1).id), /the schema checks asynchronously/)
  const odd = { '~standard': { version: 1, vendor: 'odd', validate: () => ({ value: 'text' }) } } as Schema
  t.match(await (await session(t, odd))((it) => it.set('n', 1).id), /./)
})

t.test('a codec that throws is an error that names the key, not a broken request', async (t) => {
  const url = z.codec(z.string(), z.instanceof(URL), { decode: (text) => new URL(text), encode: (value) => value.href })
  const run = await session(t, z.object({ link: url.optional() }))
  await run((it) => it.set('link', new URL('https://example.com/a')).id)
  t.equal(await run((it) => (it.get('link') as URL).pathname), '/a')
  t.match(await run((it) => it.set('link', 'https://example.com').id), /link: /)
})

t.test('what does not fit is told without the value, to the client and in the log, whoever checks it', async (t) => {
  const bigint = z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => `${value}` })
  const plain = z.object({ value: z.string() })
  const definitions: object[] = [
    { schema: z.object({ value: bigint }) },
    { schema: z.object({ value: z.string().refine((text) => JSON.parse(text)) }) },
    { schema: v.object({ value: v.picklist(['a']) }) },
    { schema: plain, version: 2, migrate: { 1: ({ value }: { value: string }) => JSON.parse(value) } }
  ]
  const store = memoryStore()
  const stores = { memory: store }
  const before = await buildApp(t, { stores, sessions: { it: { store: 'memory', schema: plain } } })
  before.get('/', async (request) => {
    request.session('it').set('value', 'hunter2')
  })
  const client = new Client(before)
  await client.get('/')
  for (const definition of definitions) {
    const log: object[] = []
    const sessions = { it: { store: 'memory', schema: plain, ...definition } }
    const after = await buildApp(t, { stores, sessions }, log)
    after.get('/problem', async (request) => request.session('it').problem)
    after.get('/set', async (request) => {
      request.session('it').set('value', 'hunter2')
    })
    t.equal((await client.copy(after).get('/problem')).body, 'schema')
    t.notMatch((await new Client(after).get('/set')).body, /hunter2/)
    t.notMatch(JSON.stringify(log), /hunter2/)
  }
})
