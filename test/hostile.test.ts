import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import { parseTicket, reservedId, storeId } from '../lib/records/ticket.js'
import { KeyRing } from '../lib/seal/keys.js'
import { Sealer } from '../lib/seal/sealer.js'
import { buildApp, Client, clock, KEY } from './client.js'

const tree: z.ZodType = z.object({
  get kids() {
    return z.array(tree).optional()
  }
})
const schema = z.object({
  n: z.number().default(0),
  str: z.string().optional(),
  any: z.any().optional(),
  loose: z.looseObject({}).optional(),
  record: z.record(z.string(), z.any()).optional(),
  tree: tree.optional()
})

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const deepObject = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
const now = Date.now()
const later = now + 3600_000
const head = `{"c":${now},"e":${later}`

/** No record of ours, whatever the schema. */
const WRONG: readonly string[] = [
  ...['', '\0', '5', 'null', '[]', '"x"', '{}', `\uFEFF${head}}`, '{"c":"x"}', '{"c":null}', `{"c":${now}`],
  ...['1e999', '-1e999', '1e308', '-1e308', '9e15'].map((c) => `{"c":${c},"e":${later}}`),
  ...['"zz"', 'null', '1e999'].map((e) => `{"c":${now},"e":${e}}`),
  ...['[]', '5', 'null', '"x"'].map((p) => `${head},"p":${p}}`),
  ...['-1e9', '-1e308', '0', '0.5', '"2"', '"__proto__"', 'null', '{}', '[1]', '1e308', '1e999'].map(
    (v) => `${head},"v":${v},"p":{"n":1}}`
  ),
  ...['[]', '5', 'null', '{"1":5}', '{"1":[]}', '{"1":null}'].map((o) => `${head},"v":3,"o":${o},"p":{"n":1}}`),
  ...[
    '[]',
    '5',
    'null',
    '{"notice":5}',
    '{"notice":null}',
    '{"notice":"abc"}',
    '{"notice":{}}',
    '{"notice":["a"]}',
    '{"notice":[[],1]}'
  ].map((f) => `${head},"f":${f}}`),
  ...['"evil; Domain=x"', '-5', '0', '1e308', 'true', '{"a":1}', 'null'].map((m) => `${head},"m":${m}}`),
  ...['5', '{"toString":1}', 'null', '""'].map((s) => `${head},"s":${s}}`),
  ...[
    '"ab"',
    '5',
    'null',
    '{}',
    '[]',
    '["../../../etc/passwd",9]',
    '[["a"],9]',
    `["${'a'.repeat(43)}"]`,
    `["${'a'.repeat(43)}",9,5]`,
    `["${'a'.repeat(43)}",9,"x","all"]`
  ].map((n) => `${head},"n":${n}}`),
  ...['"y"', 'false', 'null', '1'].map((x) => `${head},"x":${x}}`),
  ...[deep(100_000), deepObject(100_000)].map((value) => `${head},"p":{"any":${value}}}`),
  `${head},"p":{"unknown":${deep(50_000)},"n":1}}`,
  `${head},"p":{"unknown":[${'1,'.repeat(50)}${'[1,"]",'.repeat(2_000)}1${']'.repeat(2_000)}],"n":1}}`,
  `${head},"p":{"tree":${'{"kids":['.repeat(50_000)}${']}'.repeat(50_000)}}}`,
  `${head},"f":{"notice":[1,${deep(50_000)}]}}`,
  deep(100_000),
  '['.repeat(1_000_000)
]

/** Records, but what they hold is odd. */
const ODD: readonly string[] = [
  `${head},"p":{"__proto__":{"polluted":1},"n":1}}`,
  `${head},"__proto__":{"x":true},"p":{"n":1}}`,
  `${head},"p":{"constructor":{"prototype":{"polluted":1}},"n":1}}`,
  `${head},"p":{"any":{"__proto__":{"polluted":1}},"loose":{"__proto__":{"polluted":1}},"record":{"__proto__":1}}}`,
  `${head},"f":{"__proto__":[1,"x"],"constructor":[1,"y"],"notice":[1,"z"]}}`,
  `${head},"p":{"n":${'9'.repeat(400)}}}`,
  `${head},"p":{"str":"${'[{'.repeat(5_000)}\\"${'[{'.repeat(5_000)}"}}`,
  `${head},"p":{"any":${deep(900)}}}`,
  `${head},"p":{"any":[${'{"a":[1]},'.repeat(3_000)}1]}}`,
  `${head},"p":{"tree":${'{"kids":['.repeat(450)}${']}'.repeat(450)}}}`,
  `${head},"p":{\n"n":{\n"str":"a"},\n"str":"b"\n}}`,
  `${head}\n,"p":\n{"n":\n1,"str":\n"q"}}`,
  `${head},"p":{"str":"\\ud800"}}`,
  `${head},"p":{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join()}}}`
]

