import { setTimeout as sleep } from 'node:timers/promises'
import { open } from 'lmdb'
import { test } from 'tap'
import { type LmdbStore, lmdbStore } from '../../../lib/stores/lmdb.js'
import { eventually } from '../../servers/eventually.js'
import { bothEnds, lab, tomorrow, type Worker } from './lab.js'

const kills = 20

test(`after each of ${kills} kills the record is whole, no answered write is lost, and it can be written`, async (t) => {
  const { store, client, path, start } = await lab(t)
  await store.create('record', '0  0', tomorrow())
  await client.close()
  let answeredAtAll = 0
  for (let kill = 0; kill < kills; kill++) {
    const worker = await start('count')
    worker.begin()
    await eventually(async () => lastAnswered(worker) > 0)
    await sleep(Math.random() * 50)
    await worker.kill()
    answeredAtAll = Math.max(answeredAtAll, lastAnswered(worker))

    const next = open({ path })
    const faults = await faultsOf(lmdbStore({ client: next }), next, lastAnswered(worker))
    await next.close()
    if (faults.length > 0) t.fail(`after ${kill + 1} kills: ${faults.join(', ')}`)
  }
  t.ok(answeredAtAll >= kills, `${answeredAtAll} writes were answered`)
})

/** What the process that comes after the killed one finds. */
async function faultsOf(store: LmdbStore, client: Parameters<typeof bothEnds>[0], answered: number) {
  const faults: string[] = []
  const found = await store.read('record')
  const [number = '', padding = '', again] = found?.text.split(' ') ?? []
  if (number !== again || padding.length !== (Number(number) * 7919) % 30_000) faults.push('the record is not whole')
  if (Number(number) < answered) faults.push(`the record says ${number}, and ${answered} was answered`)
  const [ofRecords, ofIndex] = bothEnds(client)
  if (ofRecords.join() !== ofIndex.join()) faults.push('the ends differ from those in the records')
  const swept = await store.sweep()
  if (swept !== ofRecords.length - 1) faults.push(`${swept} of ${ofRecords.length - 1} expired records were swept`)
  if (!(await store.update('record', found?.text ?? '', tomorrow(), found?.version ?? ''))) faults.push('not writable')
  return faults
}

function lastAnswered(worker: Worker): number {
  return Number(worker.output().trimEnd().split('\n').at(-1))
}
