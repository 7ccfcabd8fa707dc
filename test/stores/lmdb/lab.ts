import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { open, type RootDatabase } from 'lmdb'
import type { Test } from 'tap'
import { type LmdbStore, lmdbStore } from '../../../lib/stores/lmdb.js'
import { temporaryDirectory } from '../../servers/process.js'

export interface Lab {
  readonly store: LmdbStore
  readonly client: RootDatabase
  readonly path: string
  /** Starts a process with a task of worker.ts; it waits for `begin`. */
  start(task: string, ...rest: readonly (string | number)[]): Promise<Worker>
  /**
   * Does the same, in a process whose files can't grow beyond this many KiB: its writes are refused, as on a full disk.
   */
  startConfined(kibibytes: number, task: string, ...rest: readonly (string | number)[]): Promise<Worker>
}

export interface Worker {
  readonly process: ChildProcess
  /** Returns what the process has written to its standard output so far. */
  output(): string
  begin(): void
  kill(): Promise<void>
  /** The result of the task; rejects when the process failed. */
  readonly result: Promise<unknown>
}

/** Makes a store in a file of its own, which is removed at the end of the test. */
export async function lab(t: Test): Promise<Lab> {
  const directory = await temporaryDirectory('lmdb')
  const path = join(directory.path, 'sessions.mdb')
  const client = open({ path })
  const workers: Worker[] = []
  t.teardown(async () => {
    for (const worker of workers) await worker.kill()
    await client.close()
    await directory.remove()
  })
  const startBy = async (command: string, args: readonly string[]) => {
    const worker = workerOf(spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env: {} }))
    workers.push(worker)
    await once(worker.process, 'message')
    return worker
  }
  const argsOf = (task: string, rest: readonly (string | number)[]) => [workerPath, task, path, ...rest.map(String)]
  return {
    store: lmdbStore({ client }),
    client,
    path,
    start: (task, ...rest) => startBy(process.execPath, argsOf(task, rest)),
    startConfined: (kibibytes, task, ...rest) => {
      const script = `ulimit -f ${kibibytes * 2}; exec "$0" "$@" 2>/dev/null` // lmdb prints what it also throws
      return startBy('/bin/sh', ['-c', script, process.execPath, ...argsOf(task, rest)])
    }
  }
}

export function tomorrow(): number {
  return Date.now() + 86_400_000
}

/** Lets all workers begin at the same time, and resolves to their results. */
export function run(workers: readonly Worker[]): Promise<unknown[]> {
  for (const worker of workers) worker.begin()
  return Promise.all(workers.map(({ result }) => result))
}

/** Returns the ends in the index and those in the records, sorted: the two must be equal. */
export function bothEnds(client: RootDatabase): readonly [readonly string[], readonly string[]] {
  client.resetReadTxn()
  const records = client.openDB({ name: 'sessions', encoding: 'string', useVersions: true })
  const ends = client.openDB({ name: 'sessions:ends', encoding: 'ordered-binary', dupSort: true })
  const ofRecords = [...records.getRange()].map(({ key, value }) => `${Number(value.slice(13, 29))} ${String(key)}`)
  const ofIndex = [...ends.getRange()].map(({ key, value }) => `${String(key)} ${value}`)
  return [ofRecords.sort(), ofIndex.sort()]
}

export const workerPath = fileURLToPath(new URL('./worker.js', import.meta.url))

function workerOf(child: ChildProcess): Worker {
  let output = ''
  child.stdout?.on('data', (text) => {
    output += String(text)
  })
  const result = resultOf(child)
  result.catch(() => {})
  return {
    process: child,
    output: () => output,
    begin: () => void child.send('begin'),
    result,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    }
  }
}

async function resultOf(child: ChildProcess): Promise<unknown> {
  let result: unknown
  child.on('message', (message) => {
    if (typeof message === 'object' && 'result' in message) result = message.result
  })
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`the process ended with ${code ?? signal}`)
  return result
}
