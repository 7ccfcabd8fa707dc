import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fileStore } from '../../lib/index.js'
import { Client } from '../client.js'
import { directoryFor } from '../servers/process.js'
import { ENGINE_MODULE, ENGINES, servers } from './engines.js'
import { Project } from './project.js'
import { addressOf, FIRST, live, MODULE, recordsOf, SECOND, versionsOf, visitor } from './versions.js'

// Each command is a process of its own, and a machine that is busy starts those slowly.
t.setTimeout(1_200_000)

const project = await Project.make(t, { 'engine.mjs': ENGINE_MODULE, 'sessions.mjs': MODULE }, ENGINES)

interface Told {
  readonly sessions: readonly {
    readonly migrated: number
    readonly notForOlder: number
    readonly current: number
    readonly gone: number
    readonly left: Readonly<Record<string, number>>
  }[]
  readonly unknown: number
  readonly next?: string
}

/** What `migrate --json` tells, and its code. */
async function migrated(args: readonly string[], env: Readonly<Record<string, string>>) {
  const { out, error, code } = await project.command(['migrate', '--json', ...args], env)
  const { sessions, ...others } = JSON.parse(out) as Told
  return { ...others, ...(sessions[0] as Told['sessions'][number]), error, code }
}

/** A store of files, what `env` the command needs for it, and an app of version 1 that uses it. */
async function files(t: Test) {
  const directory = join(await directoryFor(t, 'migrate'), 'records')
  const store = fileStore({ directory })
  return { store, env: { AT: directory }, app: await live(t, store, FIRST) }
}

async function visitors(app: Awaited<ReturnType<typeof live>>, count: number) {
  return Promise.all(Array.from({ length: count }, (_, at) => visitor(app, `Ann${at} Lee`)))
}

t.test('stored sessions are carried to the present version; nothing else of them changes', async (t) => {
  const { store, env, app } = await files(t)
  const all = await visitors(app, 30)
  const before = await recordsOf(store)
  const dry = await migrated(['--dry-run'], env)
  t.hasStrict(dry, { code: 0, migrated: 30, notForOlder: 0, current: 0, gone: 0, left: {}, unknown: 0, error: '' })
  t.same(await recordsOf(store), before, 'a dry run writes nothing')

  const { out, error, code } = await project.command(['migrate', 'login', '--slice', '7'], env)
  t.same([error, code], ['', 0])
  t.equal(
    out,
    `login in records, version 2
  migrated                  30
  already current            0
`
  )
  const after = await recordsOf(store)
  const ends = (records: typeof before) => [...records].map(([id, { expires }]) => [id, expires]).sort()
  t.same(ends(after), ends(before), 'each ends when it did')
  const newer = await live(t, store, SECOND)
  for (const [at, { id, client }] of all.entries()) {
    const [old, now] = [before, after].map((records) => JSON.parse(records.get(id)?.text as string))
    const first = `Ann${at}`
    t.same(now, { ...old, v: 2, o: { 1: old.p }, p: { first, last: 'Lee' } })
    t.same(await client.copy(newer).json('/data'), { first, last: 'Lee', n: 0 })
    t.same(await client.json('/data'), { name: `${first} Lee`, n: 0 }, 'and after a roll-back')
  }
  t.hasStrict(await migrated([], env), { code: 0, migrated: 0, current: 30 }, 'a second run finds nothing to do')
})

t.test('without a step down it says that older processes may not read what it wrote', async (t) => {
  const { env, app } = await files(t)
  await visitors(app, 3)
  const { out } = await project.command(['migrate', '--dry-run'], { ...env, NO_DOWN: 'yes' })
  t.equal(
    out,
    `login in records, version 2, dry run: nothing is written
  to be migrated             3
    without way back         3  its step has no down to version 1
  already current            0
`
  )
})

