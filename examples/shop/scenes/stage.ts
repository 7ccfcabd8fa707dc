import { AsyncLocalStorage } from 'node:async_hooks'
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import sessions, { type SessionsOptions } from 'fastify-sessions'
import { type SessionEvent, subscribeAll } from 'fastify-sessions/events'
import { type CookieJar, TestBrowser } from 'fastify-sessions/testing'
import { stepOfEvent } from './event-steps.js'
import { Pause } from './pause.js'
import type { Lane, Step } from './step.js'

type Told = Pick<Step, 'text'> & Partial<Omit<Step, 'text'>>

/**
 * Where a scene runs: apps of its own with the library in them, browsers of its own, and a clock. It notes what the library
 * publishes in its lanes, and so nothing of other apps in the process.
 */
export class Stage {
  #since: number | undefined
  readonly #steps: Step[] = []
  readonly #apps: FastifyInstance[] = []
  readonly #lane = new AsyncLocalStorage<Lane>()
  readonly #unsubscribe: () => void

  constructor() {
    this.#unsubscribe = subscribeAll((event) => this.#note(event))
  }

  get steps(): readonly Step[] {
    return this.#steps
  }

  get lane(): Lane | undefined {
    return this.#lane.getStore()
  }

  async app(options: SessionsOptions, addRoutes: (app: FastifyInstance) => void): Promise<FastifyInstance> {
    const app = Fastify()
    this.#apps.push(app)
    await app.register(sessions, options)
    addRoutes(app)
    await app.ready()
    return app
  }

  /** @param jar that of another browser, to go on with its cookies */
  browser(app: FastifyInstance, jar?: CookieJar): TestBrowser {
    return new TestBrowser(app, { headers: { 'user-agent': 'Firefox on Linux' }, ...(jar && { jar }) })
  }

  /** What happens in `work` is told, as this lane's. What happens outside of any lane is not. */
  in<T>(lane: Lane, work: () => T): T {
    return this.#lane.run(lane, work)
  }

  /**
   * A request in a lane, from its beginning to its answer.
   * @param asked `'GET /cart'`
   * @param aside what is said besides
   */
  request(lane: Lane, browser: TestBrowser, asked: string, aside = ''): Promise<LightMyRequestResponse> {
    const [method, url] = asked.split(' ') as ['GET' | 'POST', string]
    return this.in(lane, async () => {
      this.tell({ edge: 'begins', text: asked + aside })
      const response = await browser.visit(url, { method, follow: false })
      this.tell({ edge: 'ends', text: `is answered: ${response.body}` })
      return response
    })
  }

  /** Says something of what goes on in the present lane. */
  tell(told: Told): void {
    const { lane } = this
    if (lane === undefined) return
    const now = performance.now()
    this.#since ??= now
    const at = now - this.#since
    this.#steps.push({ at, lane, tone: 'plain', by: 'scene', ...told })
  }

  /** @returns what a handler is to wait for, if it runs in this lane, and what lets it go on */
  pause(lane: Lane, text: string): { readonly pause: Pause; readonly wait: () => Promise<void> } {
    const pause = new Pause()
    const wait = async () => {
      if (this.lane !== lane) return
      this.tell({ text })
      await pause.wait()
    }
    return { pause, wait }
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    await Promise.all(this.#apps.map((app) => app.close()))
  }

  #note(event: SessionEvent): void {
    const step = stepOfEvent(event)
    if (step !== undefined) this.tell({ ...step, by: 'library' })
  }
}
