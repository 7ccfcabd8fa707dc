import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** The Debian package that contains the command. */
  readonly debianPackage: string
  /** The signals that end the server like a crash, and in good order. Default: SIGKILL and SIGTERM. */
  readonly signals?: { readonly kill: NodeJS.Signals; readonly stop: NodeJS.Signals }
}

/** A server as a child process, which can be killed, started again and paused. */
export class Server {
  readonly #program: Program
  readonly #answers: () => Promise<void>
  #child: ChildProcess | undefined
  #output = ''

  /** @param answers Resolves once the server accepts commands, and rejects until then. */
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

  /** Ends the server at once, like a crash. */
  kill(): Promise<void> {
    return this.#end(this.#program.signals?.kill ?? 'SIGKILL')
  }

  stop(): Promise<void> {
    return this.#end(this.#program.signals?.stop ?? 'SIGTERM')
  }

  /** Pauses the process; its connections stay open. Resolves once none of its threads runs any more. */
  async pause(): Promise<void> {
    if (this.#child?.pid) await pauseProcess(this.#child.pid)
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

/** Stops a process. Its threads may run on for a while after the signal was sent: resolves once none does any more. */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  while (!(await isStopped(pid))) await sleep(1)
}

/** Whether all threads of a process are stopped, or have ended (proc_pid_stat(5)). */
async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const stats = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8').catch(() => '')))
  return stats.every((stat) => /\) [TZX] /.test(stat) || stat === '')
}

/** The servers that this process has started, which are killed when it ends. */
const running = new Set<ChildProcess>()
const killAll = () => {
  for (const child of running) child.kill('SIGKILL')
}
process.once('exit', killAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll()
    process.kill(process.pid, signal) // with nobody else to hear it, it ends this process as it would have without us
  })
}

/** A port without a server: the system never assigns a port below 1024 to a program that asks for any free port. */
export const deadPort = 2

/** Returns a port of 127.0.0.1 that is free at the moment. */
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
  // The last child process of a server or a browser may still be writing.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Returns the path of a temporary directory that is removed at the end of the test. */
export async function directoryFor(t: { teardown(fn: () => Promise<void>): void }, name: string): Promise<string> {
  const { path, remove } = await temporaryDirectory(name)
  t.teardown(remove)
  return path
}
