import mysql from 'mysql2/promise'
import { t as tap, test } from 'tap'
import { mysqlStore } from '../../../lib/stores/mysql.js'
import { schemaSql } from '../../../lib/stores/sql.js'
import { freshTable, keepsTheContract } from './contract.js'
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
    await server.pause()
    return () => server.resume()
  }))

test('with the schema in place, the rights to read and write its rows are all that the store needs', async (t) => {
  const user = freshTable()
  await server.admin(`CREATE USER ${user}@'%'`)
  const uri = Object.assign(new URL(server.url), { username: user }).href
  const open = async (table = freshTable()) => {
    // The database is that of the user `app`, who makes the tables.
    for (const text of schemaSql('mysql', `app.${table}`).split(/;\s*/).filter(Boolean)) await server.admin(text)
    await server.admin(`GRANT SELECT, INSERT, UPDATE, DELETE ON app.${table} TO ${user}@'%'`)
    const client = mysql.createPool({ uri })
    return { store: mysqlStore({ client, table }), close: () => client.end() }
  }
  await keepsTheContract(t, { name: 'mysql2', open }, { lacks: ['saveMany'], rounds: 3 })
})

async function cut(): Promise<void> {
  const connections = await server.admin('SHOW PROCESSLIST')
  const own = connections.filter((connection) => connection['User'] === 'app')
  // One that has ended meanwhile can't be killed.
  await Promise.allSettled(own.map((connection) => server.admin(`KILL ${connection['Id']}`)))
}
