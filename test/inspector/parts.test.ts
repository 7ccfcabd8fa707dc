import t, { type Test } from 'tap'
import { subscribeAll } from '../../lib/events/index.js'
import { lifeLine, lookAt, requestLog, sizeBar, stepOf, toneOf } from '../../lib/inspector/parts.js'
import type { SessionEvent } from '../../types/events.js'
import type { SessionLook } from '../../types/inspector-parts.js'
import { Lab, SECRET } from './lab.js'

/** An app with a page of its own. */
async function open(t: Test): Promise<Lab> {
  const lab = await Lab.open(t)
  lab.app.get('/looks', (request) => lookAt(request))
  return lab
}

t.test('a page of the app shows what a browser has of each session, and no values', async (t) => {
  const lab = await open(t)
  const before = (await lab.client.get('/looks')).json() as readonly SessionLook[]
  t.same(
    before.map(({ session, store }) => [session, store]),
    [
      ['cart', 'memory'],
      ['prefs', 'cookie'],
      ['login', 'memory']
    ]
  )
  t.ok(before.every(({ cookie, stored, problem }) => !cookie && !stored && !problem))

  await lab.client.get('/fill', { method: 'POST' })
  await lab.client.get('/sign-in/ada', { method: 'POST' })
  const response = await lab.client.get('/looks')
  t.notOk(response.body.includes(SECRET))
  const [cart, , login] = response.json() as readonly SessionLook[]
  const sent = lab.client.cookie.split('; ').find((each) => each.startsWith(`${cart?.cookie?.name}=`))
  t.same(cart?.cookie?.bytes, [`${sent}`.length - 1], 'of name and value')
  t.equal(cart?.cookie?.mostBytes, 4096)
  t.hasStrict(cart?.stored, { version: 1, schemaVersion: 1, flashes: 2, subjects: [], mostBytes: 1_048_576 })
  t.same(login?.stored?.subjects, ['ada'])
  t.match(sizeBar(10, 100), /^<svg class="bar .*width="10.00"/)
  t.match(login?.stored && lifeLine(login.stored), /^<svg class="timeline"/)
})

t.test('to look at the sessions of a browser is no use of them, and no event of a request', async (t) => {
  const lab = await open(t)
  await lab.client.get('/fill', { method: 'POST' })
  const opened: string[] = []
  t.teardown(subscribeAll((event) => event.event === 'opened' && event.request && opened.push(event.session)))
  const response = await lab.client.get('/looks')
  t.equal(response.headers['set-cookie'], undefined)
  t.same(opened, [])
})

t.test('a cookie that gives no session says why', async (t) => {
  const lab = await open(t)
  await lab.client.get('/fill', { method: 'POST' })
  await lab.store.clear()
  const [cart] = (await lab.client.get('/looks')).json() as readonly SessionLook[]
  t.equal(cart?.problem, 'gone')
  t.equal(cart?.stored, undefined)
  t.ok(cart?.cookie)
})

t.test('a log of requests has those that it is given, the newest first, and forgets the oldest', async (t) => {
  const lab = await open(t)
  const log = requestLog(2)
  const all: SessionEvent[] = []
  t.teardown(
    subscribeAll((event) => {
      all.push(event)
      log.note(event)
    })
  )
  for (const path of ['/fill', '/prefs', '/sign-in/ada']) await lab.client.get(path, { method: 'POST' })
  t.same(
    log.rows.map(({ id, method, route }) => [id, method, route]),
    [
      [3, 'POST', '/sign-in/:user'],
      [2, 'POST', '/prefs']
    ]
  )
  const created = all.find(({ event }) => event === 'created') as SessionEvent
  t.match(stepOf(created), {
    event: 'created',
    session: 'cart',
    store: 'memory',
    words: /^created with 6 changes, version 1$/
  })
  t.same((['opened', 'saved', 'replayed', 'revoked', 'refused'] as const).map(toneOf), [
    'read',
    'write',
    'replay',
    'end',
    'fault'
  ])
})
