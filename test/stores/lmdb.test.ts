import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { type LmdbStore, lmdbStore } from '../../lib/stores/lmdb.js'
import type { RecordStore, Write } from '../../types/store.js'
import { directoryFor } from '../servers/process.js'

const directory = await directoryFor(tap, 'lmdb')

test('the contract', async (t) => {
  const clients = new Map<RecordStore, RootDatabase>()
  const openStore = (name?: string) => {
    const client = open({ path: join(directory, 'contract.mdb') })
    const store = lmdbStore({ client, ...(name === undefined ? {} : { name }) })
    clients.set(store, client)
    return store
  }
  const cases = conformanceCases({
    open: () => openStore(),
    close: async (store) => clients.get(store)?.close(),
    neighbour: () => openStore('neighbour'),
    unreachable: async () => {
      const store = openStore()
      await clients.get(store)?.close()
      return store
    }
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('all that is written in one turn is one commit, whatever it is', async (t) => {
  const client = open({ path: join(directory, 'commits.mdb') })
  t.teardown(() => client.close())
  const store = lmdbStore({ client })
  const commits = () => (client.getStats() as { lastTxnId: number }).lastTxnId
  const expires = Date.now() + 60_000
  const ids = Array.from({ length: 30 }, (_, at) => `record ${at}`)

  let before = commits()
  const versions = await store.saveMany(ids.map((id) => ({ kind: 'create', id, text: 'text', expires })))
  t.equal(commits() - before, 1)
  t.ok(versions.every((version) => typeof version === 'string'))

  before = commits()
  const results = await store.saveMany(
    ids.map((id, at): Write => {
      if (at % 3 === 0) return { kind: 'remove', id }
      if (at % 3 === 1) return { kind: 'touch', id, expires: expires + at }
      return { kind: 'update', id, text: 'new', expires, version: versions[at] as string }
    })
  )
  t.equal(commits() - before, 1)
  t.notOk(results.includes(undefined) || results.includes(false))

  before = commits()
  const records = await store.readMany(ids)
  t.equal(commits(), before)
  t.strictSame(
    records.map((record) => record?.text),
    ids.map((_, at) => [undefined, 'text', 'new'][at % 3])
  )
})

test('a write that was under way when the app closed the file is done; later calls reject', async (t) => {
  const path = join(directory, 'closed.mdb')
  const client = open({ path })
  const store = lmdbStore({ client })
  const expires = Date.now() + 60_000
  const writing = store.create('record', 'text', expires)
  const closing = client.close()
  const version = await writing
  t.type(version, 'string')
  await closing
  const write = { kind: 'remove', id: 'record' } as const
  await t.rejects(store.read('record'))
  await t.rejects(store.create('other', 'text', expires))
  await t.rejects(store.update('record', 'text', expires, version as string))
  await t.rejects(store.touch('record', expires))
  await t.rejects(store.remove('record'))
  await t.rejects(store.saveMany([write]))
  await t.rejects(store.clear())
  await t.rejects(store.sweep())

  const again = open({ path })
  t.teardown(() => again.close())
  t.hasStrict(await lmdbStore({ client: again }).read('record'), { text: 'text', version })
})

test('whatever was asked for right before the app closed the file, it ends no process', async (t) => {
  const path = join(directory, 'closing.mdb')
  const expires = Date.now() + 60_000
  const first = open({ path })
  const version = (await lmdbStore({ client: first }).create('record', 'text', expires)) as string
  await first.close()
  const calls = [
    (store: LmdbStore) => store.update('record', 'new', expires, version),
    (store: LmdbStore) => store.touch('record', expires),
    (store: LmdbStore) => store.sweep(),
    (store: LmdbStore) => store.remove('record')
  ]
  for (const call of calls) {
    const client = open({ path })
    const called = call(lmdbStore({ client }))
    const [, outcome] = await Promise.all([client.close(), called.catch((error) => error)])
    t.comment(String(outcome))
  }
  t.pass('this process is there')
})

test('the app’s own values in the same file are left alone', async (t) => {
  const client = open({ path: join(directory, 'shared.mdb'), compression: true })
  t.teardown(() => client.close())
  const own = client.openDB({ name: 'own' })
  await own.put('record', { of: 'the app' })
  const store = lmdbStore({ client, name: 'my.sessions_1' })
  await store.create('record', 'text'.repeat(1000), Date.now() + 60_000)
  t.equal((await store.read('record'))?.text, 'text'.repeat(1000))
  await store.clear()
  t.strictSame(own.get('record'), { of: 'the app' })
})

test('ends that are no whole numbers of milliseconds, or beyond all dates, are kept as what a Date can hold', async (t) => {
  const client = open({ path: join(directory, 'ends.mdb') })
  t.teardown(() => client.close())
  const store = lmdbStore({ client })
  const soon = Date.now() + 60_000
  const ends: readonly (readonly [number, number])[] = [
    [Number.POSITIVE_INFINITY, 8.64e15],
    [8.64e15, 8.64e15],
    [soon + 0.25, soon + 1]
  ]
  for (const [given, kept] of ends) {
    const version = await store.create(`end ${given}`, 'text', given)
    t.strictSame(await store.read(`end ${given}`), { text: 'text', version, expires: kept })
  }
  for (const given of [0, -1, Number.NEGATIVE_INFINITY]) await store.create(`end ${given}`, 'text', given)
  t.equal(await store.sweep(), 3)
  await t.rejects(store.create('nan', 'text', Number.NaN), RangeError)
})

test('options that can’t work are refused at once', async (t) => {
  const client = open({ path: join(directory, 'options.mdb'), maxDbs: 3 })
  t.teardown(() => client.close())
  t.throws(() => lmdbStore({ client: {} as never }), StoreConfigError)
  t.throws(() => lmdbStore({ client: undefined as never }), StoreConfigError)
  for (const name of ['', 'a:ends', 'a b', 'x'.repeat(101)]) {
    t.throws(() => lmdbStore({ client, name }), StoreConfigError)
  }
  lmdbStore({ client })
  t.throws(() => lmdbStore({ client, name: 'one-too-many' }), /can't open .*increase your maxDbs option/)

  const path = join(directory, 'read-only.mdb')
  await open({ path }).close()
  const readOnly = open({ path, readOnly: true })
  t.teardown(() => readOnly.close())
  t.throws(() => lmdbStore({ client: readOnly }), /was opened with readOnly/)
})
