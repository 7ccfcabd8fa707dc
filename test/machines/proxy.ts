import { once } from 'node:events'
import { Agent, createServer, request as send } from 'node:http'

export interface Proxy {
  readonly url: string
  close(): Promise<void>
}

/** Starts a proxy that passes each request to the next port. A request without an answer gets a 502. */
export async function roundRobin(ports: readonly number[]): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  const server = createServer(({ url = '/', method = 'GET', headers }, response) => {
    const port = ports[turn++ % ports.length] as number
    const passed = send({ host: '127.0.0.1', port, path: url, method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
      answer.once('error', () => response.destroy())
    })
    passed.once('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
    passed.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    async close() {
      agent.destroy()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
  }
}
