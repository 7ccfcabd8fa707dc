import { writeSync } from 'node:fs'
import { open } from 'lmdb'
import { type LmdbStore, lmdbStore } from '../../../lib/stores/lmdb.js'

/**
 * The process of a test: `node worker.js <task> <path of the file> <rest>`. It sends `ready` when it has opened the
 * file, and then the result of the task.
 */
const [, , task = '', path = '', ...rest] = process.argv
const client = open({ path })
const store = lmdbStore({ client })

const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
  increment: () => increment(store, Number(rest[0])),
  count: () => count(store),
  create: () => store.create('record', rest[0] as string, tomorrow()),
  comeAndGo: () => comeAndGo(store, Number(rest[0])),
  sweep: () => sweepForever(store),
  fill: () => fill(store, Number(rest[0]))
}

const work = tasks[task]
if (work === undefined) throw new Error(`no task ${task}`)
if (process.send) {
  process.send('ready')
  process.once('message', async () => {
    process.send?.({ result: await (work as () => Promise<unknown>)() }, () => process.disconnect())
  })
} else {
  await work()
  await client.close()
}

async function increment(store: LmdbStore, times: number): Promise<number> {
  let conflicts = 0
  for (let done = 0; done < times; ) {
    const record = await store.read('record')
    if (record === undefined) throw new Error('the record is gone')
    if (await store.update('record', String(Number(record.text) + 1), tomorrow(), record.version)) done++
    else conflicts++
  }
  return conflicts
}

/** Counts without end, and prints each number once its write was confirmed. */
async function count(store: LmdbStore): Promise<void> {
  for (;;) {
    const record = await store.read('record')
    if (record === undefined) throw new Error('the record is gone')
    const next = Number(record.text.split(' ')[0]) + 1
    const padding = 'x'.repeat((next * 7919) % 30_000)
    const others = [store.touch('record', tomorrow()), store.create(`of ${next}`, padding, Date.now() - 1)]
    const done = await store.update('record', `${next} ${padding} ${next}`, tomorrow(), record.version)
    if (done) writeSync(1, `${next}\n`)
    await Promise.all(others)
  }
}

/** Creates, updates, touches and removes one record. Resolves to the numbers of successful creates and removes. */
async function comeAndGo(store: LmdbStore, rounds: number): Promise<{ created: number; removed: number }> {
  const worked = { created: 0, removed: 0 }
  for (let round = 0; round < rounds; round++) {
    if (await store.create('record', `round ${round}`, tomorrow())) worked.created++
    const record = await store.read('record')
    if (record) await store.update('record', 'updated', tomorrow(), record.version)
    await store.touch('record', tomorrow())
    if (await store.remove('record')) worked.removed++
  }
  return worked
}

async function sweepForever(store: LmdbStore): Promise<void> {
  for (;;) {
    await store.sweep()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Creates records until the disk refuses some. Resolves to the operations that still worked then. */
async function fill(store: LmdbStore, length: number) {
  const errors: unknown[] = []
  let created = 0
  const create = async (id: string, size: number) => {
    if (await store.create(id, 'x'.repeat(size), tomorrow())) created++
  }
  for (let at = 0; errors.length < 5; at++) await create(`one ${at}`, length).catch((error) => errors.push(error))
  const alone = created
  const together = Array.from({ length: 30 }, (_, at) => create(`many ${at}`, length))
  const refused = (await Promise.allSettled(together)).filter(({ status }) => status === 'rejected').length
  const first = await store.read('one 0')
  const removed = [await store.remove('one 0'), await store.remove('one 1'), await store.remove('one 2')]
  const errorsAfter: unknown[] = []
  await create('again', length).catch((error) => errorsAfter.push(error))
  const readable = (await store.readMany(Array.from({ length: alone }, (_, at) => `one ${at}`))).filter(Boolean).length
  return {
    errors: errors.map((error) => String(error)),
    causes: errors.map((error) => String((error as Error).cause)),
    alone,
    refused,
    first: first?.text.length,
    removed,
    errorsAfter: errorsAfter.map(String),
    readable
  }
}

function tomorrow(): number {
  return Date.now() + 86_400_000
}
