import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { t as tap, test } from 'tap'
import { isNewer, newerNode } from '../../servers/newer-node.js'
import { directoryFor } from '../../servers/process.js'
import { keepsTheContract } from './contract.js'
import {
  direct,
  driverOf,
  type SqliteWay,
  throughDrizzle,
  throughKnex,
  throughKysely,
  throughTypeorm
} from './sqlite-ways.js'

tap.setTimeout(240_000)

if (isNewer()) await drivers()
else await inNewerNode()

/** What Node 20 does not have. Only better-sqlite3 is a driver that query builders take. */
async function drivers(): Promise<void> {
  const directory = await directoryFor(tap, 'sqlite')
  const better = driverOf('better-sqlite3')
  const ways: Readonly<Record<string, SqliteWay>> = {
    'node:sqlite': direct(driverOf('node:sqlite')),
    'better-sqlite3': direct(better),
    'Kysely over better-sqlite3': throughKysely(better),
    'Knex over better-sqlite3': throughKnex(better),
    'Drizzle over better-sqlite3': throughDrizzle(better),
    'TypeORM over better-sqlite3': throughTypeorm(better)
  }
  for (const [name, open] of Object.entries(ways)) {
    const path = join(directory, `${name.replaceAll(/[ :]/g, '-')}.db`)
    test(`the contract, kept through ${name} on Node ${process.versions.node}`, (t) =>
      keepsTheContract(t, { name, open: (table) => open(path, table) }, { nul: false }))
  }
}

/** The same file in another Node. */
async function inNewerNode(): Promise<void> {
  const node = newerNode()
  const reason = 'needs Node 24: run "npm run servers", or name one in NODE24'
  if (node)
    await tap.spawn(node, [fileURLToPath(import.meta.url)], { timeout: 240_000 }, 'node:sqlite and better-sqlite3')
  else test('node:sqlite and better-sqlite3', { skip: reason }, () => {})
}
