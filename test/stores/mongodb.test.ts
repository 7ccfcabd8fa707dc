import { MongoClient } from 'mongodb'
import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { type MongodbStore, mongodbSetup, mongodbStore } from '../../lib/stores/mongodb.js'
import type { RecordStore, Write } from '../../types/store.js'
import { deadPort } from '../servers/process.js'
import { MongoStandIn } from '../stand-ins/mongodb.js'

interface Engine {
  readonly name: string
  readonly url: string
  /** Names of the commands for the store's own work that one saveMany of several writes takes. */
  readonly commandsOfBatch: (writes: readonly Write[]) => readonly string[]
}

const database = `sessions_test_${process.pid}`
const engines = process.env['TEST_MONGODB_URL'] ? [await given(process.env['TEST_MONGODB_URL'])] : await standIns()

for (const engine of engines) {
  test(`the contract, on ${engine.name}`, async (t) => {
    const clients = new Map<RecordStore, MongoClient>()
    const open = (url: string, name: string, timeout = 60_000) => {
      const client = new MongoClient(url)
      const store = mongodbStore({ collection: client.db(database).collection(name), timeout })
      clients.set(store, client)
      return store
    }
    const unused = `mongodb://127.0.0.1:${deadPort}`
    const cases = conformanceCases({
      open: () => open(engine.url, 'contract'),
      close: (store) => clients.get(store)?.close(),
      neighbour: () => open(engine.url, 'neighbour'),
      unreachable: () => open(unused, 'contract', 300),
      lacks: ['sweep']
    })
    for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
  })

  test(`how many commands things take, on ${engine.name}`, async (t) => {
    const { store, commands } = await opened(t, engine, 'commands')
    const expires = Date.now() + 60_000
    await store.saveMany(batch('warm')) // learns whether the server has bulkWrite
    commands()

    const creates = batch('record')
    const versions = await store.saveMany(creates)
    t.strictSame(commands(), engine.commandsOfBatch(creates), 'saveMany')
    t.ok(versions.every((version) => typeof version === 'string'))

    const ids = creates.map(({ id }) => id)
    const records = await store.readMany(ids)
    t.strictSame(commands(), ['find'], 'readMany')
    t.strictSame(
      records.map((record) => record?.version),
      versions
    )

    const mixed = ids.map((id, at): Write => {
      if (at % 3 === 0) return { kind: 'remove', id }
      if (at % 3 === 1) return { kind: 'touch', id, expires }
      return { kind: 'update', id, text: 'new', expires, version: versions[at] as string }
    })
    await store.saveMany(mixed)
    t.strictSame(commands(), engine.commandsOfBatch(mixed), 'saveMany of mixed kinds')

    const version = (await store.create('single', 'text', expires)) as string
    await store.read('single')
    await store.update('single', 'new', expires, version)
    await store.touch('single', expires)
    await store.remove('single')
    t.strictSame(commands(), ['delete', 'find', 'update', 'update', 'update'], 'one each')
    await store.saveMany([{ kind: 'remove', id: 'single' }])
    t.strictSame(commands(), ['delete'], 'a batch of one is no batch')
  })

  test(`readMany of more than a cursor's usual batch is one command, on ${engine.name}`, async (t) => {
    const { store, commands } = await opened(t, engine, 'many')
    const writes = batch('many', 250)
    await store.saveMany(writes)
    commands()
    const records = await store.readMany(writes.map(({ id }) => id))
    t.ok(records.every((record) => record?.text === 'text'))
    t.strictSame(commands(), ['find'])
  })

  test(`a write that is refused for another reason than a live record rejects, on ${engine.name}`, async (t) => {
    const { store } = await opened(t, engine, 'large')
    const expires = Date.now() + 60_000
    const text = 'x'.repeat(16 * 1024 * 1024)
    await t.rejects(store.create('large', text, expires))
    await t.rejects(
      store.saveMany([
        { kind: 'create', id: 'large', text, expires },
        { kind: 'create', id: 'small', text: 'text', expires }
      ])
    )
    t.equal(await store.read('large'), undefined)
  })

  test(`the TTL index is there after setup, on ${engine.name}`, async (t) => {
    const { store, client } = await opened(t, engine, 'ttl')
    await store.setup()
    await store.setup()
    const indexes = await client.db(database).collection('ttl').indexes()
    t.hasStrict(indexes, [{ name: '_id_' }, { key: { expires: 1 }, expireAfterSeconds: 0 }])
    t.equal(
      mongodbSetup('my "own"'),
      'db.getCollection("my \\"own\\"").createIndex({ expires: 1 }, { expireAfterSeconds: 0 })'
    )
  })

  test(`ends beyond all dates, and between two milliseconds, are kept as what a Date can hold, on ${engine.name}`, async (t) => {
    const { store } = await opened(t, engine, 'ends')
    const soon = Date.now() + 60_000
    const ends: readonly (readonly [number, number])[] = [
      [Number.POSITIVE_INFINITY, 8.64e15],
      [soon + 0.25, soon + 1]
    ]
    for (const [end, kept] of ends) {
      const version = await store.create(`end ${end}`, 'text', end)
      t.strictSame(await store.read(`end ${end}`), { text: 'text', version, expires: kept })
    }
    await t.rejects(store.create('nan', 'text', Number.NaN), RangeError)
    await t.rejects(store.saveMany([{ kind: 'touch', id: 'nan', expires: Number.NaN }]), RangeError)
  })

  test(`reads go to the primary, and writes have the write concern of the collection, on ${engine.name}`, async (t) => {
    const client = new MongoClient(engine.url, { monitorCommands: true })
    t.teardown(() => client.close())
    const options = { readPreference: 'secondaryPreferred', writeConcern: { w: 1, journal: true } } as const
    const store = mongodbStore({ collection: client.db(database).collection<{ _id: string }>('concerns', options) })
    const writes = batch('concerns', 2)
    await store.saveMany(writes) // learns whether the server has bulkWrite

    const sent: Record<string, unknown>[] = []
    client.on('commandStarted', ({ command }) => sent.push(command))
    await store.readMany(['a', 'b'])
    await store.read('a')
    t.equal(sent.length, 2)
    for (const command of sent.splice(0)) {
      t.hasStrict(command['$readPreference'] ?? { mode: 'primary' }, { mode: 'primary' })
    }
    await store.saveMany(writes)
    await store.touch('a', Date.now() + 60_000)
    await store.remove('a')
    t.equal(sent.length, engine.commandsOfBatch(writes).length + 2)
    for (const command of sent) t.hasStrict(command['writeConcern'], { w: 1, j: true })
  })
}

