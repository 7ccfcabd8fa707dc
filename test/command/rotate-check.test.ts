import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { fileStore, type RecordStore } from '../../lib/index.js'
import { encrypted } from '../../lib/stores/encrypted.js'
import { buildApp, Client } from '../client.js'
import { directoryFor } from '../servers/process.js'
import { ENGINE_MODULE, ENGINES, servers } from './engines.js'
import { Project } from './project.js'

const [OLD, NEW] = ['the key of last year, of 32 bytes or more', 'the key of this year, of 32 bytes or more']
const DAY = 24 * 60 * 60 * 1000

/** An app's options, whose keys the environment says: numbers in the order of the ring, the older key being 0. */
const MODULE = `import { fileStore } from 'fastify-sessions'
import { cached } from 'fastify-sessions/stores/cached'
import { encrypted } from 'fastify-sessions/stores/encrypted'
import { goSecureCookie } from 'fastify-sessions/seals/go-securecookie'
import { z } from 'zod'
import { around, engine } from './engine.mjs'

const { KEYS = '1', RECORD_KEYS = '1', LOGINS = 'logins', INTERRUPT_AT, WITHOUT } = process.env
const ring = (numbers) => numbers.split(',').map((number) => [${JSON.stringify(OLD)}, ${JSON.stringify(NEW)}][number])
const logins = fileStore({ directory: LOGINS })
let pages = 0
const counting = around({
  list: WITHOUT === 'list' ? undefined : (options) => {
    if (++pages === Number(INTERRUPT_AT)) process.kill(process.pid, 'SIGINT')
    return engine.list(options)
  }
})
const schema = z.object({ n: z.number().optional() })
export const options = {
  keys: ring(KEYS),
  stores: { logins, sealed: cached(encrypted(counting, { keys: ring(RECORD_KEYS) })) },
  startWithout: ['sealed'],
  touchAfter: 0,
  sessions: {
    login: { store: 'logins', schema, idle: 86400 },
    vault: { store: 'sealed', schema },
    prefs: { schema, idle: 86400, absolute: 864000 },
    go: { schema, seal: goSecureCookie({ pairs: ['${'g'.repeat(32)}'] }), idle: 3600, cookie: { name: 'go' } }
  }
}
`

// Each command is a process of its own, and a machine that is busy starts those slowly.
t.setTimeout(1_200_000)

const project = await Project.make(t, { 'engine.mjs': ENGINE_MODULE, 'sessions.mjs': MODULE }, ENGINES)

interface KeyTold {
  readonly key: string
  readonly ends?: string
  readonly verdict?: { readonly until?: string }
}

interface Told {
  readonly since?: string
  readonly keys: readonly { readonly key: string; readonly is: string; readonly replaced: number }[]
  readonly sessions: readonly { readonly session: string; readonly verdict: { readonly is: string } }[]
  readonly verdict?: object
  readonly stores: readonly { readonly keys: readonly KeyTold[] }[]
  readonly next?: string
}

/** What `rotate-check --json` tells, and its code. */
async function checked(args: readonly string[], env: Readonly<Record<string, string>>) {
  const { out, error, code } = await project.command(['rotate-check', '--json', ...args], env)
  return { ...(JSON.parse(out) as Told), error, code }
}

/** An app on the stores that the command is told of by `env`. */
async function app(
  t: Test,
  logins: RecordStore,
  sealed: RecordStore,
  keys: readonly string[]
): Promise<FastifyInstance> {
  const schema = z.object({ n: z.number().optional() })
  const app = await buildApp(t, {
    keys,
    stores: { logins, sealed: encrypted(sealed, { keys }) },
    touchAfter: 0,
    grace: 3600,
    sessions: { login: { store: 'logins', schema, idle: 86400 }, vault: { store: 'sealed', schema } }
  })
  for (const name of ['login', 'vault'] as const) {
    app.get(`/${name}`, async (request) => {
      request.session(name).set('n', Math.random())
    })
    app.get(`/${name}/look`, async (request) => request.session(name).data)
    app.get(`/${name}/anew`, async (request) => {
      request.session(name).regenerate()
    })
    app.get(`/${name}/out`, async (request) => {
      request.session(name).destroy()
    })
  }
  return app
}

