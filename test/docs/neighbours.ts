import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { Client } from '../client.js'
import type { Examples } from './examples.js'
import { blocksOf, readPages, root } from './pages.js'

/** Tests the examples of docs/neighbours.md, as a visitor. */
export async function neighbours(t: Test, examples: Examples): Promise<void> {
  t.test('a default session sends back to where one came from', async (t) => {
    const { app } = await examples.load(t, "default: 'login'")
    const client = new Client(app)
    t.equal((await client.get('/account')).headers.location, '/sign-in')
    t.equal((await client.get('/sign-in')).headers.location, '/account')
    t.same(await client.json('/account'), { user: 'ada', theme: 'light' })
    t.equal((await client.get('/sign-in')).headers.location, '/')
  })

  const scripts = await Scripts.read()

  t.test('who signs in by passport is listed, and is not after signing out', async (t) => {
    const app = await scripts.load(t, 'passport.initialize()', PASSPORT)
    app.get('/me', async (request) => (request as typeof request & { user?: unknown }).user ?? null)
    const client = new Client(app)
    t.equal((await client.get('/callback?as=eve')).headers.location, '/login')
    t.equal((await client.get('/callback?as=ada')).headers.location, '/')
    t.same(await client.json('/me'), { id: 'ada' })
    t.equal((await app.sessions.of('ada')).length, 1)
    t.equal((await client.get('/logout')).headers.location, '/')
    t.equal(await client.json('/me'), null)
    t.same(await app.sessions.of('ada'), [])
  })

  t.test('middleware counts in the session that it was handed', async (t) => {
    const app = await scripts.load(t, 'app.use(', EXPRESS)
    app.get('/views', async (request) => (request.session as unknown as { views: number }).views)
    // Express answers only over a socket.
    const url = new URL('/views', await app.listen({ port: 0, host: '127.0.0.1' }))
    const first = await fetch(url)
    const [cookie = ''] = String(first.headers.get('set-cookie')).split(';')
    const second = await fetch(url, { headers: { cookie } })
    t.same([await first.json(), await second.json()], [1, 2])
  })

  t.test('no script of the manual goes untried', async (t) => t.same(scripts.unused, []))
}

/** The code that scripts take for granted. */
const PRELUDE = `
import Fastify from 'fastify'
import sessions, { memoryStore } from 'fastify-sessions'
import { z } from 'zod'
const app = Fastify()
const options = {
  keys: ['a key of thirty-two bytes or more, for the manual'],
  stores: { memory: memoryStore() },
  default: 'login',
  sessions: { login: { store: 'memory', schema: z.object({ user: z.string().optional() }) } }
}
`

/** A provider that knows one user. The page shows only the redirect back from it. */
const PASSPORT = `
import { Authenticator } from '@fastify/passport'
const passport = new Authenticator()
passport.registerUserSerializer(async (user) => user.id)
passport.registerUserDeserializer(async (id) => ({ id }))
passport.use('github', {
  authenticate({ query }, options) {
    if (query.as === 'ada') this.success({ id: 'ada' })
    else this.fail()
  }
})
`

const EXPRESS = `
import express from '@fastify/express'
await app.register(sessions, options)
`

/** Examples in JavaScript, for packages whose types conflict with one another. */
class Scripts {
  readonly #texts: readonly string[]
  readonly #used = new Set<string>()

  private constructor(texts: readonly string[]) {
    this.#texts = texts
  }

  static async read(): Promise<Scripts> {
    return new Scripts((await readPages()).flatMap((page) => blocksOf(page, ['javascript'])))
  }

  /** Runs the script that contains `part`, after the code that it takes for granted, and returns its app. */
  async load(t: Test, part: string, given: string): Promise<FastifyInstance> {
    const text = this.#texts.find((text) => text.includes(part))
    if (text === undefined) throw new Error(`no script has ${part}`)
    this.#used.add(text)
    const directory = join(root, 'dist/readme/scripts')
    await mkdir(directory, { recursive: true })
    const file = join(directory, `${this.#used.size}.js`)
    await writeFile(file, `${PRELUDE}${given}${text}\nexport { app }\n`)
    const { app } = (await import(pathToFileURL(file).href)) as { readonly app: FastifyInstance }
    t.teardown(() => app.close())
    return app
  }

  get unused(): readonly string[] {
    return this.#texts.filter((text) => !this.#used.has(text))
  }
}
