import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A door to a server that counts round trips. */
export interface CountingDoor {
  readonly host: string
  readonly port: number
  /** How often a client spoke after it had heard an answer, or for the first time, since this was last called. */
  trips(): number
  /** How many connections there ever were. */
  readonly connections: number
  /** How many of them are open. */
  readonly open: number
  /** All that the clients ever sent. */
  said(): string
  close(): Promise<void>
}

/**
 * Holds answers back for a moment and tells them together, so that all that a client sends without waiting for an
 * answer counts as one trip, in however many packets it or the answer comes.
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
    /** From an immediate, so that packets that came while this process was busy have been read. */
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
