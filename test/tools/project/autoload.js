import { join } from 'node:path'
import autoload from '@fastify/autoload'
import Fastify from 'fastify'
import { client } from './options.js'

const app = Fastify()
app.register(autoload, { dir: join(import.meta.dirname, 'plugins') })
app.register(autoload, { dir: join(import.meta.dirname, 'routes') })
app.addHook('onClose', async () => client.disconnect())
app.listen({ port: 0 }, (error, address) => {
  if (error) throw error
  console.log(address)
})
process.once('SIGTERM', () => app.close())
