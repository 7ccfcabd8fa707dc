import mysql from 'mysql2/promise'
import { t as tap, test } from 'tap'
import { mysqlStore } from '../../../lib/stores/mysql.js'
import { freshTable } from './contract.js'
import { runningMysql } from './engines.js'
import { comesLate, isCutOff, isKilled, isReadOnly, isWaitedFor, type Patient } from './faults.js'

tap.setTimeout(240_000)

const server = await runningMysql()
const table = freshTable()
const patient: Patient = {
  server,
  open: () => {
    const client = mysql.createPool({ uri: server.url, connectTimeout: 20_000 })
    return { store: mysqlStore({ client, table }), close: () => client.end() }
  }
}

test('a server that is down at the start is refused, and taken when it is there', (t) => comesLate(t, patient))

test('a server that is killed costs no answered increment, and is found again when it is back', (t) =>
  isKilled(t, patient))

test('connections that are cut cost no answered increment', (t) => isCutOff(t, patient, cut))

test("a server that takes no writes is read, and says why it can't be written", (t) =>
  isReadOnly(t, patient, (on) => server.admin(`SET GLOBAL read_only = ${Number(on)}`), /read-only option/))

test('a server that stands still has done what was sent when it goes on', (t) =>
  isWaitedFor(t, patient, async () => {
    server.pause()
    return () => server.resume()
  }))

async function cut(): Promise<void> {
  const connections = await server.admin('SHOW PROCESSLIST')
  const own = connections.filter((connection) => connection['User'] === 'app')
  // One that has ended meanwhile can't be killed.
  await Promise.allSettled(own.map((connection) => server.admin(`KILL ${connection['Id']}`)))
}
