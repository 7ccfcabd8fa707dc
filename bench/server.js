/** `node server.js NAME`: serves one contestant on a free port and tells its parent which. */
import * as expressContestants from './contestants/express.js'
import * as fastifyContestants from './contestants/fastify.js'

const name = process.argv[2]
const make = { ...fastifyContestants, ...expressContestants }[name]
if (make === undefined) throw new Error(`no contestant ${name}`)
const app = await make()
if (app.listen) await app.listen({ port: 0, host: '127.0.0.1' })
else await new Promise((resolve) => app.server.listen(0, '127.0.0.1', resolve))
process.send?.({ port: app.server.address().port })
