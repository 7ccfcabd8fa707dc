import t from 'tap'
import { memoryStore } from '../lib/index.js'
import * as aead from '../lib/seal/aead.js'
import { KeyRing } from '../lib/seal/keys.js'
import { Sealer } from '../lib/seal/sealer.js'
import { buildApp, KEY } from './client.js'

/** Nothing may have made the cryptography ready before, so this file begins with it. */
t.test('two apps that start at once in one process share its keys: what one sealed opens', async (t) => {
  const [first, second] = [aead.ready(), aead.ready()]
  await first
  const sealer = new Sealer(new KeyRing([KEY]), 'record visitor', 'encrypt')
  const value = sealer.seal('text')
  await second
  t.same(sealer.open(value), { text: 'text', stale: false })
})

t.test('what a store can not promise is in the log at start', async (t) => {
  const log: object[] = []
  const capabilities = { compareAndSet: 'process' } as const
  const limited = Object.assign(memoryStore(), { capabilities })
  const whole = Object.assign(memoryStore(), { capabilities: undefined })
  const app = await buildApp(t, { stores: { limited, memory: memoryStore(), whole }, sessions: {} }, log)
  await app.ready()
  t.match(log, [
    {
      level: 40,
      store: 'limited',
      msg: 'session store "limited": requests to several processes can overwrite one another'
    },
    { level: 40, store: 'memory', msg: /^session store "memory": records live in the memory of this process/ }
  ])
})
