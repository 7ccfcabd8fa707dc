import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'tap'
import { expressStore } from '../../lib/stores/express.js'
import { exactly } from '../exactly.js'
import { connectingStores, silentStores } from './silent.js'
import { everyCall } from './sql/batches.js'

for (const [name, store] of Object.entries(silentStores)) {
  test(`${name}: a server that stands still makes every call reject, and the start too`, async (t) => {
    const silent = store(20)
    const late = /^\w+ store: no answer within 20 ms$/
    for (const call of everyCall(silent as never, 'id', 'version')) await t.rejects(call(), late, String(call))
    await t.rejects(silent.setup?.() as Promise<void>, late, 'setup')
  })
}

for (const [name, store] of Object.entries({ ...silentStores, ...connectingStores })) {
  test(`${name}: a time to wait that no timer can wait is refused`, async (t) => {
    for (const timeout of [0, -1, 2 ** 31, Number.POSITIVE_INFINITY, Number.NaN, 'soon']) {
      t.throws(() => store(timeout as never), {
        code: 'FST_SESSIONS_STORE_CONFIG',
        message: exactly(
          `store "${name}": timeout: expected milliseconds from 1 to 2147483647 (the longest that a timer can wait), got ${
            timeout === 'soon' ? 'the text "soon"' : timeout
          }`
        )
      })
    }
  })
}

test('a write that a bridge gave up can not overwrite a later one, and what waited behind it is never sent', async (t) => {
  const asked: string[] = []
  const kept = new Map<string, unknown>()
  let answer = () => {}
  const slow = {
    get: (id: string, done: (error?: unknown, value?: unknown) => void) => {
      asked.push('get')
      done(undefined, kept.get(id))
    },
    set: (id: string, session: unknown, done: () => void) => {
      asked.push('set')
      answer = () => {
        kept.set(id, session)
        done()
      }
    },
    destroy() {}
  }
  const store = expressStore(slow, { timeout: 20 })
  const end = Date.now() + 60_000
  await t.rejects(store.create('a', 'first', end), /no answer within 20 ms/)
  await t.rejects(store.create('a', 'second', end), /no answer within 20 ms/)
  t.same(asked, ['get', 'set'], 'the second waits for the first')
  answer()
  await nextTurn()
  t.same(asked, ['get', 'set'], 'it was given up')
  t.equal((await store.read('a'))?.text, 'first')
})
