import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A proxy in front of a server that counts round trips. */
export interface CountingDoor {
  readonly host: string
  readonly port: number
  /** How often a client has sent something, for the first time or after an answer, since the last call. */
  trips(): number
  /** How many connections have been opened so far. */
  readonly connections: number
  /** How many connections are open. */
  readonly open: number
  /** Everything that the clients have sent. */
  said(): string
  close(): Promise<void>
}

/**
 * Starts the proxy. It holds answers back for a moment and sends them together. So everything that a client sends
 * without waiting for an answer counts as one trip, however many packets it and the answer take.
 */
export async function countingDoor(to: { readonly host: string; readonly port: number }): Promise<CountingDoor> {
  let trips = 0
  let connections = 0
  const everything: Buffer[] = []
  const open = new Set<Socket>()
  const door = createServer((client) => {
    connections++
    const server = connect(to.port, to.host)
    let heard = true
    client.on('data', (said) => {
      if (heard) trips++
      heard = false
      everything.push(said)
      server.write(said)
    })
    const answers: Buffer[] = []
    server.on('data', (answer) => {
      if (answers.push(answer) === 1) setTimeout(() => setImmediate(tellAll), holdBack)
    })
    /** Runs in an immediate, so that packets that arrived while this process was busy have been read. */
    function tellAll() {
      heard = true
      client.write(Buffer.concat(answers.splice(0)))
    }
    for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  return {
    host: '127.0.0.1',
    port: (door.address() as { port: number }).port,
    trips() {
      const counted = trips
      trips = 0
      return counted
    },
    get connections() {
      return connections
    },
    get open() {
      return open.size / 2
    },
    said: () => String(Buffer.concat(everything)),
    async close() {
      for (const socket of open) socket.destroy()
      door.close()
      await once(door, 'close')
    }
  }
}

const holdBack = 40
