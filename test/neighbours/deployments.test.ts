import { join } from 'node:path'
import autoload from '@fastify/autoload'
import awsLambda from '@fastify/aws-lambda'
import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { fileStore } from '../../lib/index.js'
import { buildApp, Client } from '../client.js'

interface Answer {
  readonly statusCode: number
  readonly body: string
  /** Of an HTTP API (payload format 2.0). */
  readonly cookies?: readonly string[]
  /** Of a REST API (payload format 1.0). */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>
}

const numbers = z.object({ n: z.number().default(0) })

/** A browser behind API Gateway, which hands a function its requests as events of one format or the other. */
const FORMATS = {
  'a REST API (format 1.0)': (cookie: string) => ({
    httpMethod: 'GET',
    path: '/',
    headers: { cookie },
    multiValueHeaders: { cookie: [cookie] }
  }),
  'an HTTP API (format 2.0)': (cookie: string) => ({
    version: '2.0',
    rawPath: '/',
    requestContext: { http: { method: 'GET' } },
    headers: {},
    cookies: cookie.split('; ').filter(Boolean)
  })
}

for (const [format, eventOf] of Object.entries(FORMATS)) {
  t.test(`@fastify/aws-lambda: sessions of one function are found by the next, behind ${format}`, async (t) => {
    const directory = t.testdir({})
    const start = async () => {
      const sessions = { visit: { store: 'file', schema: numbers }, prefs: { schema: numbers } }
      const app = await buildApp(t, { stores: { file: fileStore({ directory }) }, sessions })
      app.get('/', async (request) => {
        const both = ['visit', 'prefs'].map((name) => request.session(name).update('n', (n) => Number(n) + 1))
        return both
      })
      return awsLambda(app) as unknown as (event: object, context: object) => Promise<Answer>
    }
    const first = await (await start())(eventOf(''), {})
    const lines = first.cookies ?? first.multiValueHeaders?.['set-cookie'] ?? []
    t.equal(lines.length, 2, 'both cookies come, each by itself')
    const cookie = lines.map((line) => line.slice(0, line.indexOf(';'))).join('; ')
    const second = await (await start())(eventOf(cookie), {})
    t.same(JSON.parse(second.body), [2, 2])
  })
}

/** What stands in a folder of plugins: wrapped by the app, or as it comes with its options beside it. */
const PLUGINS = {
  'in a plugin of the app': `
    import fp from 'fastify-plugin'
    import sessions from 'fastify-sessions'
    import { options } from '../options.js'
    export default fp(async (app) => { await app.register(sessions, options) })`,
  'with its options as autoConfig': `
    export { default } from 'fastify-sessions'
    export { options as autoConfig } from '../options.js'`
}
const OPTIONS = `
  import { z } from 'zod'
  export const options = {
    keys: ['a key of thirty-two bytes or more, for tests only'],
    sessions: { visit: { schema: z.object({ n: z.number().default(0) }) } }
  }`
const ROUTES = `
  export default async (app) => {
    app.get('/', async (request) => ({ n: request.session('visit').update('n', (n) => n + 1) }))
  }`

for (const [how, plugin] of Object.entries(PLUGINS)) {
  t.test(`@fastify/autoload: routes in files have the sessions of a file ${how}`, async (t) => {
    const folder = t.testdir({
      'options.js': OPTIONS,
      plugins: { 'sessions.js': plugin },
      routes: { 'root.js': ROUTES }
    })
    const app = Fastify()
    t.teardown(() => app.close())
    app.register(autoload, { dir: join(folder, 'plugins'), forceESM: true })
    app.register(autoload, { dir: join(folder, 'routes'), forceESM: true })
    const client = new Client(app)
    await client.get('/')
    t.same(await client.json('/'), { n: 2 })
  })
}
