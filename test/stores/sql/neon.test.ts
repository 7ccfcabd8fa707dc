import { neon, neonConfig, Pool } from '@neondatabase/serverless'
import { t as tap, test } from 'tap'
import { WebSocket } from 'ws'
import { postgresStore } from '../../../lib/stores/postgres.js'
import { neonDoor, neonSocketDoor } from '../../stand-ins/neon.js'
import { freshId, freshTable, keepsTheContract, tomorrow } from './contract.js'
import { postgresEngine } from './engines.js'

const { url } = await postgresEngine()
const { hostname: host, port, username, pathname } = new URL(url)
const httpDoor = await neonDoor(url)
const socketDoor = await neonSocketDoor({ host, port: Number(port) })
tap.teardown(() => Promise.all([httpDoor.close(), socketDoor.close()]))
neonConfig.fetchEndpoint = `http://${httpDoor.address}/sql`
neonConfig.webSocketConstructor = WebSocket
neonConfig.wsProxy = (host) => (host === 'nobody' ? '127.0.0.1:2' : socketDoor.address)
// The stand-in speaks no TLS, and a PostgreSQL that trusts its users asks for no password.
neonConfig.useSecureWebSocket = false
neonConfig.pipelineConnect = false

test('the contract, kept through neon()', (t) => {
  const open = (table?: string) => {
    const client = neon('postgres://user:password@db.localtest.me/main')
    return { store: postgresStore({ client, ...(table && { table }) }), close: async () => {} }
  }
  return keepsTheContract(t, { name: 'neon()', open }, { nul: false })
})

const throughPool = (host: string, table?: string) => {
  const client = new Pool({ connectionString: `postgres://${username}@${host}${pathname}` })
  client.on('error', () => {})
  return { store: postgresStore({ client, ...(table && { table }) }), close: () => client.end() }
}

test("the contract, kept through Neon's Pool, over a WebSocket", (t) => {
  const open = (table?: string) => throughPool('db.localtest.me', table)
  return keepsTheContract(t, { name: 'Pool', open, unreachable: () => throughPool('nobody') }, { nul: false })
})

test("Neon's Pool keeps records also when it sends single statements by HTTP", async (t) => {
  neonConfig.poolQueryViaFetch = true
  t.teardown(() => {
    neonConfig.poolQueryViaFetch = false
  })
  const { store, close } = throughPool('db.localtest.me', freshTable())
  t.teardown(close)
  await store.setup()
  const id = freshId()
  const version = await store.create(id, 'text', tomorrow())
  t.type(version, 'string')
  t.type(await store.update(id, 'new', tomorrow(), version ?? ''), 'string')
  t.equal((await store.read(id))?.text, 'new')
  t.strictSame(await store.saveMany([{ kind: 'remove', id }]), [true])
})
