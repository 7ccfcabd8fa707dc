import type pg from 'pg'
import postgres from 'postgres'
import { t as tap, test } from 'tap'
import { postgresStore } from '../../../lib/stores/postgres.js'
import { pauseProcess } from '../../servers/process.js'
import { freshTable } from './contract.js'
import { pgPool, runningPostgres } from './engines.js'
import {
  comesLate,
  isCutOff,
  isFull,
  isKilled,
  isReadOnly,
  isWaitedFor,
  type Patient,
  type Still,
  standsStill
} from './faults.js'

tap.setTimeout(240_000)

const server = await runningPostgres()
const table = freshTable()

const throughPg = (options: pg.PoolConfig = {}) => {
  const client = pgPool(server.url, options)
  return { store: postgresStore({ client, table }), close: () => client.end() }
}
// Without `fetch_types: false` a connection that is cut before its first query is an unhandled rejection of the driver's.
const throughPostgresJs = (options: { max?: number } = {}) => {
  const client = postgres(server.url, { ...options, fetch_types: false, backoff: () => 0.05 })
  return { store: postgresStore({ client, table }), close: () => client.end({ timeout: 5 }) }
}

for (const [name, open] of [['pg', throughPg] as const, ['postgres', throughPostgresJs] as const]) {
  const patient: Patient = { server, open: () => open() }

  test(`${name}: a server that is down at the start is refused, and taken when it is there`, (t) =>
    comesLate(t, patient))

  test(`${name}: a server that is killed costs no answered increment, and is found again when it is back`, (t) =>
    isKilled(t, patient))

  test(`${name}: connections that are cut cost no answered increment`, (t) => isCutOff(t, patient, cut))

  test(`${name}: a server that takes no writes is read, and says why it can't be written`, (t) =>
    isReadOnly(t, { server, open: () => open({ max: 1 }) }, setReadOnly, /read-only transaction/))

  test(`${name}: a server that stands still has done what was sent when it goes on`, (t) =>
    isWaitedFor(t, patient, stopped))

  test(`${name}: a full disk is told, and lets one read and sign out`, (t) =>
    isFull(t, patient.open, full, /too large/i))
}

test('pg: a server that stands still makes every call reject in the time that the pool has', (t) => {
  const waits = { connectionTimeoutMillis: 500, query_timeout: 500 }
  return standsStill(t, { server, open: () => throughPg(waits) }, stopped, /time/i)
})

async function full(): Promise<() => Promise<void>> {
  await server.limitFiles(16 << 20)
  return () => server.limitFiles()
}

async function cut(): Promise<void> {
  await server.admin(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL'
  )
}

/** As on a standby: for all connections, also those that are open, which hear of it a moment later. */
async function setReadOnly(readOnly: boolean): Promise<void> {
  await server.admin(`ALTER SYSTEM SET default_transaction_read_only = ${readOnly ? 'on' : 'off'}`)
  await server.admin('SELECT pg_reload_conf()')
}

const stopped: Still = async () => {
  const pids = await server.pids()
  await Promise.all(pids.map(pauseProcess))
  return () => {
    for (const pid of pids) resume(pid)
  }
}

function resume(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // it has ended
  }
}
