import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'

/** An app of any kind that answers requests. */
export interface Server {
  ask(url: string, headers: Record<string, string>, method?: 'GET' | 'POST'): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly body: string
  readonly setCookie: readonly string[]
}

export function byInject(app: FastifyInstance): Server {
  return {
    ask: async (url, headers, method = 'GET') => {
      const { statusCode, body, headers: answered } = await app.inject({ url, headers, method })
      return { status: statusCode, body, setCookie: [answered['set-cookie'] ?? []].flat().map(String) }
    }
  }
}

/** Serves a handler over HTTP. For handlers that accept only Node's own requests. */
export async function byHttp(t: Test, handler: RequestListener): Promise<Server> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  const { port } = server.address() as AddressInfo
  return {
    ask: async (url, headers, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${port}${url}`, { headers, method, redirect: 'manual' })
      return { status: response.status, body: await response.text(), setCookie: response.headers.getSetCookie() }
    }
  }
}

/** A browser that keeps the values of cookies as they came: each of the other plugins encodes them in its own way. */
export class Browser {
  readonly jar: Map<string, string>

  constructor(jar: Iterable<readonly [string, string]> = []) {
    this.jar = new Map(jar)
  }

  /** Returns another browser with the same cookies. */
  copy(): Browser {
    return new Browser(this.jar)
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async get(server: Server, url: string, method: 'GET' | 'POST' = 'GET'): Promise<Answer> {
    const answer = await server.ask(url, this.jar.size === 0 ? {} : { cookie: this.cookie }, method)
    for (const text of answer.setCookie) this.#take(text)
    return answer
  }

  async json(server: Server, url: string): Promise<unknown> {
    const { status, body } = await this.get(server, url)
    if (status !== 200) throw new Error(`${url} answered ${status}: ${body}`)
    return JSON.parse(body)
  }

  #take(text: string): void {
    const [pair = '', ...attributes] = text.split(/; */)
    const name = pair.slice(0, pair.indexOf('='))
    const isOver = attributes.some((attribute) => {
      const [key = '', value = ''] = attribute.split('=')
      if (key.toLowerCase() === 'max-age') return Number(value) <= 0
      return key.toLowerCase() === 'expires' && Date.parse(value) <= Date.now()
    })
    if (isOver) this.jar.delete(name)
    else this.jar.set(name, pair.slice(name.length + 1))
  }
}