const secret = 'x'.repeat(24)

/** A store that gives the text, whatever it is asked. */
function holding(text: string) {
  const store = memoryStore()
  const written: string[] = []
  const hostile: RecordStore = {
    kind: 'record',
    read: (id) => (id === storeId(secret) ? { text, version: 'v', expires: later } : store.read(id)),
    create: (id, text, expires) => {
      written.push(text)
      return store.create(id, text, expires)
    },
    update: (_id, text) => {
      written.push(text)
      return 'v2'
    },
    touch: () => true,
    remove: () => true
  }
  return { hostile, written }
}

async function appOn(t: Test, store: RecordStore) {
  const definition = {
    schema,
    version: 2,
    migrate: { 1: (payload: unknown) => payload },
    flash: { notice: z.string() }
  }
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { kept: { ...definition, store: 'memory' }, sealed: definition }
  })
  app.get('/read/:name', async (request) => {
    const session = request.session((request.params as { name: string }).name)
    session.flashes()
    return [session.problem ?? null, Object.keys(session.data).length > 0, ({} as { polluted?: 1 }).polluted ?? null]
  })
  app.get('/write/:name', async (request) => {
    const session = request.session((request.params as { name: string }).name)
    session.update('n', (n) => Number(n ?? 0) + 1)
    session.set('str', 'x')
    session.flash('notice', 'hello')
    return [session.problem ?? null]
  })
  return app
}

const sealer = (purpose: string) => new Sealer(new KeyRing([KEY]), purpose, 'encrypt')

function cookies(text: string): [string, string][] {
  const ticket = `${secret}.${now.toString(36)}.${later.toString(36)}`
  return [
    ['__Host-kept', sealer('ticket kept').seal(ticket)],
    ['__Host-sealed', sealer('record sealed').seal(text)]
  ]
}

t.test('a text that is no record gives an empty session, at once and without an error', async (t) => {
  for (const text of WRONG) {
    const { hostile, written } = holding(text)
    const app = await appOn(t, hostile)
    for (const [name, problem] of [
      ['kept', 'gone'],
      ['sealed', text.length < 12_000 ? 'malformed' : 'too-large']
    ]) {
      const shown = `${name} ${text.slice(0, 80)}`
      const read = await new Client(app, cookies(text)).get(`/read/${name}`)
      t.same([read.statusCode, read.json()], [200, [problem, true, null]], shown)
      const write = await new Client(app, cookies(text)).get(`/write/${name}`)
      t.same([write.statusCode, write.json()], [200, [problem]], shown)
    }
    for (const each of written) t.ok(JSON.parse(each).p.n === 1)
  }
})

t.test('a record that holds odd things is read or reset, and what is written can be read again', async (t) => {
  for (const text of ODD) {
    const { hostile, written } = holding(text)
    const app = await appOn(t, hostile)
    for (const name of ['kept', 'sealed']) {
      if (name === 'sealed' && text.length > 2_500) continue
      for (const what of ['read', 'write']) {
        const response = await new Client(app, cookies(text)).get(`/${what}/${name}`)
        const shown = `${what} ${name} ${text.slice(0, 80)}: ${response.body.slice(0, 200)}`
        t.equal(response.statusCode, 200, shown)
        t.ok([null, 'schema'].includes(response.json()[0]), shown)
        t.notOk(response.json()[2], 'no prototype was changed')
      }
    }
    for (const each of written) {
      const { hostile } = holding(each)
      const again = await new Client(await appOn(t, hostile), cookies(each)).get('/read/kept')
      t.same(again.json(), [null, true, null])
    }
  }
})

