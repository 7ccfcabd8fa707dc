import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** The discovery endpoint of a memcached cluster. It knows one command, and is no cache. */
export interface DiscoveryEndpoint {
  readonly address: string
  /** How often it was asked for the list. */
  readonly asked: number
  /** Returns another list from now on. The version grows by one unless it is given. */
  announce(servers: readonly string[], version?: number): void
  /** Returns this text instead of a list. */
  announceText(payload: string): void
  /** Cuts every connection, and every new one from now on, like a proxy whose server is gone. */
  refuse(): void
  /** How many connections were refused. */
  readonly refused: number
  close(): Promise<void>
}

export async function startDiscovery(servers: readonly string[]): Promise<DiscoveryEndpoint> {
  let version = 0
  let payload = ''
  let asked = 0
  let refused = 0
  let isGone = false
  const open = new Set<Socket>()
  const announce = (list: readonly string[], next = version + 1) => {
    version = next
    payload = `${version}\n${list.map(node).join(' ')}\n`
  }
  announce(servers)
  const endpoint = createServer((client) => {
    open.add(client)
    client.on('error', () => {})
    client.on('close', () => open.delete(client))
    if (isGone) {
      refused++
      return void client.destroy()
    }
    client.on('data', (command) => {
      if (String(command) !== 'config get cluster\r\n') return client.write('ERROR\r\n')
      asked++
      return client.write(`CONFIG cluster 0 ${payload.length}\r\n${payload}\r\nEND\r\n`)
    })
  })
  endpoint.listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  return {
    address: `127.0.0.1:${(endpoint.address() as { port: number }).port}`,
    get asked() {
      return asked
    },
    announce,
    announceText: (text) => {
      payload = text
    },
    refuse: () => {
      isGone = true
      for (const client of open) client.destroy()
    },
    get refused() {
      return refused
    },
    async close() {
      for (const client of open) client.destroy()
      endpoint.close()
      await once(endpoint, 'close')
    }
  }
}

/** Memorystore returns the address twice, because it has no host names. */
function node(server: string): string {
  const [host, port] = server.split(':')
  return `${host}|${host}|${port}`
}
