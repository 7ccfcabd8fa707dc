import t from 'tap'
import { z } from 'zod'
import { fileStore, memoryStore } from '../../lib/index.js'
import { sessionsInspector } from '../../lib/inspector/index.js'
import { buildApp, Client, clock } from '../client.js'
import { has, Lab, SECRET, textOf } from './lab.js'

/** Somebody who is signed in, and their session's id. */
async function signedIn(lab: Lab, user: string) {
  const client = new Client(lab.app)
  await client.get(`/sign-in/${user}`, { method: 'POST' })
  const { id } = (await client.json('/who')) as { id: string }
  return { client, id }
}

const linksIn = (page: string) =>
  [...page.matchAll(/href="([^"]*\/session\/[^"]+)"/g)].map(([, link]) => link as string)

/** Where a link of a page below the first one leads. */
const followed = (link: string, from = '/_sessions/sessions') => {
  const { pathname, search } = new URL(link.replaceAll('&#38;', '&'), `http://localhost${from}`)
  return pathname + search
}

t.test('the sessions of a store are listed page by page, each once, whosever they are', async (t) => {
  const lab = await Lab.open(t)
  const all: string[] = []
  for (let i = 0; i < 60; i++) all.push((await signedIn(lab, `user-${i}`)).id)
  const found: string[] = []
  const pages: number[] = []
  let path: string | undefined = '/_sessions/sessions'
  while (path !== undefined && pages.length < 20) {
    const { statusCode, body } = await lab.client.get(path)
    t.equal(statusCode, 200)
    const links = linksIn(body)
    pages.push(links.length)
    found.push(...links.map((link) => link.split('/').at(-1) as string))
    const next = /href="([^"]+)">Further sessions</.exec(body)?.[1]
    path = next === undefined ? undefined : followed(next)
  }
  t.same(found.sort(), all.sort())
  t.ok(pages.length >= 3, 'lists of users are records as well, and are not shown')
  t.ok(pages.every((count) => count > 0 && count <= 50))
  const first = textOf(await lab.page('/sessions'))
  t.match(first, /login [\w-]{10}… user-\d+ began \d+ (m?s|min) /)
})

t.test('a session is ended from the list, which is shown again where it was', async (t) => {
  const lab = await Lab.open(t)
  for (let i = 0; i < 60; i++) await signedIn(lab, 'many')
  const next = followed(/href="([^"]+)">Further sessions</.exec(await lab.page('/sessions'))?.[1] as string)
  const { body } = await lab.client.get(next)
  const [link = ''] = linksIn(body)
  const id = link.split('/').at(-1) as string
  const after = /name="after" value="([^"]+)"/.exec(body)?.[1] as string
  const done = await lab.send('/destroy', { store: 'memory', after, which: `login/${id}` })
  t.equal(done.statusCode, 303)
  t.equal(await lab.store.read(id), undefined)
  const location = followed(done.headers.location as string, '/_sessions/destroy')
  t.ok(location.startsWith(next), location)
  const again = await lab.client.get(location)
  has(t, again.body, ['It is destroyed.'])
  t.notOk(again.body.includes(id))
})

t.test('stores are chosen by name, and one that can not list says so', async (t) => {
  const plain = memoryStore()
  const lab = await Lab.open(t, {}, {}, { stores: { plain: Object.assign(plain, { list: undefined }) as never } })
  await signedIn(lab, 'ada')
  const page = await lab.page('/sessions')
  t.match(page, /<a href="[^"]*sessions\?store=memory" aria-current="page">memory<\/a>/)
  t.match(page, /<a href="[^"]*sessions\?store=plain">plain<\/a>/)
  has(t, await lab.page('/sessions?store=plain'), ['The store plain can not list its records'])
  t.equal((await lab.client.get('/_sessions/sessions?store=none')).statusCode, 404)
  t.equal((await lab.client.get('/_sessions/sessions?store=memory&store=plain')).statusCode, 200)
})

t.test('an app whose sessions are all in cookies is told that nobody can list them', async (t) => {
  const app = await buildApp(t, { sessions: { prefs: { schema: z.object({ theme: z.string().optional() }) } } })
  await app.register(sessionsInspector)
  const { statusCode, body } = await app.inject('/_sessions/sessions')
  t.equal(statusCode, 200)
  has(t, body, ['The app has no record store.'])
  t.equal((await app.inject('/_sessions/session/prefs/none')).statusCode, 404)
})

t.test("anybody's session is found by its id, and shown as its browser has it, hidden values hidden", async (t) => {
  const lab = await Lab.open(t)
  const other = new Client(lab.app)
  await other.get('/fill', { method: 'POST' })
  const [link = ''] = linksIn(await lab.page('/sessions'))
  const { headers } = await lab.client.get(`/_sessions/session?session=cart&id=${link.split('/').at(-1)}`)
  const at = followed(headers.location as string, '/_sessions/session')
  t.equal(at, followed(link))
  const { body } = await lab.client.get(at)
  has(t, body, ['cart memory live', 'note string | undefined "</script><script>', 'notice 1 message', '(hidden)'])
  t.notOk(body.includes(SECRET))
  t.notOk(body.includes('New id'), 'which its browser could not be given')
  t.equal((await lab.client.get('/_sessions/session/cart/none')).statusCode, 404)
  t.equal((await lab.client.get('/_sessions/session/prefs/none')).statusCode, 404)
  t.equal((await lab.client.get('/_sessions/session?session=cart')).headers.location, '../_sessions/sessions')
})

