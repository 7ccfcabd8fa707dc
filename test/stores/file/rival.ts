import { lstatSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type MessagePort, workerData } from 'node:worker_threads'
import { placeOf } from '../../../lib/stores/file/layout.js'
import { reuseAfter } from '../../../lib/stores/file/state.js'
import { fileStore } from '../../../lib/stores/file.js'
import { freshId, tomorrow } from './lab.js'

/** The thread of a `Rival`. */
const { directory, port, signal } = workerData as { directory: string; port: MessagePort; signal: Int32Array }
const store = fileStore({ directory })

const tasks = {
  append,
  appendAndReuse: async (id: string) => {
    const [file, neighbour] = [inodeOf(id), `${id.slice(0, 2)}${freshId().slice(2)}`]
    await append(id)
    await store.create(neighbour, 'of another', tomorrow())
    await sleep(reuseAfter + 5)
    for (let turn = 0; turn < 5 && inodeOf(neighbour) !== file; turn++) await append(neighbour)
    return inodeOf(neighbour) === file
  },
  create: async (id: string) => (await store.create(id, 'b', tomorrow())) !== undefined,
  remove: (id: string) => store.remove(id)
}

async function append(id: string): Promise<boolean> {
  for (let record = await store.read(id); record; record = await store.read(id)) {
    if (await store.update(id, `${record.text}b`, tomorrow(), record.version)) return true
  }
  return false
}

function inodeOf(id: string): number {
  return lstatSync(placeOf(directory, id).record).ino
}

port.on('message', async ({ task, id }: { task: keyof typeof tasks; id: string }) => {
  port.postMessage(await (async () => tasks[task](id))().catch(String))
  Atomics.store(signal, 0, 1)
  Atomics.notify(signal, 0)
})
