import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'

const calls = [
  'closeSync',
  'fstatSync',
  'ftruncateSync',
  'futimesSync',
  'linkSync',
  'lstatSync',
  'lutimesSync',
  'mkdirSync',
  'openSync',
  'readSync',
  'renameSync',
  'unlinkSync',
  'writeSync'
] as const

type Call = (...args: readonly unknown[]) => unknown

/**
 * Runs `work`, and calls `interrupt` right before its system call number `at`. Resolves to the name of that call, or to
 * `undefined` if there were fewer calls. An error of `interrupt` is thrown by the call.
 */
export async function interrupted(
  at: number,
  interrupt: (call: string) => void,
  work: () => unknown
): Promise<string | undefined> {
  let count = 0
  let reached: string | undefined
  const before = (call: string) => {
    if (count++ !== at) return
    reached = call
    interrupt(call)
  }
  await patchedCalls(before, work)
  return reached
}

/** Runs `work` up to its system call number `at`, as if the process died there. */
export async function killed(at: number, work: () => unknown): Promise<string | undefined> {
  let count = 0
  let last: string | undefined
  const before = (call: string) => {
    if (count++ < at) return
    last ??= call
    throw new Error('dead')
  }
  await patchedCalls(before, work).catch(() => {})
  return last
}

/** Calls `run` with 0, 1, 2 … until it reports that there is no such call. Resolves to the names of the calls. */
export async function atEachCall(run: (at: number) => Promise<string | undefined>): Promise<readonly string[]> {
  const seen: string[] = []
  for (let call = await run(0); call; call = await run(seen.length)) seen.push(call)
  return seen
}

/** Resolves to the names of the synchronous system calls of `work`. */
export async function callsOf(work: () => unknown): Promise<readonly string[]> {
  const seen: string[] = []
  await patchedCalls((name) => seen.push(name), work)
  return seen
}

/** A thread with a store of its own, which works while this thread is blocked. */
export class Rival {
  readonly #signal = new Int32Array(new SharedArrayBuffer(4))
  readonly #channel = new MessageChannel()
  readonly #worker: Worker

  constructor(directory: string) {
    const { port1, port2 } = this.#channel
    this.#worker = new Worker(new URL('./rival.js', import.meta.url), {
      workerData: { directory, port: port1, signal: this.#signal },
      transferList: [port1]
    })
    port2.unref()
  }

  /** Runs a task in the thread, and returns when it is done. */
  now(task: 'append' | 'appendAndReuse' | 'create' | 'remove', id: string): unknown {
    Atomics.store(this.#signal, 0, 0)
    this.#channel.port2.postMessage({ task, id })
    if (Atomics.wait(this.#signal, 0, 0, 20_000) === 'timed-out') throw new Error('the rival was not done in 20 s')
    return receiveMessageOnPort(this.#channel.port2)?.message
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Runs `work` and calls `before` before each of its system calls. */
export async function patchedCalls(before: (call: string) => void, work: () => unknown): Promise<void> {
  const patched = fs as unknown as Record<string, Call>
  const real = Object.fromEntries(calls.map((name) => [name, fs[name] as Call]))
  for (const name of calls) {
    patched[name] = (...args) => {
      before(name)
      return (real[name] as Call)(...args)
    }
  }
  syncBuiltinESMExports()
  try {
    await work()
  } finally {
    Object.assign(patched, real)
    syncBuiltinESMExports()
  }
}
