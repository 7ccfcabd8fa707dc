/** `node server.js NAME`: serves one contestant on a free port, and tells its parent which, and its CPU time when asked. */
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as expressContestants from './contestants/express.js'
import * as fastifyContestants from './contestants/fastify.js'

const name = process.argv[2]
const make = { ...fastifyContestants, ...expressContestants }[name]
if (make === undefined) throw new Error(`no contestant ${name}`)
process.on('message', (message) => {
  if (message === 'stop') process.exit()
  const { user, system } = process.cpuUsage()
  process.send({ cpu: user + system })
})
process.on('disconnect', () => process.exit())
try {
  const app = await make()
  if (app.listen) await app.listen({ port: 0, host: '127.0.0.1' })
  else await new Promise((resolve) => app.server.listen(0, '127.0.0.1', resolve))
  await collectGarbage()
  process.send({ port: app.server.address().port })
} catch (error) {
  process.send({ failed: String(error?.message ?? error).split('\n')[0] })
}

/**
 * On Node 24 a process whose first collections find no `process.nextTick` under way pays 2 µs more for each request ever
 * after: V8 drops the shape of its objects then, unused for two collections, and takes the next one for another. Left to
 * chance, that meets some processes and not others; so it is made to meet all.
 */
async function collectGarbage() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  for (let times = 0; times < 4; times++) {
    await pause(10)
    collect()
  }
}
