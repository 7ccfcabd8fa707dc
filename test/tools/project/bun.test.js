import { setSystemTime, test } from 'bun:test'
import { checks, endsByClock } from './checks.js'

for (const [name, check] of Object.entries(checks)) test(name, check)

test("a session ends by the test runner's own clock", async () => {
  await endsByClock((now) => setSystemTime(now))
  setSystemTime()
})