t.test("anybody's session is changed as its schema allows, and nothing of a parallel request is lost", async (t) => {
  const lab = await Lab.open(t)
  const other = new Client(lab.app)
  await other.get('/fill', { method: 'POST' })
  const id = linksIn(await lab.page('/sessions'))[0]
    ?.split('/')
    .at(-1) as string
  const set = (key: string, value: string) => lab.send('/set', { session: 'cart', id, key, value })
  const refused = await set('items', '[{ "name": "pen", "qty": 1.5 }]')
  t.equal(refused.statusCode, 422)
  has(t, refused.body, ['The schema refuses it: items[0].qty:'])
  const { update } = lab.store
  lab.store.update = async (...args) => {
    lab.store.update = update
    await other.get('/note/parallel', { method: 'POST' })
    return update.apply(lab.store, args)
  }
  const done = await set('items', '[{ "name": "pen", "qty": 3 }]')
  t.equal(done.statusCode, 303)
  has(t, (await lab.client.get(followed(done.headers.location as string, '/_sessions/set'))).body, ['Saved.'])
  const cart = (await other.json('/cart')) as Record<string, unknown>
  t.same(cart['items'], [{ name: 'pen', qty: 3 }])
  t.equal(cart['note'], 'parallel')
  const renamed = await lab.send('/regenerate', { session: 'cart', id })
  t.equal(renamed.statusCode, 422)
  has(t, renamed.body, ['A new id is worth nothing without the browser'])
})

t.test("anybody's session is made to expire, or destroyed", async (t) => {
  const lab = await Lab.open(t)
  const [ada, bob] = [await signedIn(lab, 'ada'), await signedIn(lab, 'bob')]
  const expired = await lab.send('/expire', { session: 'login', id: ada.id })
  t.equal(expired.statusCode, 303)
  const destroyed = await lab.send('/destroy', { session: 'login', id: bob.id })
  t.equal(
    followed(destroyed.headers.location as string, '/_sessions/destroy'),
    '/_sessions/sessions?store=memory&done=destroy'
  )
  t.equal(((await bob.client.json('/who')) as { problem: string }).problem, 'gone')
  clock(t).pass(1001)
  const { user, problem } = (await ada.client.json('/who')) as { user?: string; problem: string }
  t.equal(user, undefined)
  t.ok(problem === 'gone' || problem === 'expired', problem)
  for (const { id } of [ada, bob]) {
    t.equal((await lab.client.get(`/_sessions/session/login/${id}`)).statusCode, 404)
    t.equal((await lab.send('/destroy', { session: 'login', id })).statusCode, 404)
  }
})

t.test(
  'why a session ended is told by its id, by its user, and from the page of the browser that lost it',
  async (t) => {
    const lab = await Lab.open(t, {}, {}, { history: 1000 })
    const ask = async (asked: string) => (await lab.send('/ended', { asked })).body
    const { id } = await signedIn(lab, 'ada')
    has(t, await ask(id), [`${id} live`, 'It lives: nothing here ended it.'])
    await lab.app.sessions.revoke('ada')
    for (const asked of [id, 'ada']) {
      has(t, await ask(asked), [
        `${asked} no live session`,
        'It was revoked: app.sessions.revoke() ended it',
        'revoked'
      ])
    }
    await lab.client.get('/sign-in/bob', { method: 'POST' })
    const lost = (await lab.client.json('/who')) as { id: string }
    await lab.store.remove(lost.id)
    await lab.client.json('/who')
    const page = await lab.page()
    has(t, page, ['gone', 'What ended it?'])
    t.ok(page.includes(`name="asked" value="${lost.id}"`))
    has(t, await ask(lost.id), [
      'There is no record of it, and nothing here ended it: it was too young to have expired'
    ])
    await lab.client.get('/sign-in/bob', { method: 'POST' })
    const aged = (await lab.client.json('/who')) as { id: string }
    await lab.send('/expire', { session: 'login' })
    clock(t).pass(1001)
    const later = await lab.page()
    has(t, later, ['The session has expired.'])
    t.ok(later.includes(`name="asked" value="${aged.id}"`), 'also where its cookie has expired')
    has(t, await ask('<i>nobody'), ['<i>nobody no live session'])
    t.notOk((await ask('<i>nobody')).includes('<i>nobody'))
  }
)

t.test('a cookie that does not open is shown among those of which nobody knows whose they are', async (t) => {
  const lab = await Lab.open(t, {}, {}, { history: 1000 })
  const { client } = await signedIn(lab, 'ada')
  const [[name, value]] = [...client.jar] as [[string, string]]
  client.jar.set(name, `${value.slice(0, -1)}${value.endsWith('A') ? 'Q' : 'A'}`)
  await client.get('/who')
  const { body } = await lab.send('/ended', { asked: 'ada' })
  has(t, body, ['Cookies that do not tell whose they are', 'a cookie of "login" was refused, its seal broken'])
})

t.test('where nothing is kept of what ends sessions, it says so, and how to keep it', async (t) => {
  const log: { level: number }[] = []
  const stream = { write: (line: string) => log.push(JSON.parse(line)) }
  const lab = await Lab.open(t, {}, { logger: { level: 'error', stream } })
  for (const body of [await lab.page('/ended'), (await lab.send('/ended', { asked: 'ada' })).body]) {
    has(t, body, ['nothing is kept of what ends sessions', 'history: 1000', "history: { store: 'redis' }"])
  }
  t.same(log, [])
})

t.test('sessions in files are listed as well', async (t) => {
  const directory = t.testdir()
  const lab = await Lab.open(
    t,
    {},
    {},
    {
      stores: { file: fileStore({ directory }) },
      sessions: {
        cart: { store: 'file', schema: z.object({ note: z.string().optional() }) },
        login: { store: 'file', schema: z.object({ user: z.string() }) },
        prefs: { schema: z.object({}) }
      }
    }
  )
  const { id } = await signedIn(lab, 'ada')
  t.same(linksIn(await lab.page('/sessions')), [`../_sessions/session/login/${id}`])
})
