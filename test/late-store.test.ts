import t from 'tap'
import { lateStore } from '../lib/definition/late-store.js'
import { Ring } from '../lib/history/ring.js'
import { memoryStore, type RecordStore } from '../lib/index.js'
import type { HistoryEntry } from '../types/history.js'

t.test(
  'a store that the app started without refuses whatever it is asked, and does all of it once it is set up',
  async (t) => {
    const asked: string[] = []
    const answering =
      (name: string) =>
      async (...given: unknown[]) => {
        asked.push(`${name} ${given.filter((each) => each !== undefined).join(' ')}`.trim())
        return name
      }
    const names = [
      'read',
      'create',
      'update',
      'touch',
      'remove',
      'readMany',
      'saveMany',
      'list',
      'clear',
      'sweep'
    ] as const
    const answers = Object.fromEntries([...names, 'setup', 'close', 'address'].map((name) => [name, answering(name)]))
    const late = lateStore({ kind: 'record', ...answers } as unknown as RecordStore) as Required<RecordStore>
    const calls: Record<(typeof names)[number], () => unknown> = {
      read: () => late.read('id'),
      create: () => late.create('id', 'text', 7),
      update: () => late.update('id', 'text', 7, 'v'),
      touch: () => late.touch('id', 7),
      remove: () => late.remove('id'),
      readMany: () => late.readMany(['a', 'b']),
      saveMany: () => late.saveMany(['write'] as never),
      list: () => late.list('page' as never),
      clear: () => late.clear(),
      sweep: () => late.sweep()
    }
    for (const [name, call] of Object.entries(calls)) {
      if (name === 'sweep') t.equal(await call(), 0, 'there is nothing to sweep yet')
      else
        await t.rejects(async () => call(), { message: 'the store is not set up yet: the app was started without it' })
    }
    t.same([await late.address(), asked], ['address', ['address']], 'where it is can be told')
    asked.splice(0)
    await late.setup()
    for (const [name, call] of Object.entries(calls)) t.equal(await call(), name)
    await late.close()
    t.same(asked, [
      'setup',
      'read id',
      'create id text 7',
      'update id text 7 v',
      'touch id 7',
      'remove id',
      'readMany a,b',
      'saveMany write',
      'list page',
      'clear',
      'sweep',
      'close'
    ])
  }
)

t.test('it has no more abilities than the store itself', async (t) => {
  const { read, create, update, touch, remove } = memoryStore()
  const bare = lateStore({ kind: 'record', read, create, update, touch, remove })
  t.same(
    Object.entries(bare)
      .filter(([, value]) => value !== undefined)
      .map(([name]) => name)
      .sort(),
    ['close', 'create', 'kind', 'read', 'remove', 'setup', 'touch', 'update']
  )
  await bare.setup?.()
  await bare.close?.()
})

t.test('a set-up that failed counts for nothing', async (t) => {
  let fails = true
  const late = lateStore(
    Object.assign(memoryStore(), {
      setup: async () => {
        if (fails) throw new Error('down')
      }
    })
  )
  await t.rejects(async () => late.setup?.(), { message: 'down' })
  await t.rejects(async () => late.read('id'))
  fails = false
  await late.setup?.()
  t.equal(await late.read('id'), undefined)
})

t.test('a history in memory counts what is repeated in its place, as long as it has one', async (t) => {
  const refused = (id: string): HistoryEntry => ({ event: 'refused', problem: 'gone', id, at: 1, times: 1 })
  const destroyed = (id: string): HistoryEntry => ({ event: 'destroyed', id, at: 1, times: 1 })
  const ring = new Ring(3)
  const held = async () => (await ring.find()).map(({ event, id, times }) => `${event} ${id} ${times}`)
  ring.add(refused('a'))
  ring.add(destroyed('b'))
  ring.add(refused('a'))
  ring.add(destroyed('b'))
  t.same(await held(), ['refused a 2', 'destroyed b 1', 'destroyed b 1'])
  ring.add(destroyed('c'))
  t.same(await held(), ['destroyed b 1', 'destroyed b 1', 'destroyed c 1'])
  ring.add(refused('a'))
  ring.add(refused('a'))
  t.same(await held(), ['destroyed b 1', 'destroyed c 1', 'refused a 2'])
})