t.test('what does not fit is left as it is, and counted by what is wrong with it', async (t) => {
  const { store, env, app } = await files(t)
  await visitors(app, 2)
  const later = Date.now() + 60_000
  const put = (payload: object, more: object = {}) => {
    const id = Buffer.from(`${JSON.stringify(payload)}${JSON.stringify(more)}`.padEnd(32).slice(0, 32))
    return store.create(id.toString('base64url'), JSON.stringify({ c: Date.now(), ...more, p: payload }), later)
  }
  await put({ n: 1 })
  await put({ name: 'secret', n: 2 })
  await put({ name: 'B B', n: 'three' })
  await put({ name: 'C C', n: 'four' })
  await put({ later: true }, { v: 3 })
  const before = await recordsOf(store)
  const { out, code } = await project.command(['migrate'], env)
  t.equal(code, 4)
  t.equal(
    out,
    `login in records, version 2
  migrated                   2
  already current            0
  left as it was             5
       2 × n: Invalid input: expected number, received string
       1 × last: Invalid input: expected string, received undefined
       1 × step 1 of its migration threw TypeError
       1 × version 3 is newer than the app's
`
  )
  const after = await recordsOf(store)
  const changed = [...after].filter(([id, { text }]) => text !== before.get(id)?.text)
  t.equal(changed.length, 2)
})

t.test('interrupted it stops after the records in hand, says how to go on, and a second run finishes', async (t) => {
  const { store, env, app } = await files(t)
  const all = await visitors(app, 50)
  const { out, error, code } = await project.command(['migrate', '--slice', '25'], { ...env, INTERRUPT_AT: '27' })
  t.equal(code, 130)
  const done = Number(/^ {2}migrated +(\d+)$/m.exec(out)?.[1])
  t.ok(done >= 27 && done < 27 + 20, 'no more than the twenty in hand')
  const [, from] =
    /^Stopped before the end\. Go on with:\n {2}npx fastify-sessions migrate --slice 25 --from (\S+)\n$/.exec(
      error
    ) as RegExpExecArray
  const versions = await versionsOf(store)
  t.same([versions.filter((version) => version === 2).length, versions.length], [done, 50])
  const rest = await migrated(['--slice', '25', '--from', from as string], env)
  t.hasStrict(rest, { code: 0, migrated: 50 - done, error: '' })
  t.ok(rest.current < done, 'what was done before the slice in hand is not gone through again')
  t.same(new Set(await versionsOf(store)), new Set([2]))
  const newer = await live(t, store, SECOND)
  for (const { client } of all) t.hasStrict(await client.copy(newer).json('/data'), { last: 'Lee' })
})

t.test('when the store fails half-way, what was done is told, and how to go on', async (t) => {
  const { store, env, app } = await files(t)
  await visitors(app, 50)
  const { out, error, code } = await project.command(['migrate', '--slice', '25'], { ...env, FAIL_AT: '26' })
  t.equal(code, 1)
  t.match(out, /\n {2}migrated {18}25\n/)
  t.match(
    error,
    /^error: the disk is full\nStopped before the end\. Go on with:\n {2}npx fastify-sessions migrate .*\n$/
  )
  t.hasStrict(await migrated([], env), { code: 0, migrated: 25, current: 25 }, 'from the start it finishes as well')
  t.same(new Set(await versionsOf(store)), new Set([2]))
  t.equal((await project.command(['migrate'], { ...env, AT: '/dev/null/records' })).code, 1)
})

t.test('no update of a live app is lost, whichever version that has', async (t) => {
  const { store, env, app: older } = await files(t)
  const newer = await live(t, store, SECOND)
  const all = await visitors(older, 8)
  const [byOlder, byNewer, signedOut, busy] = [all.slice(0, 3), all.slice(3, 6), all.slice(6, 7), all.slice(7)]
  const raced = new Set<string>()
  newer.get('/race/:id', async (request) => {
    const { id } = request.params as { id: string }
    const isIn = (some: typeof all) => some.some((each) => each.id === id)
    const { client } = all.find((each) => each.id === id) as (typeof all)[number]
    if (raced.has(id) && !isIn(busy)) return
    raced.add(id)
    if (isIn(signedOut)) await store.remove(id)
    else await client.copy(isIn(byNewer) ? newer : older).get('/add')
  })
  const told = await migrated([], { ...env, LIVE: await addressOf(newer) })
  t.hasStrict(told, { code: 4, migrated: 3, current: 3, gone: 1 })
  t.same(told.left, { 'other writers were faster each time': 1 })
  t.equal(raced.size, 8)
  for (const { client } of [...byOlder, ...byNewer])
    t.hasStrict(await client.copy(newer).json('/data'), { n: 1, last: 'Lee' })
  t.same(await signedOut[0]?.client.json('/data'), { n: 0 }, 'who signed out meanwhile stays signed out')
  t.hasStrict(await busy[0]?.client.json('/data'), { n: 20 }, "what is left is the app's")
})

