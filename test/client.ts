import Fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import sessions, { type SessionsOptions } from '../lib/index.js'

export const KEY = 'a key of thirty-two bytes or more, for tests only'

/** An app with sessions, closed with the test. Routes are added by the test. */
export async function buildApp(t: Test, options: Partial<SessionsOptions>, log?: object[]): Promise<FastifyInstance> {
  const stream = { write: (line: string) => log?.push(JSON.parse(line) as object) }
  const app = Fastify({ logger: { level: 'trace', stream } })
  t.teardown(() => app.close())
  await app.register(sessions, { keys: [KEY], sessions: {}, ...options })
  return app
}

/** A browser as far as cookies go: keeps what it is given, forgets what it is told to. */
export class Client {
  readonly app: FastifyInstance
  readonly jar: Map<string, string>

  constructor(app: FastifyInstance, jar: Iterable<readonly [string, string]> = []) {
    this.app = app
    this.jar = new Map(jar)
  }

  /** Another browser with the same cookies, as somebody who copied them would have. */
  copy(app = this.app): Client {
    return new Client(app, this.jar)
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async get(url: string, options: InjectOptions = {}): Promise<LightMyRequestResponse> {
    const headers = { ...(this.jar.size > 0 && { cookie: this.cookie }), ...options.headers }
    const response = await this.app.inject({ url, ...options, headers })
    for (const { name, value, maxAge } of response.cookies) {
      if (maxAge === 0) this.jar.delete(name)
      else this.jar.set(name, value)
    }
    return response
  }

  async json(url: string): Promise<unknown> {
    return (await this.get(url)).json()
  }
}

/** Lets time pass for `Date.now()`, in ms, until the test ends. */
export function clock(t: Test): { pass(ms: number): void } {
  const real = Date.now
  let offset = 0
  Date.now = () => real() + offset
  t.teardown(() => {
    Date.now = real
  })
  return {
    pass: (ms) => {
      offset += ms
    }
  }
}

/** Something to wait for, and the means to let the waiting go on. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Resolves when `condition` holds; for what happens a few turns of the event loop later. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
