import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'

type Command = readonly [name: string, ...args: (string | number)[]]

export interface HttpDoor {
  readonly url: string
  /** How many requests were received since the last call. */
  requests(): number
  close(): Promise<void>
}

/**
 * A stand-in for Upstash in front of a Redis. A command is a JSON array, several commands to `/pipeline` are an array
 * of these, and texts are returned in base64, as Upstash's client requests.
 */
export async function upstashDoor({ host, port }: { host: string; port: number }): Promise<HttpDoor> {
  const redis = new Redis(port, host, { maxRetriesPerRequest: 0, retryStrategy: null })
  redis.on('error', () => {})
  const answer = async ([name, ...args]: Command) => {
    try {
      return { result: encoded(await redis.call(name, ...args)) }
    } catch (error) {
      return { error: `${(error as Error).message}` }
    }
  }
  let requests = 0
  const server = createServer(async (request, response) => {
    requests++
    const body = JSON.parse(await textOf(request))
    const answers =
      request.url === '/pipeline' ? await Promise.all((body as Command[]).map(answer)) : await answer(body)
    response.statusCode = 'error' in answers ? 400 : 200
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answers))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => {
      const count = requests
      requests = 0
      return count
    },
    close: async () => {
      redis.disconnect()
      server.closeAllConnections()
      server.close()
    }
  }
}

export async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return String(Buffer.concat(parts))
}

function encoded(result: unknown): unknown {
  if (typeof result === 'string') return Buffer.from(result).toString('base64')
  return Array.isArray(result) ? result.map(encoded) : result
}
