import t from 'tap'
import { clock } from '../client.js'
import { has, Lab, SECRET, textOf } from './lab.js'

t.test('a browser sees each of its sessions: values with their types, sizes, lives, messages and keys', async (t) => {
  const lab = await Lab.open(t)
  has(t, await lab.page(), [
    'cart memory not begun',
    'prefs in the cookie not begun',
    'theme "light" | "dark" = "light" "light"'
  ])
  await lab.client.get('/fill', { method: 'POST' })
  await lab.client.get('/prefs', { method: 'POST' })
  await lab.client.get('/sign-in/ada', { method: 'POST' })
  const { id } = (await lab.client.json('/who')) as { id: string }
  const page = await lab.page()
  has(t, page, [
    'cart memory live',
    'items { name: string, qty: integer }[]',
    'note string | undefined "</script><script>alert(1)</script>"',
    'seen Date, stored as string (datetime) | undefined none',
    'apiToken string | undefined (hidden)',
    'notice 1 message',
    'Belongs to ada',
    id,
    'of the 4,096 bytes that browsers keep of a cookie',
    'of at most 1,048,576 bytes in the store',
    'ends in 14 d if it is not used',
    'ends in 90 d at the latest',
    'Schema version 1',
    'prefs in the cookie live'
  ])
  t.match(page, /Sealed with<\/dt><dd>key <code>[0-9a-f]{10}<\/code>/)
})

t.test('a cookie that gives no session tells why', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/fill', { method: 'POST' })
  const [[name, value]] = [...lab.client.jar] as [[string, string]]
  lab.client.jar.set(name, `${value.slice(0, -1)}${value.endsWith('A') ? 'Q' : 'A'}`)
  has(t, await lab.page(), ['bad-seal', 'The seal of the cookie is broken'])
  lab.client.jar.set(name, 'nonsense')
  has(t, await lab.page(), ['malformed', 'The cookie is not one of this plugin'])
  has(t, await lab.page('/cookie/cart'), ['is not sealed as this plugin does by itself'])
})

t.test('a store that fails is told in the place of its sessions, and the others are shown', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/fill', { method: 'POST' })
  await lab.client.get('/prefs', { method: 'POST' })
  lab.store.read = () => {
    throw new Error(SECRET)
  }
  const page = await lab.page()
  has(t, page, ['cart memory failed', '(FST_SESSIONS_STORE)', 'prefs in the cookie live'])
  t.notOk(page.includes(SECRET))
})

t.test('a cookie is taken apart: format, key, nonce, ciphertext and tag', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/prefs', { method: 'POST' })
  const page = await lab.page('/cookie/prefs')
  has(t, page, ['Format 1 01', 'Key id 5', 'Nonce 24', 'Ciphertext', 'Tag 16'])
  has(t, await lab.page('/cookie/cart'), ['This browser sent no cookie'])
  t.equal((await lab.client.get('/_sessions/cookie/other')).statusCode, 404)
})

t.test('a value is changed as its schema allows, and removed', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/fill', { method: 'POST' })
  const set = (key: string, value: string) => lab.send('/set', { session: 'cart', key, value })
  const done = await set('items', '[{ "name": "pen", "qty": 3 }]')
  t.equal(done.statusCode, 303)
  t.equal(done.headers['location'], '../_sessions?done=set&session=cart#session-cart')
  t.equal((await set('seen', '"2026-01-02T03:04:05.000Z"')).statusCode, 303)
  t.equal((await set('note', '')).statusCode, 303)
  const cart = (await lab.client.json('/cart')) as Record<string, unknown>
  t.same(cart['items'], [{ name: 'pen', qty: 3 }])
  t.equal(cart['seen'], '2026-01-02T03:04:05.000Z')
  t.notOk('note' in cart)
  const refused: [string, string, string][] = [
    ['items', '[{ "name": "pen", "qty": 1.5 }]', 'The schema refuses it: items[0].qty:'],
    ['seen', '"yesterday"', 'The schema refuses it: seen:'],
    ['note', 'bare', 'note: that is not JSON'],
    ['other', '1', 'the schema has no such key']
  ]
  for (const [key, value, why] of refused) {
    const { statusCode, body } = await set(key, value)
    t.equal(statusCode, 422, key)
    has(t, body, [why])
  }
  t.same(await lab.client.json('/cart'), cart, 'nothing was changed by what was refused')
})

