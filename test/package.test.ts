import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { directoryFor } from './servers/process.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const npm = { env: { ...process.env, npm_config_ignore_scripts: 'true' } }

interface Packed {
  readonly filename: string
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

/** The package as users get it, in a project that has only what the package says that it needs. */
async function install(t: Test): Promise<{ project: string; packed: Packed }> {
  const project = await directoryFor(t, 'package')
  const modules = join(project, 'node_modules')
  await mkdir(join(modules, 'fastify-sessions'), { recursive: true })
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project, root], npm)
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, Packed>) as [Packed]
  await run('tar', [
    '-xzf',
    join(project, packed.filename),
    '-C',
    join(modules, 'fastify-sessions'),
    '--strip-components=1'
  ])
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8')
  ) as {
    readonly dependencies: object
    readonly peerDependencies: object
    readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>
  }
  await mkdir(join(modules, '@fastify'))
  const needed = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional)
  for (const name of [...Object.keys(dependencies), ...needed, '@types']) {
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  return { project, packed }
}

const app = (load: string) => `
${load}
const app = Fastify()
app.register(sessions, { keys: ['a key of thirty-two bytes or more'], sessions: { prefs: { schema: z.object({ n: z.number().default(1) }) } } })
app.get('/', async (request) => request.session('prefs').get('n'))
app.inject('/').then((response) => console.log(response.body))
`

