import { neon, neonConfig } from '@neondatabase/serverless'
import { t as tap, test } from 'tap'
import { postgresStore } from '../../../lib/stores/postgres.js'
import { neonDoor } from '../../stand-ins/neon.js'
import { keepsTheContract } from './contract.js'
import { postgresEngine } from './engines.js'

const { url } = await postgresEngine()
const door = await neonDoor(url)
tap.teardown(() => door.close())
neonConfig.fetchEndpoint = door.url

test('the contract, kept through neon()', (t) => {
  const open = (table?: string) => {
    const client = neon('postgres://user:password@db.localtest.me/main')
    return { store: postgresStore({ client, ...(table && { table }) }), close: async () => {} }
  }
  return keepsTheContract(t, { name: 'neon()', open }, { nul: false })
})
