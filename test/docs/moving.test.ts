import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { sealData } from 'iron-session'
import t, { type Test } from 'tap'
import type { Definition } from '../../lib/index.js'
import { Browser, byHttp, byInject, type Server } from '../from/browser.js'
import { startRedis } from '../servers/redis.js'
import { compile, Examples } from './examples.js'
import { blocksOf, isOfMove, type Page, readPages } from './pages.js'

const server = await startRedis()
t.teardown(() => server.stop())
const secret = () => randomBytes(32).toString('base64')
for (const name of ['SESSION_KEY', 'SESSION_SECRET', 'SECURE_SESSION_KEY', 'COOKIE_KEY', 'OLD_PASSWORD', 'PASSWORD']) {
  process.env[name] = secret()
}

const pages = (await readPages()).filter(({ path }) => isOfMove(path))
const isOfOne = ({ path }: Page) => path.startsWith('docs/moving/')

for (const page of pages.filter(isOfOne)) {
  t.test(`the apps of ${page.path}: nobody is signed out by the move`, async (t) => {
    const blocks = blocksOf(page, ['ts'])
    t.equal(blocks.length, 2, 'before and after, and nothing that is not run')
    const [before, after] = (await running(t, page, blocks)) as [Server, Server]
    const [browser, other] = [new Browser(), new Browser()]
    await browser.get(before, '/sign-in/ada', 'POST')
    t.same(await browser.json(before, '/me'), { user: 'ada' })
    t.same(await browser.json(after, '/me'), { user: 'ada' })
    t.same(await browser.json(after, '/me'), { user: 'ada' })
    await browser.get(after, '/sign-out', 'POST')
    t.same([...browser.jar.keys()], [])
    t.same(await browser.json(after, '/me'), { user: null })
    t.same(await other.json(after, '/me'), { user: null })
    await other.get(after, '/sign-in/bob', 'POST')
    t.same(await other.json(after, '/me'), { user: 'bob' })
  })
}

t.test('what is said of every plugin', async (t) => {
  process.env['IRON_PASSWORD'] = secret()
  const examples = await Examples.compile(
    pages.filter((page) => !isOfOne(page)),
    'moving'
  )
  const { app, account } = await examples.load<{ account: Definition }>(t, 'ironSession(')
  app.sessions.define('account', account)
  app.get('/', async (request) => request.session(account as never as 'account').data)
  const old = await sealData({ user: 'ada', signedInAt: 5 }, { password: process.env['IRON_PASSWORD'] as string })
  const { body, headers } = await app.inject({ url: '/', headers: { cookie: `account=${old}` } })
  t.equal(body, '{"user":"ada","since":5}')
  t.match(headers['set-cookie'], /Max-Age=2592000/)
  t.match(await app.sessions.of('ada'), [{ name: 'account' }])
  process.env['HASH_KEY'] = secret()
  process.env['BLOCK_KEY'] = 'b'.repeat(32)
  process.env['REDIS_URL'] = server.url
  const { client, basket } = await examples.load<{ basket: Definition; client: { destroy(): void } }>(t, 'gorilla(')
  client.destroy()
  t.match(basket.from, [{ kind: 'from', peer: 'gorilla/sessions' }])
  t.same(examples.unused, [])
})

/** The page's apps, each in a program of its own, since both declare what a session holds. */
async function running(t: Test, { path }: Page, blocks: readonly string[]): Promise<readonly Server[]> {
  const name = path.replace(/^docs.|\.md$/g, '').replaceAll('/', '-')
  return Promise.all(
    blocks.map(async (text, index) => {
      const out = await compile(`${name}-${index}`, { app: withoutListening(text) })
      const module = (await import(pathToFileURL(join(out, 'app.js')).href)) as Module
      if (module.client) t.teardown(() => module.client?.destroy())
      if (typeof module.app === 'function') return byHttp(t, module.app)
      t.teardown(() => (module.app as FastifyInstance).close())
      return byInject(module.app)
    })
  )
}

interface Module {
  readonly app: FastifyInstance | RequestListener
  readonly client?: { destroy(): void }
}

function withoutListening(text: string): string {
  const names = text.includes('const client') ? 'app, client' : 'app'
  return `${text.replace(/^(await )?app\.listen\(.*\)$/m, '').replace("'redis://localhost:6379'", `'${server.url}'`)}\nexport { ${names} }\n`
}