t.test('what is published is the library and nothing else, and it loads with its dependencies alone', async (t) => {
  const { project, packed } = await install(t)
  const paths = packed.files.map(({ path }) => path)
  t.ok(
    paths.every((path) =>
      /^(dist\/bundle\/.+\.js|dist\/(lib|types)\/.+\.d\.ts|docs\/(moving\/|stores\/)?[^/]+\.md|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(
        path
      )
    )
  )
  // 52,000 of them for the manual, which is nowhere else for those who have the package alone.
  t.ok(packed.size < 350_000, `${packed.size} bytes packed`)

  await writeFile(
    join(project, 'app.mjs'),
    app("import Fastify from 'fastify'\nimport sessions from 'fastify-sessions'\nimport { z } from 'zod'")
  )
  t.equal((await run(process.execPath, [join(project, 'app.mjs')])).stdout, '1\n')
  await writeFile(
    join(project, 'app.cjs'),
    app(
      "const Fastify = require('fastify')\nconst sessions = require('fastify-sessions')\nconst { z } = require('zod')"
    )
  )
  t.equal((await run(process.execPath, [join(project, 'app.cjs')])).stdout, '1\n')
})

t.test(
  'stores load by their subpaths without their drivers, former plugins without theirs, and what is internal does not',
  async (t) => {
    const { project } = await install(t)
    const subpaths = await Promise.all(
      ['stores', 'from', 'seals'].map(async (folder) =>
        (await readdir(join(root, 'lib', folder)))
          .filter((file) => file.endsWith('.ts'))
          .map((file) => `${folder}/${file.slice(0, -3)}`)
      )
    )
    const specifiers = [
      'fastify-sessions',
      'fastify-sessions/conformance',
      'fastify-sessions/testing',
      'fastify-sessions/events',
      'fastify-sessions/inspector',
      'fastify-sessions/inspector/parts',
      ...subpaths.flat().map((name) => `fastify-sessions/${name}`)
    ]
    await writeFile(
      join(project, 'load.mjs'),
      `for (const specifier of ${JSON.stringify(specifiers)}) {
  const names = Object.keys(await import(specifier))
  if (names.length === 0) throw new Error(specifier + ' exports nothing')
}
const internal = await import('fastify-sessions/stores/internal/writes').catch((error) => error.code)
console.log(internal)`
    )
    t.equal((await run(process.execPath, [join(project, 'load.mjs')])).stdout, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n')
  }
)

t.test('what only some apps need is not in the part that every app loads', async (t) => {
  const core = await readFile(join(root, 'dist/bundle/core.js'), 'utf8')
  t.ok(core.length < 303_000, `${core.length} characters`)
  for (const name of ['enterWithinLimit', 'historyIn', 'lineOf(']) {
    t.notOk(core.includes(`function ${name}`) || core.includes(`function* ${name}`), name)
  }
})

t.test('modules of Node that only some stores use are not loaded with the plugin', async (t) => {
  const tell = `import 'fastify-sessions'
import 'node:dns'
console.log(JSON.stringify(process.moduleLoadList))`
  // The test runner's own preloads load more.
  const options = { cwd: root, env: { ...process.env, NODE_OPTIONS: '' } }
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', tell], options)
  const loaded = JSON.parse(stdout) as readonly string[]
  t.ok(loaded.includes('NativeModule dns'), 'the list tells')
  for (const name of ['zlib', 'v8']) t.notOk(loaded.includes(`NativeModule ${name}`), name)
})

t.test('its types are whole, also where the compiler checks declarations', async (t) => {
  const { project, packed } = await install(t)
  const stores = packed.files.flatMap(
    ({ path }) => /^dist\/lib\/((?:stores|from|seals)\/[^/]+)\.d\.ts$/.exec(path)?.[1] ?? []
  )
  t.ok(stores.length > 15)
  const compilerOptions = {
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node']
  }
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }))
  await writeFile(
    join(project, 'app.ts'),
    `import Fastify from 'fastify'
import sessions, { ConfigError, defineSessions, memoryStore, SaveError } from 'fastify-sessions'
import { conformanceCases } from 'fastify-sessions/conformance'
import { sessionsInspector } from 'fastify-sessions/inspector'
import { lookAt, type SessionLook } from 'fastify-sessions/inspector/parts'
import { TestBrowser } from 'fastify-sessions/testing'
${stores.map((store, index) => `import type * as store${index} from 'fastify-sessions/${store}'`).join('\n')}
import { z } from 'zod'
const options = defineSessions({
  keys: [process.env['KEY']],
  stores: { memory: memoryStore() },
  sessions: { cart: { store: 'memory', schema: z.object({ items: z.array(z.string()).default([]) }) } }
})
declare module 'fastify-sessions' { interface Register { options: typeof options } }
const app = Fastify()
app.register(sessions, options)
app.register(sessionsInspector, { redact: ['token', /secret/] })
app.get('/looks', (request): Promise<readonly SessionLook[]> => lookAt(request))
app.get('/', async (request): Promise<string[]> => request.session('cart').get('items'))
// @ts-expect-error the augmentation reaches the package as it is installed
app.get('/wrong', async (request) => request.session('crat'))
const failed: ReadonlyMap<string, Error> = new SaveError(new Map()).errors
const code: string = new ConfigError('').code
const browser = new TestBrowser(app)
const items: Promise<string[]> = browser.session('cart').then((cart) => cart.get('items'))
// @ts-expect-error values are those of the schema
void browser.give('cart', { items: [1] })
void [conformanceCases, failed, code, items, browser.give('cart', { items: ['pen'] }, { subject: 'ada' })]
`
  )
  const tsc = join(root, 'node_modules/.bin/tsc')
  // The test runner's own preloads are not for the compiler.
  for (const module of ['nodenext', 'preserve']) {
    const compiled = run('sh', ['-c', 'NODE_OPTIONS= exec "$0" -p "$1" --module "$2"', tsc, project, module]).catch(
      (error: { stdout: string }) => {
        throw new Error(error.stdout || String(error))
      }
    )
    t.equal((await compiled).stdout, '', module)
  }
})

t.test('no package that an app may use brings along what a phone needs', async (t) => {
  // npm weighs the peers of optional peers too: those of Drizzle ask for React 19, and refused apps that have React 18.
  const read = async (file: string) => JSON.parse(await readFile(join(root, file), 'utf8')) as Manifest
  const { peerDependencies } = await read('package.json')
  for (const name of Object.keys(peerDependencies ?? {})) {
    const theirs = await read(`node_modules/${name}/package.json`)
    t.same(
      Object.keys(theirs.peerDependencies ?? {}).filter((peer) => /react|expo/.test(peer)),
      [],
      name
    )
  }
})

interface Manifest {
  readonly peerDependencies?: Readonly<Record<string, string>>
}
