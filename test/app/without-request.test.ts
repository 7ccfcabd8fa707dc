import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type SessionsOptions } from '../../lib/index.js'
import { buildApp } from '../client.js'
import { turns } from './timers.js'

const prefs = { schema: z.object({ theme: z.string().default('light') }), cookie: { maxAge: 3600 } }
const cart = { schema: z.object({ items: z.number().default(0) }), store: 'memory' }

async function shop(t: Test, options: Partial<SessionsOptions> = {}) {
  const log: { level: number; msg: string }[] = []
  const stores = { memory: Object.assign(memoryStore(), { capabilities: undefined }) }
  const app = await buildApp(t, { stores, sessions: { prefs, cart }, ...options }, log)
  await app.ready()
  return { app, warnings: () => log.filter(({ level }) => level >= 40).map(({ msg }) => msg) }
}

const named = (lines: readonly string[]) => lines.map((line) => line.slice(0, line.indexOf('=')))
const pair = (line: string | undefined) => String(line).split(';', 1)[0] as string

t.test('a session that is saved twice replaces its own line, and that of no other', async (t) => {
  const { app, warnings } = await shop(t)
  const found = await app.sessions.fromHeader(undefined)
  found.session('prefs').set('theme', 'dark')
  await found.session('prefs').save()
  found.session('cart').set('items', 1)
  await found.session('cart').save()
  found.session('prefs').set('theme', 'blue')
  const lines = await found.commit()
  t.same(named(lines), ['__Host-cart', '__Host-prefs'])
  const later = await app.sessions.fromHeader(lines.map(pair).join('; '))
  t.equal(later.session('cart').get('items'), 1)
  t.equal(later.session('prefs').get('theme'), 'blue')
  t.same(warnings(), [], 'an age of a cookie says nothing to caches')
})

t.test('what is not committed yet is no change after a reply', async (t) => {
  const { app, warnings } = await shop(t)
  const found = await app.sessions.fromHeader(undefined)
  const session = found.session('prefs').set('theme', 'dark')
  await turns()
  session.set('theme', 'blue')
  await turns()
  await app.close()
  t.same(warnings(), [])
})

t.test('what is changed after close() is told as lost, without a route', async (t) => {
  const { app, warnings } = await shop(t)
  const found = await app.sessions.fromHeader(undefined)
  const session = found.session('prefs').set('theme', 'dark')
  await found.commit()
  found.close()
  session.set('theme', 'blue')
  await turns()
  t.same(warnings(), [
    'session "prefs" was changed after the reply of GET (a path of no route), or beside one that was written by hand, and is not saved: change it before the reply, or await session.save()'
  ])
})

t.test('an app that is closed tells at once what was changed after close(), as for requests', async (t) => {
  const { app, warnings } = await shop(t)
  const found = await app.sessions.fromHeader(undefined)
  const session = found.session('cart').set('items', 1)
  await found.commit()
  found.close()
  session.set('items', 2)
  await turns()
  t.same(warnings(), [], 'a record may still be saved')
  await app.close()
  t.same(warnings(), [
    'session "cart" was changed after the reply of GET (a path of no route), or beside one that was written by hand, and is not saved: change it before the reply, or await session.save()'
  ])
})

t.test('whether all sessions were cleared is asked once in a while, not each time that one is opened', async (t) => {
  const markers = memoryStore()
  const { read } = markers
  let asked = 0
  const counting: typeof read = (...given) => {
    asked++
    return read.apply(markers, given)
  }
  const { app } = await shop(t, {
    stores: { memory: memoryStore(), markers: Object.assign(markers, { read: counting }) },
    clearMarker: { store: 'markers', refresh: 60 }
  })
  const found = await app.sessions.fromHeader(undefined)
  found.session('cart').set('items', 1)
  await found.commit()
  const { id } = found.session('cart')
  asked = 0
  for (let times = 0; times < 3; times++) t.ok(await app.sessions.open('cart', id as string))
  t.equal(asked, 1)
})

t.test('a cookie that browsers drop is given all the same, to a browser that comes by plain HTTP', async (t) => {
  const cookie = { secure: 'auto', sameSite: 'none' } as const
  const { app } = await shop(t, { sessions: { prefs: { ...prefs, cookie } } })
  const found = await app.sessions.fromHeader(undefined, { protocol: 'http' })
  found.session('prefs').set('theme', 'dark')
  const [line] = await found.commit()
  t.equal(line?.slice(line.indexOf(';')), '; Path=/; HttpOnly; SameSite=None')
})
