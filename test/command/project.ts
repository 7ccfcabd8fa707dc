import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { root } from '../docs/pages.js'
import { directoryFor } from '../servers/process.js'

export const run = promisify(execFile)

/** The output of a command, and its exit code. */
export interface Said {
  readonly out: string
  readonly error: string
  readonly code: number | null
}

export interface Started {
  readonly child: ChildProcess
  readonly said: Promise<Said>
}

/** The dependencies of this repository that an app has installed beside the package. */
const PEERS = ['fastify', 'zod', 'fastify-plugin', 'libsodium', '@fastify/cookie', '@fastify/error']

/** A folder with the files of an app, in which the package is installed from the published files. */
export class Project {
  readonly directory: string
  /** The command's file. */
  readonly bin: string

  private constructor(directory: string, bin: string) {
    this.directory = directory
    this.bin = bin
  }

  /** @param others Further packages that the app needs. */
  static async make(
    t: Test,
    files: Readonly<Record<string, string>>,
    others: readonly string[] = []
  ): Promise<Project> {
    const directory = await directoryFor(t, 'command')
    const modules = join(directory, 'node_modules')
    const own = join(modules, 'fastify-sessions')
    await mkdir(own, { recursive: true })
    await mkdir(join(modules, '@fastify'))
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory]
    const [{ filename }] = JSON.parse((await run('npm', pack, { cwd: root })).stdout) as [{ filename: string }]
    await run('tar', ['-xzf', join(directory, filename), '-C', own, '--strip-components=1'])
    const manifest = JSON.parse(await readFile(join(own, 'package.json'), 'utf8')) as {
      readonly bin: { readonly 'fastify-sessions': string }
    }
    for (const name of [...PEERS, ...others]) await symlink(join(root, 'node_modules', name), join(modules, name))
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
    return new Project(directory, join(own, manifest.bin['fastify-sessions']))
  }

  /** Starts the command. `env` is added to the test's own environment. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const child = spawn(process.execPath, [this.bin, ...args], {
      cwd: this.directory,
      env: { ...process.env, NODE_OPTIONS: '', ...env }
    })
    return { child, said: heard(child) }
  }

  /** Runs the command to its end, with `input` on its standard input. */
  async command(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<Said> {
    const { child, said } = this.start(args, env)
    child.stdin?.end(input)
    return said
  }

  /**
   * Starts the command on a terminal of 80 columns, by util-linux's `script`. Its output and errors come as one stream.
   */
  terminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const line = ['stty cols 80;', 'exec', process.execPath, this.bin, ...args].join(' ')
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      cwd: this.directory,
      env: { ...process.env, NODE_OPTIONS: '', TERM: 'xterm', ...env }
    })
    return { child, said: heard(child) }
  }

  /** Runs a line of bash, in which `fastify-sessions` is the command. */
  async shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Said> {
    const command = `fastify-sessions() { "${process.execPath}" "${this.bin}" "$@"; }; ${line}`
    const child = spawn('bash', ['-c', command], {
      cwd: this.directory,
      env: { ...process.env, NODE_OPTIONS: '', ...env }
    })
    child.stdin.end()
    return heard(child)
  }
}

async function heard(child: ChildProcess): Promise<Said> {
  const said = { out: '', error: '' }
  child.stdout?.on('data', (part) => {
    said.out += part
  })
  child.stderr?.on('data', (part) => {
    said.error += part
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { ...said, code }
}
