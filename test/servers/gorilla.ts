import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { eventually } from './eventually.js'
import { freePort } from './process.js'

/** Where Debian's packages install the sources of Go packages. */
const SOURCES = '/usr/share/gocode'
const root = join(import.meta.dirname, '../../..')
const source = join(root, 'test/servers/go')
const caches = join(root, 'node_modules/.cache')

export interface Asked {
  /**
   * What to do:
   *
   * - `session`: read, change and save a session of gorilla/sessions, in a CookieStore or, with `redis`, in redistore
   * - `look`: only read it
   * - `secure`: decode and encode a map in a cookie of securecookie
   * - `structure`: the same with a structure instead of a map
   * - `id`: seal a text
   * - `bytes`: return gob, in hex
   */
  readonly do: 'session' | 'look' | 'secure' | 'structure' | 'id' | 'bytes'
  readonly name?: string
  /** The keys, in hex. */
  readonly pairs?: readonly string[]
  /** The value of the cookie in the request. */
  readonly cookie?: string | undefined
  /** The address of Redis, as host:port. */
  readonly redis?: string
  readonly serializer?: 'json' | 'gob'
  readonly maxAge?: number
  readonly maxLength?: number
  /** Values by key. A suffix of the key selects the type: see the program. */
  readonly set?: Readonly<Record<string, unknown>>
  readonly unset?: readonly string[]
  /** Flash messages to add. */
  readonly flashes?: readonly string[]
  /** Whether to read the flash messages. */
  readonly take?: boolean
  /** Whether to sign out. */
  readonly end?: boolean
  readonly text?: string
}

export interface Answered {
  /** The value of the cookie that the response sets. */
  readonly cookie: string
  /** The values of the session before the change; the same as Go prints them, and their types. */
  readonly values: Readonly<Record<string, unknown>>
  readonly texts: Readonly<Record<string, string>>
  readonly types: Readonly<Record<string, string>>
  readonly flashes: readonly unknown[] | null
  readonly isNew: boolean
  readonly header: string
}

export type Ask = (asked: Asked) => Promise<Answered>

/** Returns why the program with the real Go packages can't be built; `undefined` if it can. */
export async function lackOfGo(): Promise<string | undefined> {
  try {
    await promisify(execFile)('go', ['version'])
    for (const each of ['gorilla/sessions', 'boj/redistore']) await access(join(SOURCES, 'src/github.com', each))
    return undefined
  } catch {
    return 'Go, gorilla/sessions or boj/redistore for it, is not installed'
  }
}

/**
 * Starts the program, and resolves to the function that sends it one request at a time. A request that fails rejects.
 */
export async function startGorilla(t: Test): Promise<Ask> {
  const child = spawn(await built(), { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ASK: '1' } })
  t.teardown(async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async (asked) => {
    child.stdin.write(`${JSON.stringify({ name: 'shop', ...asked })}\n`)
    const { value: line } = await lines.next()
    const { error, ...answered } = JSON.parse(line as string) as Answered & { readonly error?: string }
    if (error !== undefined) throw new Error(error)
    return answered
  }
}

/** Starts the small app of the documentation, and resolves to its URL. */
export async function startGoApp(t: Test, environment: Readonly<Record<string, string>>): Promise<string> {
  const listen = `127.0.0.1:${await freePort()}`
  const child = spawn(await built(), { stdio: 'inherit', env: { ...process.env, ...environment, LISTEN: listen } })
  t.teardown(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const url = `http://${listen}`
  await eventually(async () => (await fetch(`${url}/me`).catch(() => undefined))?.status === 200)
  return url
}

/**
 * Builds the program, unless it was already built from the same sources: most of the time goes to Go's own packages.
 */
async function built(): Promise<string> {
  const names = (await readdir(source)).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(source, name))))
  const program = join(caches, `go-${createHash('sha256').update(Buffer.concat(texts)).digest('hex').slice(0, 16)}`)
  const isThere = await access(program).then(
    () => true,
    () => false
  )
  if (isThere) return program
  await mkdir(caches, { recursive: true })
  const own = `${program}.${process.pid}`
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    GO111MODULE: 'off',
    GOPATH: SOURCES,
    GOCACHE: join(caches, 'go-build')
  }
  await promisify(execFile)('go', ['build', '-o', own, '.'], { cwd: source, env })
  // Another test may have built it meanwhile, and be running it, so it is replaced atomically.
  await rename(own, program)
  return program
}
