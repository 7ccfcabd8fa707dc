import { type Test, test } from 'tap'
import { type BatchingSqlStore, postgresStore } from '../../../lib/stores/postgres.js'
import type { Version } from '../../../types/store.js'
import { eventually } from '../../servers/eventually.js'
import { type CountingDoor, countingDoor } from '../../servers/trips.js'
import { freshIds, freshTable, tomorrow } from './contract.js'
import { pgPool, postgresEngine } from './engines.js'

const onPostgres = await postgresEngine()

test('what requests update in one turn of the event loop is one round trip', async (t) => {
  const { store, door } = await opened(t)
  const made = await records(store, 16)
  const again = await updateAll(store, made) // the statement is prepared
  door.trips()
  const versions = await updateAll(store, again)
  t.equal(door.trips(), 1)
  t.equal(new Set(versions.map(({ version }) => version)).size, 16)
  for (const { id, version } of versions) t.hasStrict(await store.read(id), { text: `new ${id}`, version })
})

test('each learns what became of its own update', async (t) => {
  const { store } = await opened(t)
  const [held, twice, old, removed] = (await records(store, 4)) as [Made, Made, Made, Made]
  const newer = await store.update(old.id, 'newer', tomorrow(), old.version)
  await store.remove(removed.id)
  const update = ({ id, version }: Made, text: string) => store.update(id, text, tomorrow(), version)
  const done = await Promise.all([
    update(held, 'held'),
    update(twice, 'first'),
    update(twice, 'second'),
    update(old, 'too late'),
    update(removed, 'gone'),
    update({ ...held, id: 'never there' }, 'nothing')
  ])
  t.hasStrict(await store.read(held.id), { text: 'held', version: done[0] })
  const winner = done[1] === undefined ? 2 : 1
  t.equal(done[3 - winner], undefined, 'of two with the same version one is done')
  t.hasStrict(await store.read(twice.id), { text: ['', 'first', 'second'][winner], version: done[winner] })
  t.strictSame(done.slice(3), [undefined, undefined, undefined])
  t.hasStrict(await store.read(old.id), { text: 'newer', version: newer })
})

test('nobody waits for a record that another holds', async (t) => {
  const { store, pool, table } = await opened(t)
  const [locked, ...free] = (await records(store, 8)) as [Made, ...Made[]]
  const holder = await pool.connect()
  await holder.query('BEGIN')
  await holder.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [locked.id])
  const late = store.update(locked.id, 'late', tomorrow(), locked.version)
  const versions = await updateAll(store, free)
  t.ok(versions.every(({ version }) => version !== undefined))
  const waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
  await eventually(async () => (await pool.query(waits, [`%${table}%`])).rowCount === 1)
  await holder.query('COMMIT')
  holder.release()
  t.hasStrict(await store.read(locked.id), { text: 'late', version: await late })
})

test("a text that the engine refuses fails its own update, not the others'", async (t) => {
  const { store } = await opened(t)
  const [bad, ...good] = (await records(store, 3)) as [Made, ...Made[]]
  const refused = store.update(bad.id, 'a\0b', tomorrow(), bad.version)
  const [, versions] = await Promise.all([t.rejects(refused, { code: '22021' }), updateAll(store, good)])
  t.ok(versions.every(({ version }) => version !== undefined))
})

interface Made {
  readonly id: string
  readonly version: Version
}

async function records(store: BatchingSqlStore, count: number): Promise<readonly Made[]> {
  return Promise.all(
    freshIds(count).map(async (id) => ({ id, version: (await store.create(id, 'text', tomorrow())) as Version }))
  )
}

async function updateAll(store: BatchingSqlStore, all: readonly Made[]): Promise<readonly Made[]> {
  return Promise.all(
    all.map(async ({ id, version }) => ({
      id,
      version: (await store.update(id, `new ${id}`, tomorrow(), version)) as Version
    }))
  )
}

async function opened(t: Test) {
  const { hostname, port } = new URL(onPostgres.url)
  const door: CountingDoor = await countingDoor({ host: hostname, port: Number(port) })
  const url = Object.assign(new URL(onPostgres.url), { hostname: door.host, port: door.port }).href
  const pool = pgPool(url, { max: 4 })
  const table = freshTable()
  const store = postgresStore({ client: pool, table })
  t.teardown(async () => {
    await pool.end()
    await door.close()
  })
  await store.setup()
  return { store, pool, door, table }
}
