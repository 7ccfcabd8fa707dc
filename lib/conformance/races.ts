import assert from 'node:assert/strict'
import type { RecordStore } from '../../types/store.js'
import { day, freshId, put, tomorrow, written } from './lab.js'
import { type Scenario, scenario } from './scenario.js'

/** Two clients write at once: one wins, the other is told that it lost, and no update is lost. */
export const races: readonly Scenario[] = [
  scenario('of many creates of one id at once, one wins', async (lab) => {
    const clients = await lab.rivals()
    for (let round = 0; round < lab.rounds; round++) {
      const id = freshId()
      await assertOneWinner(clients, id, (client, text) => client.create(id, text, tomorrow()))
    }
  }),

  scenario('of many updates of one version at once, one wins', async (lab) => {
    const clients = await lab.rivals()
    for (let round = 0; round < lab.rounds; round++) {
      const id = freshId()
      const version = await put(clients[0], id, 'first')
      await assertOneWinner(clients, id, (client, text) => client.update(id, text, tomorrow(), version))
    }
  }),

  scenario('fifty increments by two clients at once add up to fifty', async (lab) => {
    const clients = await lab.rivals()
    const id = freshId()
    await put(clients[0], id, '0')
    const writers = Array.from({ length: 10 }, (_, index) => incrementFiveTimes(clients[index % 2] as RecordStore, id))
    await Promise.all(writers)
    assert.equal((await clients[0].read(id))?.text, '50')
  }),

  scenario('touching a record never makes an update of it fail, nor undoes it', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    let version = await put(mine, id, 'first')
    for (let round = 0; round < lab.rounds; round++) {
      const text = `round ${round}`
      const expires = tomorrow() + day
      const touches = [theirs.touch(id, expires), mine.touch(id, expires)]
      const next = await mine.update(id, text, expires, version)
      assert.deepEqual(await Promise.all(touches), [true, true])
      version = written(next, 'update beside a touch')
      lab.assertRecord(await theirs.read(id), text, version, expires)
    }
  }),

  scenario('a reader beside a writer sees whole states, each with its own version', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const length = Math.min(30_000, lab.longestText)
    let version = await put(mine, id, 'a'.repeat(length))
    const texts = new Map([[version, 'a'.repeat(length)]])
    const reads: ReturnType<RecordStore['read']>[] = []
    for (let round = 0; round < lab.rounds; round++) {
      const text = 'bc'.charAt(round % 2).repeat(round % 3 === 0 ? 10 : length - round)
      reads.push(theirs.read(id), mine.read(id))
      const writing = mine.update(id, text, tomorrow(), version)
      reads.push(theirs.read(id))
      version = written(await writing, 'update')
      texts.set(version, text)
    }
    for (const record of await Promise.all(reads)) {
      assert.ok(record, 'a record that is being updated is never absent')
      assert.ok(record.text === texts.get(record.version), 'a text came with the version of another, or in parts')
    }
  })
]

async function assertOneWinner(
  clients: readonly [RecordStore, RecordStore],
  id: string,
  write: (client: RecordStore, text: string) => ReturnType<RecordStore['create']>
): Promise<void> {
  const texts = Array.from({ length: 8 }, (_, index) => `writer ${index}`)
  const answers = await Promise.all(texts.map((text, index) => write(clients[index % 2] as RecordStore, text)))
  const winners = texts.filter((_, index) => answers[index] !== undefined)
  assert.equal(winners.length, 1, `${winners.length} of ${texts.length} writers were told that they had won`)
  const record = await clients[0].read(id)
  assert.equal(record?.text, winners[0], 'the text of the winner must be the one that is kept')
  assert.equal(record?.version, answers[texts.indexOf(winners[0] as string)])
}

async function incrementFiveTimes(store: RecordStore, id: string): Promise<void> {
  for (let done = 0, tries = 0; done < 5; tries++) {
    assert.ok(tries < 1000, 'an update whose version was just read must work at some time')
    const record = await store.read(id)
    assert.ok(record, 'a record that is being updated is never absent')
    const version = await store.update(id, String(Number(record.text) + 1), tomorrow(), record.version)
    if (version !== undefined) done++
  }
}
