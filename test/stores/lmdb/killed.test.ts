import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { bothEnds, lab, tomorrow } from './lab.js'

const kills = 25

test(`after each of ${kills} kills the record is whole, no answered write is lost, and it can be written`, async (t) => {
  const { store, client, start } = await lab(t)
  await store.create('record', '0  0', tomorrow())
  let answeredAtAll = 0
  let next = start('count')
  for (let kill = 0; kill < kills; kill++) {
    const worker = await next
    next = start('count')
    worker.begin()
    await sleep(10 + Math.random() * 50)
    await worker.kill()

    const found = await store.read('record')
    const [number = '', padding = '', again] = found?.text.split(' ') ?? []
    if (number !== again || padding.length !== (Number(number) * 7919) % 30_000) t.fail(`torn: ${found?.text}`)
    const answered = Number(worker.output().trimEnd().split('\n').at(-1))
    if (Number(number) < answered) t.fail(`the record says ${number}, and ${answered} was answered`)
    answeredAtAll = Math.max(answeredAtAll, answered)
    const [ofRecords, ofIndex] = bothEnds(client)
    if (ofRecords.join() !== ofIndex.join()) t.fail('the ends differ from those in the records')
    const swept = await store.sweep()
    if (swept !== ofRecords.length - 1) t.fail(`${swept} of ${ofRecords.length - 1} expired records were swept`)
    if (!(await store.update('record', found?.text ?? '', tomorrow(), found?.version ?? ''))) t.fail('not writable')
  }
  await next
  t.ok(answeredAtAll > kills, `${answeredAtAll} writes were answered`)
})
