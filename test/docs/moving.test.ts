import { randomBytes } from 'node:crypto'
import { sealData } from 'iron-session'
import t from 'tap'
import type { Definition } from '../../lib/index.js'
import { Browser, type Server } from '../from/browser.js'
import { startRedis } from '../servers/redis.js'
import { Examples } from './examples.js'
import { running } from './moved-apps.js'
import { blocksOf, isOfMove, type Page, readPages } from './pages.js'

const server = await startRedis()
t.teardown(() => server.stop())
const secret = () => randomBytes(32).toString('base64')
for (const name of ['SESSION_KEY', 'SESSION_SECRET', 'SECURE_SESSION_KEY', 'COOKIE_KEY', 'OLD_PASSWORD', 'PASSWORD']) {
  process.env[name] = secret()
}

const pages = (await readPages()).filter(({ path }) => isOfMove(path))
const isOfOne = ({ path }: Page) => path.startsWith('docs/moving/')
/** Its apps move in three steps: see moving-go.test.ts. */
const isOfGo = ({ path }: Page) => path === 'docs/moving/gorilla.md'

for (const page of pages.filter((page) => isOfOne(page) && !isOfGo(page))) {
  t.test(`the apps of ${page.path}: nobody is signed out by the move`, async (t) => {
    const blocks = blocksOf(page, ['ts'])
    t.equal(blocks.length, 2, 'before and after, and nothing that is not run')
    const [before, after] = (await running(t, page, blocks, server.url)) as [Server, Server]
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
  t.hasStrict(await app.sessions.of('ada'), [{ name: 'account' }])
  t.same(examples.unused, [])
})
