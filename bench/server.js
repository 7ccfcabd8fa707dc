/** `node server.js NAME`: serves one contestant on a free port, and tells its parent which, and its CPU time when asked. */
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
  process.send({ port: app.server.address().port })
} catch (error) {
  process.send({ failed: String(error?.message ?? error).split('\n')[0] })
}
