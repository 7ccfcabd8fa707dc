import { openSync, writeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type FileStore, fileStore } from '../../../lib/stores/file.js'
import type { Version } from '../../../types/store.js'

/**
 * The process of a test: `node worker.js <task> <directory> <id> <rest>`. It sends `ready` when it has started, and
 * then the result of the task.
 */
const [, , task = '', directory = '', id = '', ...rest] = process.argv
const store = fileStore({ directory })

const tasks: Readonly<Record<string, () => unknown>> = {
  increment: () => increment(store, id, Number(rest[0])),
  count: () => count(store, id, rest[0] as string),
  replace: () => replace(store, id),
  comeAndGo: () => comeAndGo(store, id, Number(rest[0])),
  create: () => store.create(id, rest[0] as string, tomorrow()),
  sweep: () => sweepForever(store)
}

const work = tasks[task]
if (work === undefined) throw new Error(`no task ${task}`)
process.send?.('ready')
process.once('message', async () => {
  process.send?.({ result: await work() }, () => process.disconnect())
})

async function increment(store: FileStore, id: string, times: number): Promise<number> {
  let conflicts = 0
  for (let done = 0; done < times; ) {
    const record = await store.read(id)
    if (record === undefined) throw new Error('the record is gone')
    if (await store.update(id, String(Number(record.text) + 1), tomorrow(), record.version)) done++
    else conflicts++
  }
  return conflicts
}

/** Counts without end, and writes each number to a log once its write was confirmed. */
async function count(store: FileStore, id: string, log: string): Promise<void> {
  const file = openSync(log, 'a')
  for (;;) {
    const record = await store.read(id)
    if (record === undefined) throw new Error('the record is gone')
    const next = Number(record.text.split(' ')[0]) + 1
    const padding = 'x'.repeat((next * 7919) % 3000)
    if (await store.update(id, `${next} ${padding} ${next}`, tomorrow(), record.version)) writeSync(file, `${next}\n`)
    if (next % 5 === 0) await store.touch(id, tomorrow())
    if (next % 20 === 0) await nextTurn()
  }
}

/** Replaces 100 KB of one letter by 100 KB of another, without end. */
async function replace(store: FileStore, id: string): Promise<void> {
  for (let turn = 0; ; turn++) {
    const record = await store.read(id)
    const text = String.fromCharCode(97 + (turn % 26)).repeat(turn % 5 === 0 ? 1000 : 100_000)
    await store.update(id, text, tomorrow(), record?.version as Version)
    await nextTurn()
  }
}

/** Creates, updates, touches and removes one record. Resolves to the numbers of successful creates and removes. */
async function comeAndGo(store: FileStore, id: string, rounds: number): Promise<{ created: number; removed: number }> {
  const worked = { created: 0, removed: 0 }
  for (let round = 0; round < rounds; round++) {
    if (await store.create(id, `round ${round}`, tomorrow())) worked.created++
    const record = await store.read(id)
    if (record) await store.update(id, 'updated', tomorrow(), record.version)
    await store.touch(id, tomorrow())
    if (await store.remove(id)) worked.removed++
    if (round % 10 === 0) await nextTurn()
  }
  return worked
}

async function sweepForever(store: FileStore): Promise<void> {
  for (;;) await store.sweep()
}

function tomorrow(): number {
  return Date.now() + 86_400_000
}
