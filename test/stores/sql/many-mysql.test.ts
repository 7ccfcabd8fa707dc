import mysql from 'mysql2/promise'
import { test } from 'tap'
import { mysqlStore } from '../../../lib/stores/mysql.js'
import { freshIds, freshTable, tomorrow } from './contract.js'
import { mysqlEngine } from './engines.js'

/** More than a statement may have parameters. */
const TOO_MANY = 66_000

test('any number of records is read on MySQL or MariaDB', async (t) => {
  const { url: uri } = await mysqlEngine()
  const client = mysql.createPool({ uri })
  t.teardown(() => client.end())
  const store = mysqlStore({ client, table: freshTable() })
  await store.setup()
  const ids = freshIds(TOO_MANY)
  await store.create(ids.at(-1) as string, 'the last', tomorrow())
  const records = await store.readMany(ids)
  t.equal(records.length, TOO_MANY)
  t.equal(records.at(-1)?.text, 'the last')
})