t.test('a pipe that is closed early does not stop it', async (t) => {
  const { store, env, app } = await files(t)
  await visitors(app, 10)
  const said = await project.shell(`fastify-sessions migrate | true; echo "\${PIPESTATUS[0]}"`, env)
  t.same(said, { out: '0\n', error: '', code: 0 })
  t.same(new Set(await versionsOf(store)), new Set([2]))
})

t.test('on a terminal it shows how far it is, and Ctrl-C there stops it', async (t) => {
  const { env, app } = await files(t)
  for (let count = 0; count < 3; count++) await new Client(app).get('/begin')
  const pauses = ['migrate', '--slice', '1', '--pause', '3600000']
  const { child, said } = project.terminal(pauses, { ...env, NO_COLOR: '' })
  child.stdout?.on('data', (part) => {
    if (String(part).includes('looked at')) child.stdin?.write('\u0003')
  })
  const { out, code } = await said
  t.equal(code, 130)
  const [before, after] = out.split('\u001b[1mlogin\u001b[22m in records, version 2') as [string, string]
  const cleared = '\r\u001b[K'
  t.ok(before.startsWith(`${cleared}records: 1 looked at, 1 migrated`) && before.endsWith(cleared))
  t.equal(after.split('\r\n')[1], '  migrated          \u001b[32m         1\u001b[39m')
  t.match(after, /Go on with:\r\n {2}npx fastify-sessions migrate --slice 1 --pause 3600000 --from \S+\r\n$/)
})

t.test('what it can not do it says before it begins', async (t) => {
  const { env } = await files(t)
  const other = Buffer.from(JSON.stringify({ store: 'past' })).toString('base64url')
  for (const [args, more, code, error] of [
    [['sign-in'], {}, 2, 'migrate: no session "sign-in"; there are login, prefs'],
    [['logn'], {}, 2, 'migrate: no session "logn": did you mean login?'],
    [
      ['prefs'],
      {},
      2,
      'migrate: session "prefs" is kept in cookies, which only browsers have: each is carried forward when it comes'
    ],
    [['--slice', '0'], {}, 2, 'migrate: --slice: expected a whole number from 1 to 1000, got 0'],
    [
      ['--pause', '-1'],
      {},
      2,
      "migrate: Option '--pause' argument is ambiguous.\nDid you forget to specify the option argument for '--pause'?\nTo specify an option argument starting with a dash use '--pause=-XYZ'."
    ],
    [['--from', 'there'], {}, 2, 'migrate: --from: that is not what an interrupted migrate gave'],
    [['--from', other], {}, 2, 'migrate: --from: it is of the store past, which is not gone through here'],
    [
      [],
      { WITHOUT: 'list' },
      1,
      'store "records" can not list its records: its engine has no way to go through them all'
    ],
    [
      [],
      { APP: 'shop' },
      2,
      'migrate: the option app is set, and a record does not tell of which app it is: write --yes if no other app has its sessions in the store'
    ]
  ] as const) {
    const said = await project.command(['migrate', ...args], { ...env, ...more })
    t.same([said.out, said.error, said.code], ['', `error: ${error}\n`, code])
  }
})

for (const [STORE, open] of Object.entries(servers)) {
  t.test(
    `${STORE}: all of many pages are carried, and the command ends although the app's client stays open`,
    async (t) => {
      const [store, AT] = await open(t)
      const app = await live(t, store, FIRST)
      const all = await visitors(app, 40)
      const env = { STORE, AT }
      t.hasStrict(await migrated(['--slice', '9', '--dry-run'], env), { code: 0, migrated: 40, current: 0, error: '' })
      t.hasStrict(await migrated(['--slice', '9'], env), {
        code: 0,
        migrated: 40,
        notForOlder: 0,
        current: 0,
        error: ''
      })
      t.hasStrict(await migrated([], env), { code: 0, migrated: 0, current: 40 })
      const newer = await live(t, store, SECOND)
      for (const { client } of all) t.hasStrict(await client.copy(newer).json('/data'), { last: 'Lee' })
    }
  )
}
