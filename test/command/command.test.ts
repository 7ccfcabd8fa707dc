import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Project, run } from './project.js'

// Each command is a process of its own, and a machine that is busy starts those slowly.
t.setTimeout(1_200_000)

/** A project that has the package installed from what is published, an app's options, and one session. */
const project = await Project.make(t, {
  'sessions.mjs': `import { fileStore } from 'fastify-sessions'
import { z } from 'zod'
export const options = {
  keys: ['a key of thirty-two bytes or more, for the command'],
  stores: { file: fileStore({ directory: 'records' }), past: fileStore({ directory: 'past' }) },
  history: { store: 'past' },
  sessions: {
    login: { store: 'file', schema: z.object({ user: z.string().optional() }) },
    prefs: { schema: z.object({ theme: z.string().optional() }) }
  }
}`,
  'browse.mjs': `import Fastify from 'fastify'
import sessions from 'fastify-sessions'
import { options } from './sessions.mjs'
const app = Fastify()
await app.register(sessions, options)
app.get('/in', async (request) => {
  request.session('prefs').set('theme', 'hunter2')
  return request.session('login').set('user', 'hunter2').identify('ann').id
})
const { body, cookies } = await app.inject('/in')
console.log(JSON.stringify({ id: body, cookie: cookies.map(({ name, value }) => name + '=' + value).join('; ') }))
await app.close()`,
  'keyed.mjs': `import { fileStore } from 'fastify-sessions'
export const options = {
  keys: [process.env.SHELL_KEY],
  stores: { file: fileStore({ directory: 'keyed' }) },
  sessions: {}
}`
})

const command = (...args: readonly string[]) => project.command(args)

const browsed = async () =>
  JSON.parse((await run(process.execPath, ['browse.mjs'], { cwd: project.directory })).stdout) as {
    id: string
    cookie: string
  }

t.test(
  'a key is made on standard output, or into an env file that nobody else can read, where it is never replaced',
  async (t) => {
    const { out, error, code } = await command('keygen')
    t.match(out, /^[\w-]{43}\n$/)
    t.same([error, code], ['', 0], 'where it is piped, nothing but the key is written')
    t.same(await command('keygen', '--file', 'keys.env'), { out: '', error: '', code: 0 })
    const path = join(project.directory, 'keys.env')
    t.equal((await stat(path)).mode & 0o777, 0o600)
    const text = await readFile(path, 'utf8')
    t.match(text, /^SESSION_KEY=[\w-]{43}\n$/)
    const again = await command('keygen', '--file', 'keys.env')
    t.equal(again.code, 2)
    t.match(again.error, /^error: keygen: keys\.env has SESSION_KEY already: to replace it signs everybody out\./)
    t.equal(await readFile(path, 'utf8'), text)
    t.equal((await command('keygen', '--file', 'keys.env', '--name', 'OTHER')).code, 0)
    t.match(await readFile(path, 'utf8'), /^SESSION_KEY=[\w-]{43}\nOTHER=[\w-]{43}\n$/)
  }
)

t.test('the variables that the options need come from an env file', async (t) => {
  const unset = await command('stats', '--options', 'keyed.mjs')
  t.same([unset.code, unset.out], [1, ''])
  t.match(unset.error, 'error: keys[0]: expected text or bytes, got undefined; is the environment variable set?\n')
  t.equal((await command('keygen', '--file', 'shell.env', '--name', 'SHELL_KEY')).code, 0)
  const stats = ['stats', '--options', 'keyed.mjs', '--env', 'shell.env']
  t.same(await command(...stats), { out: 'file  0\n', error: '', code: 0 })
  const kept = await project.command(stats, { SHELL_KEY: 'short' })
  t.match([kept.code, kept.error], [1, 'error: keys[0]: 5 bytes are too few'], 'what is set stays as it is')
  t.same(await command('stats', '--env', 'no.env'), {
    out: '',
    error: "error: --env: no.env can't be read: ENOENT\n",
    code: 2
  })
})

t.test('a cookie is taken apart, and a record shown, without values unless they are asked for', async (t) => {
  const { id, cookie } = await browsed()
  const login = { session: 'login', id, store: 'file', state: 'live', sealed: 'encrypted', keyIs: 'the one that seals' }
  const inspected = await command('inspect', cookie, '--json')
  t.equal(inspected.code, 0)
  t.hasStrict(JSON.parse(inspected.out), [login, { session: 'prefs', keys: { theme: 'string' } }])
  t.same(await project.command(['inspect', '-', '--json'], {}, cookie), inspected)
  const value = cookie.slice(cookie.indexOf('login=') + 'login='.length)
  t.hasStrict(JSON.parse((await command('inspect', value, '--json')).out), [login])
  const shown = await command('show', id)
  t.equal(shown.code, 0)
  t.match(shown.out, /^id {14}.{43}\nstore {11}file\n/)
  t.match(shown.out, 'keys            user: string\n')
  t.notMatch(inspected.out + shown.out, 'hunter2')
  t.match((await command('show', id, '--values')).out, 'values          {"user":"hunter2"}')
  t.match((await command('inspect', cookie, '--values', '--json')).out, 'hunter2')
  const broken = await command('inspect', `${value.slice(0, -2)}AA`, '--json')
  t.hasStrict(
    [broken.code, JSON.parse(broken.out)],
    [3, [{ problem: 'no session of the app opens it', sealed: 'encrypted' }]]
  )
})

