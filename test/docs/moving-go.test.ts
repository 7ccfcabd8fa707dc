import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Browser, type Server } from '../from/browser.js'
import { lackOfGo, startGoApp } from '../servers/gorilla.js'
import { startRedis } from '../servers/redis.js'
import { running } from './moved-apps.js'
import { blocksOf, type Page, readPages, root } from './pages.js'

const skip = (await lackOfGo()) ?? false
const redis = await startRedis()
t.teardown(() => redis.stop())
const HASH_KEY = randomBytes(32).toString('base64')
const BLOCK_KEY = randomBytes(16).toString('hex')
Object.assign(process.env, { HASH_KEY, BLOCK_KEY, SESSION_KEY: randomBytes(32).toString('base64') })
const page = (await readPages()).find(({ path }) => path === 'docs/moving/gorilla.md') as Page

t.test('the Go app of the page is the one that is built and run', async (t) => {
  t.same(blocksOf(page, ['go']), [await readFile(join(root, 'test/servers/go/app.go'), 'utf8')])
})

t.test('a Go app moves in steps, beside the new one and back to it, and nobody is signed out', { skip }, async (t) => {
  const go = await overHttp(await startGoApp(t, { REDIS: `${redis.host}:${redis.port}`, HASH_KEY, BLOCK_KEY }))
  const blocks = blocksOf(page, ['ts'])
  t.equal(blocks.length, 2, 'beside Go and after it, and nothing that is not run')
  const [beside, after] = (await running(t, page, blocks, redis.url)) as [Server, Server]
  const [ada, bob, eve] = [new Browser(), new Browser(), new Browser()]
  const visitOf = async (browser: Browser, server: Server) =>
    ((await browser.json(server, '/me')) as { readonly visits: number }).visits

  await ada.get(go, '/sign-in/ada', 'POST')
  // Beside each other, in any order: one session, one cookie.
  t.same(await ada.json(beside, '/me'), { user: 'ada', visits: 1, flashes: ['Welcome'] })
  t.same(await ada.json(go, '/me'), { user: 'ada', visits: 2, flashes: null })
  t.equal(await visitOf(ada, beside), 3)
  t.same([...ada.jar.keys()], ['login'])
  await bob.get(beside, '/sign-in/bob', 'POST')
  t.same(await bob.json(go, '/me'), { user: 'bob', visits: 1, flashes: ['Welcome'] }, 'with the greeting of the other')
  t.same(await bob.json(beside, '/me'), { user: 'bob', visits: 2, flashes: [] })
  await eve.get(go, '/sign-in/eve', 'POST')
  await eve.get(beside, '/sign-out', 'POST')
  t.same(await eve.json(go, '/me'), { user: null })
  await eve.get(beside, '/sign-in/eve', 'POST')
  await eve.get(go, '/sign-out', 'POST')
  t.same(await eve.json(beside, '/me'), { user: null })

  // Rolled back to Go alone, and forward again, it is the same.
  t.equal(await visitOf(ada, go), 4)
  t.equal(await visitOf(ada, beside), 5)

  // Go is gone for good: everybody comes over, also who was seen by Go alone.
  const late = new Browser()
  await late.get(go, '/sign-in/late', 'POST')
  t.same(await ada.json(after, '/me'), { user: 'ada', visits: 6, flashes: [] })
  t.same(await bob.json(after, '/me'), { user: 'bob', visits: 3, flashes: [] })
  t.hasStrict(await late.json(after, '/me'), { user: 'late', visits: 1 })
  t.same(await eve.json(after, '/me'), { user: null })
  for (const browser of [ada, bob, late]) t.same([...browser.jar.keys()], ['__Host-login'])
  t.same(await ada.json(after, '/me'), { user: 'ada', visits: 7, flashes: [] })
})

async function overHttp(url: string): Promise<Server> {
  return {
    ask: async (path, headers, method = 'GET') => {
      const response = await fetch(url + path, { headers, method, redirect: 'manual' })
      return { status: response.status, body: await response.text(), setCookie: response.headers.getSetCookie() }
    }
  }
}
