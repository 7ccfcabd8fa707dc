import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import pg from 'pg'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { textOf } from './upstash.js'

export interface Door {
  /** `host:port` */
  readonly address: string
  close(): Promise<void>
}

/**
 * A stand-in for Neon's HTTP endpoint in front of a PostgreSQL: one statement per request, with values as PostgreSQL
 * writes them and the types of the columns.
 */
export async function neonDoor(connectionString: string): Promise<Door> {
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
  })
  return opened(server, () => pool.end())
}

/** A stand-in for Neon's WebSocket endpoint: it passes on the protocol of PostgreSQL as binary messages. */
export async function neonSocketDoor(to: { readonly host: string; readonly port: number }): Promise<Door> {
  const server = createServer()
  new WebSocketServer({ server }).on('connection', (socket) => {
    const messages = createWebSocketStream(socket)
    const connection = connect(to.port, to.host)
    for (const [one, other] of [[messages, connection] as const, [connection, messages] as const]) {
      one.pipe(other)
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
  })
  return opened(server, async () => {})
}

async function opened(server: Server, end: () => Promise<void>): Promise<Door> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await end()
    }
  }
}