async function browsers(app: FastifyInstance, url: string, count: number): Promise<readonly Client[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const client = new Client(app)
      await client.get(url)
      return client
    })
  )
}

async function files(t: Test) {
  const directory = await directoryFor(t, 'rotate')
  const env = { AT: join(directory, 'sealed'), LOGINS: join(directory, 'logins') }
  return { env, logins: fileStore({ directory: env.LOGINS }), sealed: fileStore({ directory: env.AT }) }
}

/** A moment that is over when it is given. */
async function thisMoment(): Promise<Date> {
  const moment = new Date()
  while (Date.now() === moment.getTime()) await new Promise((resolve) => setImmediate(resolve))
  return moment
}

t.test('it counts what each key of a store that seals still opens', async (t) => {
  const { env, logins, sealed } = await files(t)
  const before = await app(t, logins, sealed, [OLD])
  const [first, ...others] = await browsers(before, '/vault', 3)
  const after = await app(t, logins, sealed, [NEW, OLD])
  await browsers(after, '/vault', 2)
  await first?.copy(after).get('/vault')

  const told = await checked([], { ...env, RECORD_KEYS: '1,0' })
  const [store] = told.stores
  t.hasStrict(told, { code: 4, error: '' })
  t.hasStrict(store, {
    store: 'sealed',
    unsealed: 0,
    keys: [
      { is: 'seals', records: 3, verdict: undefined },
      { is: 'older', records: 2, verdict: { is: 'keep' } }
    ]
  })
  const older = store?.keys[1]
  t.equal(older?.ends, older?.verdict?.until)
  t.same(told.verdict, undefined, 'the app itself has one key')
  t.hasStrict(await checked([], { ...env, RECORD_KEYS: '1' }), {
    code: 4,
    stores: [
      {
        keys: [
          { is: 'seals', records: 3 },
          { is: 'missing', records: 2, key: older?.key }
        ]
      }
    ]
  })
  t.hasStrict(await checked([], { ...env, RECORD_KEYS: '1,0', WITHOUT: 'list' }), {
    code: 4,
    stores: [{ isCounted: false, keys: [{}, { verdict: { is: 'not known' } }] }]
  })
  for (const client of others) await client.copy(after).get('/vault/out')
  t.hasStrict(await checked([], { ...env, RECORD_KEYS: '1,0' }), {
    code: 0,
    stores: [{ keys: [{ records: 3 }, { records: 0, verdict: { is: 'safe to drop' } }] }]
  })
  await sealed.create(`${'x'.repeat(42)}A`, '{"c":1}', Date.now() + DAY)
  t.hasStrict(await checked([], env), { code: 4, stores: [{ unsealed: 1 }] })
})