test('options that can’t work are refused at once', async (t) => {
  const client = new MongoClient('mongodb://127.0.0.1:1')
  t.teardown(() => client.close())
  const collection = client.db('test').collection('sessions')
  t.throws(() => mongodbStore({ collection: client as never }), StoreConfigError)
  t.throws(() => mongodbStore({ collection: undefined as never }), StoreConfigError)
  t.throws(() => mongodbStore({ collection, timeout: 0 }), StoreConfigError)
  t.throws(() => mongodbStore({ collection, timeout: Number.POSITIVE_INFINITY }), StoreConfigError)
  const unsure = client.db('test').collection('sessions', { writeConcern: { w: 0 } })
  t.throws(() => mongodbStore({ collection: unsure }), /w: 0/)
})

async function given(url: string): Promise<Engine> {
  const client = new MongoClient(url)
  const { version } = await client.db('admin').command({ buildInfo: 1 })
  tap.teardown(async () => {
    await client.db(database).dropDatabase()
    await client.close()
  })
  const commandsOfBatch = Number.parseInt(version, 10) >= 8 ? together : oneByOne
  return { name: `MongoDB ${version}`, url, commandsOfBatch }
}

async function standIns(): Promise<readonly Engine[]> {
  const [recent, older] = [await new MongoStandIn().start(), await new MongoStandIn({ version: '7.0' }).start()]
  tap.teardown(() => Promise.all([recent.stop(), older.stop()]))
  tap.comment('no server: a stand-in for MongoDB; name a real one in TEST_MONGODB_URL')
  return [
    { name: 'a stand-in for MongoDB 8.0', url: recent.url, commandsOfBatch: together },
    { name: 'a stand-in for MongoDB 7.0', url: older.url, commandsOfBatch: oneByOne }
  ]
}

function together(): readonly string[] {
  return ['bulkWrite']
}

function oneByOne(writes: readonly Write[]): readonly string[] {
  return writes.map(({ kind }) => (kind === 'remove' ? 'delete' : 'update')).sort()
}

interface Opened {
  readonly store: MongodbStore
  readonly client: MongoClient
  /** The names of the commands since this was last called. */
  commands(): readonly string[]
}

async function opened(t: Test, engine: Engine, name: string): Promise<Opened> {
  const client = new MongoClient(engine.url, { monitorCommands: true })
  t.teardown(() => client.close())
  let names: string[] = []
  client.on('commandStarted', ({ commandName }) => names.push(commandName))
  const collection = client.db(database).collection(name)
  await collection.deleteMany({})
  const commands = () => {
    const since = names.sort() // those of parallel writes come in any order
    names = []
    return since
  }
  commands()
  return { store: mongodbStore({ collection }), client, commands }
}

function batch(name: string, count = 30): readonly Write[] {
  const expires = Date.now() + 60_000
  return Array.from({ length: count }, (_, at) => ({ kind: 'create', id: `${name}-${at}`, text: 'text', expires }))
}
