import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { z } from 'zod'
import type { BatchingSqlStore, SqlStore } from '../../../lib/stores/sql.js'
import type { StoredRecord, Version } from '../../../types/store.js'
import { buildApp, Client } from '../../client.js'
import { eventually } from '../../servers/eventually.js'
import { everyCall, everyWrite, increment } from './batches.js'
import { freshId, type Opened, tomorrow } from './contract.js'

/** A driver and a server that can fail as a test wants. */
export interface Patient {
  readonly server: {
    start(): Promise<void>
    kill(): Promise<void>
  }
  open(): Opened<SqlStore | BatchingSqlStore>
}

/** Tests a server that is down when the app starts. */
export async function comesLate(t: Test, { server, open }: Patient): Promise<void> {
  await server.kill()
  const { store, close } = open()
  t.teardown(close)
  await t.rejects(store.setup(), 'no server')

  await server.start()
  await eventually(async () => (await store.setup()) === undefined)
  t.type(await store.create(freshId(), 'text', tomorrow()), 'string')
}

/** Tests a server that is killed while three writers count, and is then started again. */
export async function isKilled(t: Test, { server, open }: Patient): Promise<void> {
  const { store, id, version } = await withRecord(t, open)
  const visit = await visitor(t, store)
  t.equal(await visit(), 200)
  const count = await counting(t, store)
  await eventually(async () => count.sure > 20)
  await server.kill()
  // Another record than the observed one, because a call that timed out may still be carried out when the server is
  // back.
  for (const call of everyCall(store, freshId(), 'another version')) await t.rejects(call(), 'while it is down')
  t.equal(await visit(), 503)
  await eventually(async () => count.unsure > 0)

  await server.start()
  // The pool may give a call to a connection that was still being opened to the server before it was killed; that call
  // alone fails.
  let found: StoredRecord | undefined
  await eventually(async () => {
    found = await store.read(id)
    return found?.version === version
  })
  t.hasStrict(found, { text: 'text', version }, 'neither lost nor torn')
  await addsUp(t, store, count)
  await eventually(async () => (await visit()) === 200)
}

/** Tests connections that are cut again and again while three writers count. */
export async function isCutOff(t: Test, { open }: Patient, cut: () => Promise<unknown>): Promise<void> {
  const { store } = await withRecord(t, open)
  const count = await counting(t, store)
  let sureAtCut = -1
  await eventually(async () => {
    // The more new connections are cut before they were used, the longer a driver waits before it opens another.
    if (count.sure > sureAtCut) {
      sureAtCut = count.sure
      await cut()
    }
    return count.sure > 100 && count.unsure > 5
  }, 120_000)
  await addsUp(t, store, count)
}

/**
 * Tests a server that refuses writes for a while. `open` has a single connection if connections learn of it with a
 * delay.
 */
export async function isReadOnly(
  t: Test,
  { open }: Patient,
  set: (readOnly: boolean) => Promise<unknown>,
  error: RegExp
): Promise<void> {
  const { store, id, version } = await withRecord(t, open)
  await set(true)
  await eventually(() =>
    store.touch(freshId(), tomorrow()).then(
      () => false,
      (refused) => error.test(String(refused))
    )
  )
  for (const call of everyWrite(store, id, version)) await t.rejects(call(), error)
  t.hasStrict(await store.read(id), { text: 'text', version }, 'it can be read all the same')

  await set(false)
  await eventually(() => store.touch(id, tomorrow()))
  t.type(await store.update(id, 'new', tomorrow(), version), 'string')
}

/** Tests a paused server with a driver that has a timeout. */
export async function standsStill(t: Test, { open }: Patient, still: Still, error: RegExp): Promise<void> {
  const { store, id, version } = await withRecord(t, open)
  const resume = await still()
  for (const call of everyCall(store, freshId(), 'another version')) await t.rejects(call(), error)
  await resume()
  await eventually(async () => (await store.read(id))?.version === version)
  t.type(await store.update(id, 'new', tomorrow(), version), 'string')
}

/** Tests a paused server with a driver without a timeout: what was sent is done when the server goes on. */
export async function isWaitedFor(t: Test, { open }: Patient, still: Still): Promise<void> {
  const { store, id, version } = await withRecord(t, open)
  const resume = await still()
  const update = store.update(id, 'new', tomorrow(), version)
  await resume()
  const written = await update
  t.hasStrict(await store.read(id), { text: 'new', version: written ?? 'none' })
}

/** Tests a full disk; `grow` makes room again. */
export async function isFull(
  t: Test,
  open: Patient['open'],
  fill: () => Promise<() => Promise<unknown> | unknown>,
  error: RegExp
): Promise<void> {
  const { store, id, version } = await withRecord(t, open)
  const grow = await fill()
  const text = randomBytes(150_000).toString('base64')
  const large = () => store.create(freshId(), text, tomorrow())
  const create = async () => {
    for (;;) await large()
  }
  await t.rejects(create(), error)
  await t.rejects(large(), error)
  t.hasStrict(await store.read(id), { text: 'text', version }, 'what is there can be read')
  t.equal(await store.remove(id), true, 'and removed')

  await grow()
  await eventually(async () => (await large()) !== undefined)
}

/** Pauses the server's processes. Resolves to the function that resumes them. */
export type Still = () => Promise<() => Promise<void> | void>

async function withRecord(
  t: Test,
  open: Patient['open']
): Promise<{ store: SqlStore | BatchingSqlStore; id: string; version: Version }> {
  const { store, close } = open()
  t.teardown(close)
  await store.setup()
  const id = freshId()
  return { store, id, version: (await store.create(id, 'text', tomorrow())) as Version }
}

/** Starts three writers that increment a record until they are told to stop. */
async function counting(t: Test, store: SqlStore) {
  const id = freshId()
  await store.create(id, '0', tomorrow())
  const told = { id, sure: 0, unsure: 0, stopped: false, done: async () => {} }
  const writer = async () => {
    while (!told.stopped) {
      const { sure, unsure } = await increment(store, id, 1)
      told.sure += sure
      told.unsure += unsure
      if (unsure > 0) await sleep(5)
    }
  }
  const writers = Promise.all([writer(), writer(), writer()])
  t.teardown(() => told.done())
  told.done = async () => {
    told.stopped = true
    await writers
  }
  return told
}

/** Checks the count: every confirmed increment is there, and those without an answer may be. */
async function addsUp(t: Test, store: SqlStore, told: Awaited<ReturnType<typeof counting>>): Promise<void> {
  const { sure } = told
  await eventually(async () => told.sure > sure + 10)
  await told.done()
  let count = Number.NaN
  await eventually(async () => {
    count = Number((await store.read(told.id))?.text)
    return true
  })
  t.comment(`${count} in the store, ${told.sure} told to be there, ${told.unsure} told to have failed`)
  t.ok(count >= told.sure && count <= told.sure + told.unsure, `${count} of ${told.sure} to ${told.sure + told.unsure}`)
}

/** Makes a browser that visits an app, and resolves to the status of each visit. */
async function visitor(t: Test, store: SqlStore): Promise<() => Promise<number>> {
  const schema = z.object({ count: z.number().default(0) })
  const app = await buildApp(t, { stores: { sql: store }, sessions: { visit: { store: 'sql', schema } } })
  app.get('/', async (request) => request.session('visit').update('count', (count) => Number(count) + 1))
  const client = new Client(app)
  return async () => (await client.get('/')).statusCode
}