t.test('sessions are ended from the shell, and the shell tells why', async (t) => {
  const { id } = await browsed()
  t.same(await command('revoke', 'ann', '--only', `${'x'.repeat(42)}A`), {
    out: '0 sessions ended\n',
    error: '',
    code: 0
  })
  t.match((await command('revoke', 'ann', '--only', id)).out, '1 session ended\n')
  const why = await command('why', id)
  t.equal(why.code, 0)
  t.match(why.out, /^It was revoked: app\.sessions\.revoke\(\) ended it at /)
  t.hasStrict(JSON.parse((await command('why', id, '--json')).out), { asked: id, isAlive: false })
  t.equal((await command('show', id)).code, 3)
  t.equal((await command('why', 'nobody')).code, 3)
  const other = await browsed()
  const refused = await command('clear')
  t.hasStrict(
    [refused.code, refused.error],
    [2, 'error: clear: ends every session of every user: write --yes if that is meant\n']
  )
  t.equal((await command('show', other.id)).code, 0)
  t.equal((await command('clear', '--yes')).out, 'every session has ended\n')
  t.equal((await command('show', other.id)).code, 3)
  t.same(await command('sweep', '--json'), { out: '{\n  "file": 0,\n  "past": 0\n}\n', error: '', code: 0 })
})

t.test('sessions are listed page by page, and counted', async (t) => {
  await command('clear', '--yes')
  t.same(await command('list', '--store', 'file'), { out: '', error: '', code: 0 })
  t.equal((await command('stats')).out, 'file  0\npast  0\n')
  const { id } = await browsed()
  const other = await browsed()
  const page = JSON.parse((await command('list', '--store', 'file', '--limit', '1', '--json')).out)
  const { sessions, next } = page as { sessions: { id: string; expiresAt: string }[]; next: string }
  const rest = JSON.parse((await command('list', '--store', 'file', '--after', next, '--json')).out)
  const all = [...sessions, ...rest.sessions] as typeof sessions
  t.same(all.map((session) => session.id).sort(), [id, other.id].sort())
  const lines = all.map((session) => `login  ${session.id}  ${session.expiresAt.slice(0, 16).replace('T', ' ')}Z  ann`)
  t.same((await command('list', '--store', 'file')).out.trim().split('\n').sort(), lines.sort())
  t.same(JSON.parse((await command('stats', '--json')).out), { file: { login: 2 }, past: {} })
  for (const [args, error] of [
    [[], 'list: store: say which one: file, past'],
    [['--store', 'file', '--limit', 'all'], 'list: limit: expected a whole number from 1 to 1000, got NaN']
  ] as const) {
    const said = await command('list', ...args)
    t.same([said.code, said.error], [2, `error: ${error}\n`])
  }
})

t.test('who makes a mistake is told what was meant, and with which code it ends', async (t) => {
  for (const [args, error] of [
    [['revok', 'ann'], 'no command "revok": did you mean revoke?'],
    [['show', 'x', '--valus'], 'show: no option --valus: did you mean --values?'],
    [['show', 'x'], 'show: that is no id of a session: those have 43 characters, as session.id gives them'],
    [['why'], 'why: expected <id or user> behind it, got 0 arguments'],
    [['sweep', '--options', 'nowhere.mjs'], `there is no ${join(project.directory, 'nowhere.mjs')}`],
    [
      ['sweep', '--options', 'browse.mjs'],
      /expected it to export the options as "options" or by default, or the app as "app"/
    ]
  ] as const) {
    const said = await command(...args)
    t.hasStrict([said.code, said.out.startsWith('{"id"') ? '' : said.out], [2, ''])
    if (typeof error === 'string') t.equal(said.error, `error: ${error}\n`)
    else t.match(said.error, error)
  }
  t.match((await command('help')).out, /^Usage: fastify-sessions <command> \[options\]\n/)
  t.match(
    (await command('revoke', '--help')).out,
    /^Usage: fastify-sessions revoke <user> \[options\]\n\nIt ends a user's sessions\./
  )
  t.match((await command('--version')).out, /^\d+\.\d+\.\d+\n$/)
})

t.test('a pipe that is closed early is no failure', async (t) => {
  const said = await project.shell(`fastify-sessions help | true; echo "\${PIPESTATUS[0]}"`)
  t.same(said, { out: '0\n', error: '', code: 0 })
})
