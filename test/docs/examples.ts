import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { blocksOf, type Page, root } from './pages.js'

const run = promisify(execFile)

/** The code that examples take for granted: the README's app, with a session for sign-in. */
const PRELUDE = `
import Fastify from 'fastify'
import sessions, { cookieStore, defineSession, defineSessions, LimitError, memoryStore, SaveError } from 'fastify-sessions'
import { z } from 'zod'
const app = Fastify()
const options = defineSessions({
  keys: [process.env.SESSION_KEY],
  stores: { cookie: cookieStore(), file: memoryStore() },
  sessions: {
    cart: { store: 'file', schema: z.object({ items: z.array(z.string()).default([]) }) },
    prefs: {
      schema: z.object({ theme: z.enum(['light', 'dark']).default('light') }),
      flash: z.object({ notice: z.string() })
    },
    login: { store: 'file', schema: z.object({ user: z.string() }) }
  }
})
await app.register(sessions, options)
`
const REGISTER = "declare module 'fastify-sessions' { interface Register { options: typeof options } }"

/** The addresses of engines in examples, and the code that replaces them by the test's own. */
const ADDRESSES: readonly (readonly [string, string])[] = [
  ["'redis://localhost:6379'", 'process.env.REDIS_URL as string'],
  ["'localhost:11211'", 'process.env.MEMCACHED_ADDRESS as string'],
  ["'mongodb://localhost:27017'", 'process.env.MONGODB_URL as string'],
  ["'postgres://localhost/shop'", 'process.env.POSTGRES_URL as string'],
  ["'mysql://root@localhost/shop'", 'process.env.MYSQL_URL as string'],
  ["'http://localhost:8529'", 'process.env.ARANGODB_URL as string'],
  ["'http://localhost:8098'", 'process.env.RIAK_URL as string'],
  ["host: 'localhost', db", 'port: Number(process.env.RETHINKDB_PORT), db'],
  ['port: 3000', 'port: 0']
]

/**
 * Modules with which examples are compiled but can't run here, and the modules that replace them in the compiled code.
 */
const STAND_INS: readonly (readonly [string, string])[] = [
  ["from 'couchbase'", "from '../../test/docs/couchbase.js'"],
  // better-sqlite3 needs a newer Node than the oldest that the tests run on; libsql has the same interface.
  ["from 'better-sqlite3'", "from 'libsql'"]
]

/** All examples of the manual, compiled as one program. An example that is a complete app is a program of its own. */
export class Examples {
  readonly #paths: ReadonlyMap<string, string>
  readonly #unused: Set<string>

  private constructor(paths: ReadonlyMap<string, string>) {
    this.#paths = paths
    this.#unused = new Set(paths.keys())
  }

  /**
   * Compiles the examples of pages.
   * @param program A name for the program.
   * @throws Error with the compiler's messages when an example does not compile
   */
  static async compile(pages: readonly Page[], program: string): Promise<Examples> {
    const texts = pages.flatMap((page) =>
      blocksOf(page, ['ts', 'js']).map((text, index) => ({ name: nameOf(page, index), text }))
    )
    const whole = texts.filter(({ text }) => isWhole(text))
    const parts = texts.filter(({ text }) => !isWhole(text))
    const files = parts.map(({ name, text }, index) => [name, index, text] as const)
    const compiled = await Promise.all([
      ...whole.map(({ name, text }) => compile(name, { [name]: withApp(replaced(text, ADDRESSES)) })),
      compile(program, Object.fromEntries(files.map(([name, index, text]) => [name, afterPrelude(text, index)])))
    ])
    const paths = compiled.flatMap((out, at) =>
      (whole[at] ? [whole[at]] : parts).map(({ name }) => [name, out] as const)
    )
    const textOf = new Map(texts.map(({ name, text }) => [name, text]))
    return new Examples(new Map(paths.map(([name, out]) => [textOf.get(name) as string, join(out, `${name}.js`)])))
  }

  /** Returns the path of the compiled example that contains `part`. */
  path(part: string | RegExp): string {
    const holds = (text: string) => (typeof part === 'string' ? text.includes(part) : part.test(text))
    const [text, path] = [...this.#paths].find(([text]) => holds(text)) ?? []
    if (text === undefined || path === undefined) throw new Error(`no example has ${part}`)
    this.#unused.delete(text)
    return path
  }

  /** Imports the example that contains `part`, and returns its module: its app, and its own declarations. */
  async load<Own = object>(t: Test, part: string | RegExp): Promise<Own & { readonly app: FastifyInstance }> {
    const module = (await import(pathToFileURL(this.path(part)).href)) as Own & { readonly app: FastifyInstance }
    t.teardown(() => module.app.close())
    return module
  }

  /** The examples that were compiled but not run by any test. */
  get unused(): readonly string[] {
    return [...this.#unused]
  }
}

/** Whether the example makes an app of its own, like a file that a reader pastes. */
function isWhole(text: string): boolean {
  return /^(export )?const app = (Fastify\(|await NestFactory\b)/m.test(text)
}

/** Exports the app, so that a test can send requests to it. An app that listens is run unchanged. */
function withApp(text: string): string {
  return /app\.listen|export const app/.test(text) ? text : `${text}\nexport { app }\n`
}

/**
 * Makes an example a module of its own. Its declarations are not visible to other examples, except for the types of the
 * app.
 */
function afterPrelude(text: string, index: number): string {
  const names = ['app', ...[...text.matchAll(/^const (\w+) =/gm)].map(([, name]) => name)]
  return `${PRELUDE}${index === 0 ? REGISTER : ''}\n${replaced(text, ADDRESSES)}\nexport { ${names} }\n`
}

function replaced(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((sofar, [written, tested]) => sofar.replace(written, tested), text)
}

function nameOf({ path }: Page, index: number): string {
  return `${path.replace(/\.md$/, '').replaceAll('/', '-')}-${index}`
}

/** Compiles files as a program of its own, inside the package, so that the package's name resolves to itself. */
export async function compile(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(root, 'dist/readme', name)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const config = {
    extends: '../../../tsconfig.json',
    compilerOptions: {
      rootDir: directory,
      outDir: directory,
      declaration: false,
      noUnusedLocals: false,
      noPropertyAccessFromIndexSignature: false
    },
    include: ['*.ts'],
    exclude: []
  }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, `${file}.ts`), text)
  // The compiler must not load the test runner's preloads.
  const tsc = join(root, 'node_modules/.bin/tsc')
  await run('sh', ['-c', 'NODE_OPTIONS= exec "$0" -p "$1"', tsc, directory]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout || String(error))
  })
  for (const file of Object.keys(files)) {
    const path = join(directory, `${file}.js`)
    await writeFile(path, replaced(await readFile(path, 'utf8'), STAND_INS))
  }
  return directory
}
