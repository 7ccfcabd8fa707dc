import Fastify, { type FastifyInstance, type FastifyServerOptions, type InjectOptions } from 'fastify'
import type { Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type SessionsOptions } from '../../lib/index.js'
import { sessionsInspector } from '../../lib/inspector/index.js'
import type { InspectorOptions } from '../../types/inspector.js'
import { Client, KEY } from '../client.js'

export const SECRET = 'hunter2-is-no-password'

const date = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (moment) => moment.toISOString()
})

const definitions = {
  cart: {
    store: 'memory',
    schema: z.object({
      items: z.array(z.object({ name: z.string(), qty: z.number().int() })).default([]),
      note: z.string().max(60).optional(),
      seen: date.optional(),
      apiToken: z.string().optional(),
      payment: z.object({ card: z.string(), secret: z.string() }).optional()
    }),
    flash: z.object({ notice: z.string(), password: z.string() })
  },
  prefs: { schema: z.object({ theme: z.enum(['light', 'dark']).default('light') }) },
  login: { store: 'memory', schema: z.object({ user: z.string() }) }
} as const

/** An app with an inspector, and a browser that knows how to send its forms. */
export class Lab {
  readonly app: FastifyInstance
  readonly store = memoryStore()
  readonly client: Client

  constructor(app: FastifyInstance) {
    this.app = app
    this.client = new Client(app)
  }

  static async open(
    t: Test,
    options: InspectorOptions = {},
    server: FastifyServerOptions = {},
    { stores, ...more }: Partial<SessionsOptions> = {},
    before: (app: FastifyInstance) => unknown = () => {}
  ): Promise<Lab> {
    const app = Fastify(server)
    t.teardown(() => app.close())
    await before(app)
    const lab = new Lab(app)
    await app.register(sessions, {
      keys: [KEY],
      stores: { memory: lab.store, ...stores },
      sessions: definitions,
      cookie: { secure: false },
      ...more
    })
    await app.register(sessionsInspector, options)
    addRoutes(app)
    return lab
  }

  /** The page as the browser of this lab sees it. */
  async page(path = '', options: InjectOptions = {}): Promise<string> {
    return (await this.client.get(`/_sessions${path}`, options)).body
  }

  /** Sends a form as its page would have made it. */
  async send(path: string, fields: Readonly<Record<string, string>>, options: InjectOptions = {}) {
    const token = /name="token" value="([^"]+)"/.exec(await this.page('/user'))?.[1] ?? ''
    return this.client.get(`/_sessions${path}`, {
      method: 'POST',
      payload: new URLSearchParams({ token, ...fields }).toString(),
      ...options,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'http://localhost:80',
        'sec-fetch-site': 'same-origin',
        ...options.headers
      }
    })
  }
}

function addRoutes(app: FastifyInstance): void {
  app.post('/fill', async (request) => {
    const cart = request.session('cart' as never) as never as Filled
    cart.set('items', [{ name: '<b>tea</b>', qty: 2 }]).set('note', '</script><script>alert(1)</script>')
    cart.set('apiToken', SECRET).set('payment', { card: '4111', secret: SECRET })
    cart.flash('notice', '<i>Hello</i>').flash('password', SECRET)
    return 'filled'
  })
  app.post('/sign-in/:user', async (request) => {
    const login = request.session('login' as never) as never as Filled
    const { user } = request.params as { user: string }
    login.regenerate().identify(user).set('user', user)
    return 'welcome'
  })
  app.post('/note/:text', async (request) => {
    const { text } = request.params as { text: string }
    ;(request.session('cart' as never) as never as Filled).set('note', text)
    return text
  })
  app.get('/cart', async (request) => (request.session('cart' as never) as never as Filled).data)
  app.get('/who', async (request) => {
    const login = request.session('login' as never) as never as Filled & { problem: string; id: string }
    return { user: login.get('user'), problem: login.problem, id: login.id }
  })
  app.get('/prefs', async (request) => (request.session('prefs' as never) as never as Filled).get('theme'))
  app.post('/prefs', async (request) => {
    ;(request.session('prefs' as never) as never as Filled).set('theme', 'dark')
    return 'dark'
  })
}

interface Filled {
  readonly data: unknown
  get(key: string): unknown
  set(key: string, value: unknown): Filled
  flash(kind: string, message: string): Filled
  regenerate(): Filled
  identify(user: string): Filled
}

/** The page's text, without its markup. */
export function textOf(page: string): string {
  return page
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
}

export function has(t: Test, page: string, texts: readonly string[]): void {
  const text = textOf(page)
  for (const each of texts) t.ok(text.includes(each), each)
}