t.test('a session in the cookie is changed in the cookie', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/prefs', { method: 'POST' })
  t.equal((await lab.send('/set', { session: 'prefs', key: 'theme', value: '"light"' })).statusCode, 303)
  t.equal((await lab.client.get('/prefs')).body, 'light')
})

t.test('a session gets a new id, expires as it would by itself, and is destroyed', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get('/sign-in/ada', { method: 'POST' })
  const first = (await lab.client.json('/who')) as { id: string; user: string }
  t.equal((await lab.send('/regenerate', { session: 'login' })).statusCode, 303)
  const second = (await lab.client.json('/who')) as { id: string; user: string }
  t.not(second.id, first.id)
  t.equal(second.user, 'ada')
  t.equal((await lab.send('/destroy', { session: 'login' })).statusCode, 303)
  t.equal(((await lab.client.json('/who')) as { user?: string }).user, undefined)
  t.equal(await lab.store.read(second.id), undefined)
  has(t, (await lab.send('/destroy', { session: 'login' })).body, ['This browser has no such session any more.'])

  await lab.client.get('/sign-in/ada', { method: 'POST' })
  t.equal((await lab.send('/expire', { session: 'login' })).statusCode, 303)
  clock(t).pass(1001)
  has(t, await lab.page(), ['The session has expired.'])
  t.equal(((await lab.client.json('/who')) as { problem: string }).problem, 'expired')
})

t.test('the sessions of a user are listed, and ended one by one or all', async (t) => {
  const lab = await Lab.open(t)
  const ids: string[] = []
  for (let i = 0; i < 3; i++) {
    lab.client.jar.clear()
    await lab.client.get('/sign-in/ada', { method: 'POST' })
    ids.push(((await lab.client.json('/who')) as { id: string }).id)
  }
  has(t, (await lab.send('/user', { subject: 'ada' })).body, [...ids, 'user "ada"', 'End all sessions of ada'])
  has(t, (await lab.send('/user', { subject: 'joan' })).body, ['Nobody of that name has a live session'])
  const one = await lab.send('/end', { subject: 'ada', id: ids[0] as string })
  has(t, one.body, ['1 session ended.', ids[1] as string])
  t.equal(await lab.store.read(ids[0] as string), undefined)
  t.ok(await lab.store.read(ids[1] as string))
  has(t, (await lab.send('/end', { subject: 'ada' })).body, ['2 sessions ended.'])
})

t.test('requests are told with what they did, by their routes, and those of the inspector are not', async (t) => {
  const lab = await Lab.open(t)
  await lab.client.get(`/sign-in/${SECRET}?code=${SECRET}`, { method: 'POST' })
  await lab.client.get('/who')
  await lab.page()
  await lab.send('/user', { subject: SECRET })
  const page = await lab.page('/requests')
  has(t, page, ['POST /sign-in/:user login', 'GET /who login loaded, version', 'ms, memory', 'created with'])
  t.notOk(textOf(page).includes('/_sessions'))
  t.notOk(textOf(page).includes('outside of a request'))
  t.notOk(page.includes(SECRET))
  await lab.send('/destroy', { session: 'login' })
  has(t, await lab.page('/requests'), ['outside of a request login destroyed'])
})

t.test('stores are told with reads, saves and conflicts', async (t) => {
  const lab = await Lab.open(t)
  has(t, await lab.page('/stores'), ['memory Keeps cart, login Reads none yet', 'cookie Keeps prefs'])
  await lab.client.get('/fill', { method: 'POST' })
  await lab.client.get('/cart')
  await lab.client.get('/cart')
  has(t, await lab.page('/stores'), ['Reads: 2', 'Saves: 1', 'Conflicts: 0', 'of the last 2'])
})
