import { jest, test } from '@jest/globals'
import { checks, endsByClock } from './checks.js'

for (const [name, check] of Object.entries(checks)) test(name, check)

test("a session ends by the test runner's own clock", async () => {
  await endsByClock((now) =>
    jest.useFakeTimers({
      now,
      // All but the clock: a request waits for them.
      doNotFake: [
        'nextTick',
        'queueMicrotask',
        'setImmediate',
        'clearImmediate',
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
        'hrtime',
        'performance'
      ]
    })
  )
  jest.useRealTimers()
})
