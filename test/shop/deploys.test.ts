import t from 'tap'
import { z } from 'zod'
import { openBrowser } from './browser.js'
import { KEY, type Options, Shop } from './open-shop.js'
import { add, cartCount, signIn, whoIsIn } from './visitor.js'

const CHROME = 'Chrome 156 on Linux'

t.test('a restart of the server, a key rotation and a change of the schema sign nobody out', async (t) => {
  const shop = await Shop.open(t)
  const { page } = await openBrowser(t)
  await signIn(page, shop)
  await add(page, 'Beeswax candle')

  await shop.reopen()
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'restarted')
  t.equal(await cartCount(page), 1)

  const next = 'the next key of a shop that is open for tests only'
  await shop.reopen({ keys: [next, KEY] })
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'with a new key before the old one')
  await shop.reopen({ keys: [next] })
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'without the old key')
  t.equal(await cartCount(page), 1)

  await shop.reopen({ keys: [next] }, withNewSchema)
  t.equal(await whoIsIn(page, shop), 'Ada Lovelace', 'with another schema')
  const [session] = await shop.app.sessions.of('ada')
  t.hasStrict(session?.data, { device: { label: CHROME } })
})

function withNewSchema(options: Options): Options {
  const schema = z.object({ user: z.string(), device: z.object({ label: z.string() }) })
  const migrate = {
    1: (payload: unknown) => ({ ...(payload as object), device: { label: (payload as { device: string }).device } })
  }
  const login = { ...options.sessions.login, schema, version: 2, migrate }
  // The shop's own types are those of the schema before.
  return { ...options, sessions: { ...options.sessions, login } } as unknown as Options
}
