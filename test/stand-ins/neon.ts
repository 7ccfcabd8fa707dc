import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { textOf } from './upstash.js'

/**
 * Stands in for Neon's HTTP endpoint in front of a PostgreSQL: one statement a request, values as PostgreSQL writes them,
 * with the types of the columns.
 */
export async function neonDoor(connectionString: string): Promise<{ url: string; close(): Promise<void> }> {
  const pool = new pg.Pool({ connectionString })
  pool.on('error', () => {})
  const asText = { getTypeParser: () => (value: unknown) => value }
  const server = createServer(async (request, response) => {
    const { query: text, params: values } = JSON.parse(await textOf(request))
    response.setHeader('content-type', 'application/json')
    try {
      const { fields, rows, rowCount, command } = await pool.query({ text, values, rowMode: 'array', types: asText })
      const columns = fields.map(({ name, dataTypeID }) => ({ name, dataTypeID }))
      response.end(JSON.stringify({ fields: columns, rows, rowCount, command, rowAsArray: true }))
    } catch (error) {
      const { message, code, severity } = error as pg.DatabaseError
      response.statusCode = 400
      response.end(JSON.stringify({ message, code, severity }))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sql`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await pool.end()
    }
  }
}
