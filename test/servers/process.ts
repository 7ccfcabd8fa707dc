import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Which Debian package has the command. */
  readonly debianPackage: string
  /** What tells it to end as in a crash, and in good order. Default: SIGKILL and SIGTERM. */
  readonly signals?: { readonly kill: NodeJS.Signals; readonly stop: NodeJS.Signals }
}

/** A server as a child process that can be killed, started again, and held for a while. */
export class Server {
  readonly #program: Program
  readonly #answers: () => Promise<void>
  #child: ChildProcess | undefined
  #output = ''

  /** `answers` resolves once the server takes commands, and rejects until then. */
  constructor(program: Program, answers: () => Promise<void>) {
    this.#program = program
    this.#answers = answers
  }

  async start(): Promise<void> {
    const { command, args, cwd, debianPackage } = this.#program
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd ? { cwd } : {}) })
    const failed = once(child, 'error').then(([error]) => {
      throw new Error(`can't start ${command}: install Debian's package "${debianPackage}"`, { cause: error })
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => this.#keep(String(text)))
    this.#child = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    try {
      await Promise.race([failed, this.#untilItAnswers(child)])
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  /** Ends it at once, as a crash would. */
  kill(): Promise<void> {
    return this.#end(this.#program.signals?.kill ?? 'SIGKILL')
  }

  stop(): Promise<void> {
    return this.#end(this.#program.signals?.stop ?? 'SIGTERM')
  }

  /** The process stands still; its connections stay open. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    await exited
  }

  async #untilItAnswers(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + 60_000
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${this.#program.command} ended: ${this.#output}`)
      try {
        return await this.#answers()
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`${this.#program.command}: ${this.#output}`, { cause: error })
        await sleep(20)
      }
    }
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-4000)
  }
}

/** What this process started goes with it. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Where nobody listens: below 1024 the system gives no port to those who ask for any. */
export const deadPort = 2

/** A port of 127.0.0.1 that nobody has right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

export async function temporaryDirectory(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `${name}-`))
  // A server's or a browser's last child may still be writing.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** The path of a temporary directory that goes with the test. */
export async function directoryFor(t: { teardown(fn: () => Promise<void>): void }, name: string): Promise<string> {
  const { path, remove } = await temporaryDirectory(name)
  t.teardown(remove)
  return path
}
