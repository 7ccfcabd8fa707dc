import t, { type Test } from 'tap'
import { z } from 'zod'
import { conformanceCases } from '../../lib/conformance/index.js'
import { memoryStore, type SessionsOptions } from '../../lib/index.js'
import { ControlledStore, TestBrowser } from '../../lib/testing/index.js'
import { buildApp } from '../client.js'

async function counter(t: Test) {
  const controlled = new ControlledStore(memoryStore())
  const options: Partial<SessionsOptions> = {
    stores: { memory: controlled.store },
    sessions: { visits: { schema: z.object({ n: z.number().default(0) }), store: 'memory' } }
  }
  const app = await buildApp(t, options)
  app.get('/', async (request) => request.session('visits').update('n', (n) => (n as number) + 1))
  return { controlled, browser: new TestBrowser(app) }
}

t.test('a store that fails on command does so until it recovers', async (t) => {
  const { controlled, browser } = await counter(t)
  await browser.get('/')
  controlled.failOn('update', new Error('disk full'))
  t.equal((await browser.get('/')).statusCode, 503)
  controlled.recover()
  t.equal((await browser.get('/')).body, '2')
  controlled.failOn()
  t.equal((await browser.get('/')).statusCode, 503)
})

t.test('a call that stalls waits for its release', async (t) => {
  const { controlled, browser } = await counter(t)
  await browser.get('/')
  const stall = controlled.stallOn('update')
  const slow = browser.get('/')
  await stall.reached
  t.equal((await browser.copy().get('/')).body, '2', 'only the next call stalls')
  stall.release()
  t.equal((await slow).body, '2', 'what it answered before it was saved again')
  t.equal((await browser.get('/')).body, '4', 'neither is lost')
})

t.test('a race is lost on command', async (t) => {
  const { controlled, browser } = await counter(t)
  await browser.get('/')
  const before = controlled.calls('update')
  controlled.before('update', () => browser.copy().get('/'))
  await browser.get('/')
  t.equal(controlled.calls('update') - before, 3, 'one was refused, and repeated')
  t.equal((await browser.session('visits')).get('n'), 3)
})

t.test('left alone it keeps the contract as the store around which it stands does', async (t) => {
  const store = memoryStore()
  const open = () => new ControlledStore(store).store
  for (const { name, skipped, run } of conformanceCases({ open, lacks: ['setup'], rounds: 2 })) {
    await t.test(name, { skip: skipped ?? false }, run)
  }
})
