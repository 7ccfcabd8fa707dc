import { type Test, test } from 'tap'
import type { AsyncRecordStore, Version } from '../../types/store.js'
import { until } from '../client.js'
import { eventually } from '../servers/eventually.js'
import { freePort } from '../servers/process.js'
import type { FragileServer } from '../stand-ins/fragile-server.js'
import { everyCall, increment } from './sql/batches.js'
import { freshId, tomorrow } from './sql/contract.js'

/** A store, and a server for it that can fail as a test wants. */
export interface Fragile<Server extends FragileServer> {
  /** Makes a server, which is not started yet. */
  server(port?: number): Server
  /** @param timeout In ms, for stores with that option. */
  open(t: Test, server: Server, timeout?: number): AsyncRecordStore
  readonly hasTimeout: boolean
}

/** The failures that every store over a network has to survive. */
export function standsFaults<Server extends FragileServer>({ server: make, open, hasTimeout }: Fragile<Server>): void {
  test('a server that is down at the start makes calls reject, and serves them when it is up', async (t) => {
    const server = make(await freePort())
    const store = open(t, server, 1000)
    await everyCallRejects(t, store, freshId(), 'a version')
    await server.start()
    t.teardown(() => server.stop())
    await eventually(async () => (await store.setup?.()) === undefined)
    t.type(await store.create(freshId(), 'text', tomorrow()), 'string')
  })

  test('a server that dies makes calls reject, and its records are back when it is', async (t) => {
    const { server, store, id, version } = await withRecord(t, 1000)
    await server.stop()
    // A call that timed out may still be carried out.
    await everyCallRejects(t, store, freshId(), version)
    await server.start()
    await eventually(async () => (await store.read(id))?.version === version)
    t.type(await store.update(id, 'after', tomorrow(), version), 'string')
  })

  test('a server that dies while it is asked makes the call reject', async (t) => {
    const { server, store, id, version } = await withRecord(t, 2000)
    const unasked = freshId()
    await store.create(unasked, 'text', tomorrow())
    server.pause()
    const rejected = everyCallRejects(t, store, id, version)
    await until(() => server.waiting > 0)
    await server.stop()
    await rejected
    await server.start()
    await eventually(async () => (await store.read(unasked))?.text === 'text')
  })

  test('no increment is lost or doubled while connections are cut', async (t) => {
    const { server, store } = await withRecord(t, 30_000)
    const id = freshId()
    await store.create(id, '0', tomorrow())
    const cutting = setInterval(() => server.cutAll(), 15)
    const writers = await Promise.all([1, 2, 3].map(() => increment(store, id, 20)))
    clearInterval(cutting)
    // A connection that was just cut may still be in the pool.
    await eventually(async () => (await store.read(id)) !== undefined)
    const count = Number((await store.read(id))?.text)
    const sure = writers.reduce((sum, writer) => sum + writer.sure, 0)
    const unsure = writers.reduce((sum, writer) => sum + writer.unsure, 0)
    t.ok(count >= sure && count <= sure + unsure, `${count} of ${sure}, and ${unsure} that may be`)
  })

  if (!hasTimeout) return

  test('a server that stands still makes calls reject in time, and goes on afterwards', async (t) => {
    const { server, store, id, version } = await withRecord(t)
    const hasty = open(t, server, 300)
    await eventually(async () => (await hasty.read(id)) !== undefined) // it is connected
    server.pause()
    await everyCallRejects(t, hasty, freshId(), 'another version', /no answer within 300 ms/)
    server.resume()
    await eventually(async () => (await store.read(id))?.version === version)
    t.type(await store.update(id, 'after', tomorrow(), version), 'string')
  })

  test('a slow server is waited for, but not longer than the timeout', async (t) => {
    const { server, store, id } = await withRecord(t, 30_000)
    const hasty = open(t, server, 200)
    await eventually(async () => (await hasty.read(id)) !== undefined)
    server.delay = 600
    t.hasStrict(await store.read(id), { text: 'text' })
    await t.rejects(hasty.read(id), /no answer within 200 ms/)
    await t.rejects(hasty.touch(id, tomorrow()), /no answer within 200 ms/)
    server.delay = 0
    await eventually(async () => (await hasty.read(id))?.text === 'text')
  })

  async function withRecord(t: Test, timeout?: number) {
    const server = await make().start()
    t.teardown(() => server.stop())
    const store = open(t, server, timeout)
    await store.setup?.()
    const id = freshId()
    return { server, store, id, version: (await store.create(id, 'text', tomorrow())) as Version }
  }
}

export async function everyCallRejects(
  t: Test,
  store: AsyncRecordStore,
  id: string,
  version: Version,
  error: RegExp = /./
): Promise<void> {
  await Promise.all(everyCall(store, id, version).map((call) => t.rejects(call(), error, String(call))))
}
