import assert from 'node:assert/strict'
import Fastify from 'fastify'
import sessions, { InvalidValueError, memoryStore } from 'fastify-sessions'
import { ControlledStore, movableClock, TestBrowser } from 'fastify-sessions/testing'
import { z } from 'zod'

/** What a user's tests do with fastify-sessions/testing; each runner calls them by its own `test`. */
export const checks = {
  'a session that was given is read and changed by the app': async () => {
    const { app, browser } = await openApp()
    await browser.give('login', { user: 'ada' }, { subject: 'ada' })
    const page = await browser.post('/items/pen')
    assert.deepEqual(page.json(), { user: 'ada', items: ['pen'] })
    assert.deepEqual((await browser.session('cart')).get('items'), ['pen'])
    await app.sessions.revoke('ada')
    assert.deepEqual((await browser.get('/')).json(), { items: ['pen'] })
    await app.close()
  },
  'a session ends when the clock has passed its time': async () => {
    const { app, browser } = await openApp()
    await browser.give('login', { user: 'ada' })
    const clock = movableClock()
    clock.pass(15 * 24 * 60 * 60 * 1000)
    const later = await browser.get('/')
    clock.restore()
    assert.deepEqual(later.json(), { items: [] })
    await app.close()
  },
  'parallel requests both count, and a store that fails is a 503': async () => {
    const { app, browser, controlled } = await openApp()
    await browser.post('/items/pen')
    controlled.before('update', () => browser.copy().post('/items/ink'))
    await browser.post('/items/tea')
    assert.deepEqual((await browser.session('cart')).get('items'), ['pen', 'ink', 'tea'])
    controlled.failOn('update')
    assert.equal((await browser.post('/items/cup')).statusCode, 503)
    await app.close()
  },
  'a value that the schema refuses is an error of the class that is exported': async () => {
    const { app, browser } = await openApp()
    const login = await browser.session('login')
    assert.throws(() => login.set('user', 1), InvalidValueError)
    assert.throws(() => login.set('user', 1), Error)
    await app.close()
  }
}

async function openApp() {
  const controlled = new ControlledStore(memoryStore())
  const app = Fastify()
  await app.register(sessions, {
    keys: ['a key for tests, of thirty-two bytes or more'],
    stores: { memory: controlled.store },
    sessions: {
      login: { store: 'memory', schema: z.object({ user: z.string() }) },
      cart: { store: 'memory', schema: z.object({ items: z.array(z.string()).default([]) }) }
    }
  })
  const page = (request) => ({
    user: request.session('login').get('user'),
    items: request.session('cart').get('items')
  })
  app.get('/', async (request) => page(request))
  app.post('/items/:item', async (request) => {
    request.session('cart').update('items', (items) => [...items, request.params.item])
    return page(request)
  })
  return { app, browser: new TestBrowser(app), controlled }
}

/**
 * A session ends when the clock of the test runner has passed its time.
 * @param {(now: number) => void} setTime
 */
export async function endsByClock(setTime) {
  const { app, browser } = await openApp()
  await browser.give('login', { user: 'ada' })
  setTime(Date.now() + 15 * 24 * 60 * 60 * 1000)
  const later = await browser.get('/')
  assert.deepEqual(later.json(), { items: [] })
  await app.close()
}