t.test(
  'it counts sessions whose cookies may still be under an older key, and when the last of the others ends',
  async (t) => {
    const { env, logins, sealed } = await files(t)
    const before = await app(t, logins, sealed, [OLD])
    const [used, ...unused] = await browsers(before, '/login', 3)
    await unused[0]?.get('/login/anew')
    const moment = await thisMoment()
    const after = await app(t, logins, sealed, [NEW, OLD])
    await used?.copy(after).get('/login/look')
    await browsers(after, '/login', 4)

    const told = await checked(['--since', moment.toISOString()], { ...env, KEYS: '1,0' })
    t.equal(told.code, 4)
    t.hasStrict(told.keys, [
      { is: 'seals', replaced: 0 },
      { is: 'older', replaced: 1 }
    ])
    const [login, vault, prefs, ...others] = told.sessions
    t.same(others, [], 'what is sealed as Go does is under other keys')
    t.hasStrict(login, { session: 'login', store: 'logins', live: 7, unused: 2, verdict: { is: 'keep' } })
    const { ends } = login as unknown as { readonly ends: string }
    t.ok(Date.parse(ends) <= moment.getTime() + DAY, 'they were used last before that moment')
    t.hasStrict(vault, { session: 'vault', live: 0, unused: 0, verdict: { is: 'safe to drop' } })
    const last = new Date(moment.getTime() + 10 * DAY).toISOString()
    const most = new Date(moment.getTime() + DAY).toISOString()
    t.hasStrict(prefs, {
      session: 'prefs',
      store: 'cookies',
      live: undefined,
      unused: undefined,
      ends: last,
      mostEnd: most
    })
    t.same(told.verdict, { is: 'keep', until: last })
    const { out, code } = await project.command(['rotate-check', '--since', moment.toISOString()], {
      ...env,
      KEYS: '1,0'
    })
    const [newer, older] = told.keys.map(({ key }) => key)
    const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')}Z`
    t.equal(code, 4)
    t.equal(
      out,
      `Keys of the app
  ${newer}  seals  since ${minute(moment.toISOString())}
  ${older}  older  keep until ${minute(last)}  1 replaced id

  session  store    live  unused since  good until
  login    logins      7             2  ${minute(ends)}
  vault    sealed      0             0
  prefs    cookies     ?             ?  ${minute(last)}

Keys of the store sealed
  key                records
  ${newer}  seals        0
`
    )
    t.hasStrict(await checked(['--since', '2020-01-31'], { ...env, KEYS: '1,0' }), {
      code: 0,
      since: '2020-01-31T23:59:59.999Z',
      verdict: { is: 'safe to drop' }
    })
    t.hasStrict(await checked(['--since', '2999-01-01'], { ...env, KEYS: '1,0' }), {
      sessions: [{ live: 7, unused: 7 }]
    })
    const unknown = await checked([], { ...env, KEYS: '1,0' })
    t.hasStrict(unknown, {
      code: 4,
      verdict: { is: 'not known', reason: 'tell with --since when the first key became the first everywhere' },
      sessions: [{ live: 7, unused: undefined }]
    })
  }
)

t.test('interrupted it tells what is counted so far, and the next run counts on', async (t) => {
  const { env, logins, sealed } = await files(t)
  await browsers(await app(t, logins, sealed, [OLD]), '/vault', 6)
  await browsers(await app(t, logins, sealed, [NEW, OLD]), '/vault', 6)
  const all = { ...env, RECORD_KEYS: '1,0' }
  const whole = await checked(['--slice', '2'], all)
  const interrupted = await project.command(['rotate-check', '--slice', '2'], { ...all, INTERRUPT_AT: '2' })
  t.equal(interrupted.code, 130)
  const [, from = ''] = /Go on with:\n {2}npx fastify-sessions rotate-check --slice 2 --from (\S+)\n$/.exec(
    interrupted.error
  ) as RegExpExecArray
  t.same(await checked(['--slice', '2', '--from', from], all), whole)
  t.hasStrict(whole, { code: 4, stores: [{ keys: [{ records: 6 }, { records: 6 }] }] })
})

t.test('what makes no sense is refused', async (t) => {
  for (const [since, got] of [
    ['monday', 'monday'],
    ['2026-13-01', '2026-13-01'],
    ['12', '12']
  ] as const) {
    const { out, error, code } = await project.command(['rotate-check', '--since', since])
    const expected = 'expected a day or a moment, such as 2026-11-01 or 2026-11-01T12:00Z'
    t.same([out, error, code], ['', `error: rotate-check: --since: ${expected}, got ${got}\n`, 2])
  }
})

for (const [STORE, open] of Object.entries(servers)) {
  t.test(`${STORE}: keys are counted over many pages`, async (t) => {
    const { env, logins } = await files(t)
    const [sealed, AT] = await open(t)
    await browsers(await app(t, logins, sealed, [OLD]), '/vault', 15)
    await browsers(await app(t, logins, sealed, [NEW, OLD]), '/vault', 10)
    t.hasStrict(await checked(['--slice', '6'], { ...env, STORE, AT, RECORD_KEYS: '1,0' }), {
      code: 4,
      stores: [{ keys: [{ records: 10 }, { records: 15 }] }]
    })
  })
}