t.test('a ticket that is none of ours names no record', async (t) => {
  const good = [now.toString(36), later.toString(36)] as const
  t.hasStrict(parseTicket(`${secret}.${good[0]}.${good[1]}`), { secret, createdAt: now, expires: later })
  const wrong = [
    '',
    '..',
    secret,
    `.${good[0]}.${good[1]}`,
    `${secret}.${good[0]}`,
    `${secret}.${good[0]}.`,
    `${secret}..${good[1]}`,
    `${secret}.${good[0]} .${good[1]}`,
    `${secret}.${good[0]}.${good[1]}x!`,
    `${secret}.${'z'.repeat(11)}.${good[1]}`,
    `${secret}.${good[0]}.${'z'.repeat(400)}`,
    `../../etc.${good[0]}.${good[1]}`,
    `${'x'.repeat(5000)}.${good[0]}.${good[1]}`
  ]
  for (const text of wrong) t.equal(parseTicket(text), undefined, text)
  const app = await appOn(t, memoryStore())
  for (const text of wrong) {
    const client = new Client(app, [['__Host-kept', sealer('ticket kept').seal(text)]])
    t.same(await client.json('/read/kept'), ['malformed', true, null])
  }
})

t.test('a value that is nested without end is refused, with a message that can be read', async (t) => {
  const app = await appOn(t, memoryStore())
  const cycle: { itself?: object } = {}
  cycle.itself = cycle
  let shared: unknown = 1
  for (let depth = 0; depth <= 100; depth++) shared = [shared, shared]
  const refused: [value: unknown, reason: string][] = [
    [cycle, 'any.itself: a cycle does not survive JSON'],
    [[[cycle]], 'any[0][0].itself: a cycle does not survive JSON'],
    [JSON.parse(deep(5_000)), 'any[0][0][0]: nested deeper than 100'],
    [JSON.parse(deepObject(5_000)), 'any.a.a.a: nested deeper than 100'],
    [shared, 'any[0][0][0]: nested deeper than 100']
  ]
  app.get('/set/:index', async (request) => {
    const { index } = request.params as { index: string }
    request.session('kept').set('any', refused[Number(index)]?.[0])
  })
  for (const [index, [, reason]] of refused.entries()) {
    const { code, message } = (await new Client(app).get(`/set/${index}`)).json()
    t.equal(code, 'FST_SESSIONS_INVALID_VALUE')
    t.equal(message, `session "kept": ${reason}`)
  }
})

const MARKER = reservedId('fastify-sessions clear marker', undefined)

async function marked(t: Test, store: RecordStore) {
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { sealed: { schema } },
    clearMarker: { store: 'memory', refresh: 0 }
  })
  app.get('/set', async (request) => request.session('sealed').set('n', 1).get('n'))
  app.get('/problem', async (request) => [
    request.session('sealed').problem ?? null,
    request.session('sealed').get('n')
  ])
  await app.ready()
  return app
}

t.test(
  'a clear marker that can’t be read refuses all that was sealed before it was seen, and nothing after',
  async (t) => {
    const time = clock(t)
    const far = Date.now() + 400 * 24 * 3600_000
    for (const text of [
      '',
      'garbage',
      'NaN',
      '-1',
      '1e999',
      '0x10',
      '[]',
      '9'.repeat(16),
      String(far),
      '9'.repeat(400)
    ]) {
      const store = memoryStore()
      const [one, two] = [await marked(t, store), await marked(t, store)] as const
      const before = new Client(one)
      await before.get('/set')
      time.pass(10)
      await store.create(MARKER, text, Date.now() + 3600_000)
      t.same(await before.json('/problem'), ['cleared', 0], text)
      time.pass(10)
      t.same(await before.copy(two).json('/problem'), ['cleared', 0])
      const after = new Client(one)
      await after.get('/set')
      t.same(await after.json('/problem'), [null, 1], 'new cookies are good')
      t.same(await after.copy(two).json('/problem'), [null, 1], 'in every process')
      t.match(await store.read(MARKER), { text: /^\d{13}$/ }, 'and the marker is mended')
    }
  }
)

t.test('clearing ends what was begun before the clock was set back', async (t) => {
  const time = clock(t)
  const store = memoryStore()
  const app = await marked(t, store)
  const client = new Client(app)
  await client.get('/set')
  time.pass(-3600_000)
  await app.sessions.clear()
  t.same(await client.json('/problem'), ['cleared', 0])
  const next = new Client(app)
  await next.get('/set')
  t.same(await next.json('/problem'), [null, 1])
  time.pass(-3600_000)
  const other = await marked(t, store)
  await other.sessions.clear()
  t.same(await next.copy(other).json('/problem'), ['cleared', 0], 'also by a process that did not see it begin')
  t.same(await client.json('/problem'), ['cleared', 0])
})
