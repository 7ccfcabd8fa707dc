import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { placeOf, workPath } from '../../../lib/stores/file/layout.js'
import { Sweep } from '../../../lib/stores/file/sweep.js'
import { type FileStore, fileStore } from '../../../lib/stores/file.js'

export interface Lab {
  readonly store: FileStore
  readonly directory: string
  /** An id in the same shard as all others of this lab. */
  readonly id: string
  /** Path of the record of `id`. */
  readonly record: string
  readonly shard: string
  /** Starts a process with a task of worker.ts; it waits for `begin`. */
  start(task: string, ...rest: readonly (string | number)[]): Promise<Worker>
}

export interface Worker {
  readonly process: ChildProcess
  begin(): void
  /** The result of the task; rejects when the process failed. */
  readonly result: Promise<unknown>
}

/** Makes a store in a directory of its own, which is removed at the end of the test. */
export async function lab(t: Test): Promise<Lab> {
  const root = mkdtempSync(join(tmpdir(), 'file-store-'))
  const directory = join(root, 'sessions')
  const store = fileStore({ directory })
  await store.setup()
  const id = freshId()
  const workers: ChildProcess[] = []
  t.teardown(async () => {
    for (const worker of workers) if (worker.exitCode === null && worker.signalCode === null) await end(worker)
    rmSync(root, { recursive: true, force: true })
  })
  const start = async (task: string, ...rest: readonly (string | number)[]) => {
    const child = fork(workerPath, [task, directory, id, ...rest.map(String)], { execArgv: [] })
    workers.push(child)
    const result = resultOf(child)
    result.catch(() => {})
    await once(child, 'message')
    return { process: child, begin: () => void child.send('begin'), result }
  }
  return { store, directory, id, ...placeOf(directory, id), start }
}

export async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

export function freshId(): string {
  return randomBytes(32).toString('base64url')
}

export function tomorrow(): number {
  return Date.now() + 86_400_000
}

/** Sweeps all abandoned files of a shard, however recent, and returns the names of the rest. */
export async function sweptNames(shard: string): Promise<readonly string[]> {
  const keepRecords = { maybe: () => false, surely: () => false, abandonedAfter: -1 }
  await new Sweep(keepRecords).shard(shard)
  return namesIn(shard)
}

/** Returns the names in a shard, including temporary files. */
export function namesIn(shard: string): readonly string[] {
  const work = workPath(shard)
  const inTheMaking = existsSync(work) ? readdirSync(work) : []
  return [...readdirSync(shard).filter((name) => join(shard, name) !== work), ...inTheMaking]
}

const workerPath = fileURLToPath(new URL('./worker.js', import.meta.url))

async function resultOf(child: ChildProcess): Promise<unknown> {
  let result: unknown
  child.on('message', (message) => {
    if (typeof message === 'object' && 'result' in message) result = message.result
  })
  const [code, signal] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the process ended with ${code ?? signal}`)
  return result
}
