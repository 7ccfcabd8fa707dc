import Fastify from 'fastify'
import sessions from 'fastify-sessions'
import { client, options } from './options.js'
import routes from './routes.js'

const app = Fastify()
app.register(sessions, options)
app.register(routes)
app.addHook('onClose', async () => client.disconnect())
app.listen({ port: 0 }, (error, address) => {
  if (error) throw error
  console.log(address)
})
process.once('SIGTERM', () => app.close())
