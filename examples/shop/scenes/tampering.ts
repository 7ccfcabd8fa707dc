import { memoryStore } from 'fastify-sessions'
import type { TestBrowser } from 'fastify-sessions/testing'
import { demoSessions, sourceOf } from './demo.js'
import type { Scene } from './scene.js'
import type { Stage } from './stage.js'
import type { Outcome } from './step.js'

export const tampering: Scene = {
  name: 'tampering',
  title: 'A record is tampered with, and a cookie',
  short: 'Tampering',
  situation:
    'Somebody gets at the database and sets a quantity to −3, so that the shop would owe them money. Somebody else changes one character of a cookie.',
  why: 'What a store gives back is checked against the schema before a handler sees it, and a cookie opens as it was sealed or not at all. Either way the handler gets an empty session and the reason, never bad data.',
  lanes: { left: 'The shop', right: 'Somebody' },
  acts: [{ given: 'Given: a cart with a lamp in it.', handler: sourceOf(cartOf), play }]
}

type Store = ReturnType<typeof memoryStore>

async function play(stage: Stage): Promise<Outcome> {
  const store = memoryStore({ maxRecords: 100 })
  const app = await stage.app(demoSessions(stage, store), (app) => {
    app.get('/cart', cartOf as never)
    app.post('/cart/:id', async (request) => {
      const { id } = request.params as { id: string }
      request.session('cart').set('items', { [id]: 1 })
      return 'added'
    })
  })
  const browser = stage.browser(app)
  await browser.post('/cart/lamp')
  await stage.in('right', () => changeRecord(stage, store))
  const record = await stage.request('left', browser, 'GET /cart')
  await browser.post('/cart/lamp')
  stage.in('right', () => changeCookie(stage, browser))
  const cookie = await stage.request('left', browser, 'GET /cart')
  const answers = `${record.body}, ${cookie.body}`
  const isGood = answers === 'empty (schema), empty (bad-seal)'
  return isGood
    ? { isGood, text: 'Neither was believed. The handler was told why: schema, bad-seal.' }
    : { isGood, text: `Something was believed: ${answers}.` }
}

function cartOf(request: Asking) {
  const { problem, data } = request.session('cart')
  if (problem !== undefined) return `empty (${problem})`
  return data.items
}

interface Asking {
  session(name: 'cart'): { readonly problem: string | undefined; readonly data: { readonly items: unknown } }
}

async function changeRecord(stage: Stage, store: Store): Promise<void> {
  const { records } = await store.list({ limit: 1 })
  for (const { id, text, expires, version } of records) {
    await store.update(id, text.replace('"lamp":1', '"lamp":-3'), expires, version)
    stage.tell({ link: 'over', tone: 'fault', text: 'sets "lamp" to −3 in the database' })
  }
}

function changeCookie(stage: Stage, browser: TestBrowser): void {
  const cookie = browser.jar.all.find(({ name }) => name.endsWith('cart'))
  if (cookie === undefined) return
  const { name, value } = cookie
  const at = value.length >> 1
  const changed = `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`
  browser.jar.set(`${name}=${changed}; Path=/; Secure; HttpOnly`, new URL('https://localhost'))
  stage.tell({ tone: 'fault', text: 'changes one character of the cookie' })
}
