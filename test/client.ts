import Fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import sessions, { type SessionsOptions } from '../lib/index.js'

export const KEY = 'a key of thirty-two bytes or more, for tests only'

/** Makes an app with sessions, which is closed at the end of the test. The test adds the routes. */
export async function buildApp(t: Test, options: Partial<SessionsOptions>, log?: object[]): Promise<FastifyInstance> {
  const stream = { write: (line: string) => log?.push(JSON.parse(line) as object) }
  const app = Fastify({ logger: { level: 'trace', stream } })
  t.teardown(() => app.close())
  await app.register(sessions, { keys: [KEY], sessions: {}, ...options })
  return app
}

/** A browser, as far as cookies are concerned: it keeps the cookies that it is given, and forgets those that expire. */
export class Client {
  readonly app: FastifyInstance
  readonly jar: Map<string, string>

  constructor(app: FastifyInstance, jar: Iterable<readonly [string, string]> = []) {
    this.app = app
    this.jar = new Map(jar)
  }

  /** Returns another browser with the same cookies, such as an attacker who has copied them would have. */
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

/** Replaces `Date.now()` by a clock that can be moved, in ms, until the end of the test. */
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

/** Stops the clock of the test where it stands. */
export function stopClock(t: Test): void {
  const real = Date.now
  const now = real()
  Date.now = () => now
  t.teardown(() => {
    Date.now = real
  })
}

/** A promise to wait for, and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Resolves when `condition` holds. For effects that happen a few turns of the event loop later. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
