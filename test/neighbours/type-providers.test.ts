import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { type SessionsOptions } from '../../lib/index.js'
import { Client, KEY } from '../client.js'

const options = {
  keys: [KEY],
  sessions: { cart: { schema: z.object({ items: z.array(z.string()).default([]) }) } }
} satisfies SessionsOptions

async function check(t: Test, app: FastifyInstance): Promise<void> {
  t.teardown(() => app.close())
  const client = new Client(app)
  const add = (payload: object) => client.get('/items', { method: 'POST', payload })
  t.same((await add({ item: 'tea' })).json(), { items: ['tea'] })
  t.equal((await add({ item: 1 })).statusCode, 400)
  t.same((await add({ item: 'milk' })).json(), { items: ['tea', 'milk'] })
}

t.test('fastify-type-provider-zod checks bodies and answers of routes that use a session', async (t) => {
  const app = Fastify().withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  await app.register(sessions, options)
  const schema = {
    body: z.object({ item: z.string() }),
    response: { 200: z.object({ items: z.array(z.string()) }) }
  }
  app.post('/items', { schema }, async (request) => {
    const { item } = request.body
    return { items: request.session('cart').update('items', (items) => [...(items as string[]), item]) as string[] }
  })
  await check(t, app as unknown as FastifyInstance)
})

t.test('@fastify/type-provider-typebox checks bodies of routes that use a session', async (t) => {
  const app = Fastify({ ajv: { customOptions: { coerceTypes: false } } }).withTypeProvider<TypeBoxTypeProvider>()
  await app.register(sessions, options)
  const schema = {
    body: Type.Object({ item: Type.String() }),
    response: { 200: Type.Object({ items: Type.Array(Type.String()) }) }
  }
  app.post('/items', { schema }, async (request) => {
    const { item } = request.body
    return { items: request.session('cart').update('items', (items) => [...(items as string[]), item]) as string[] }
  })
  await check(t, app as unknown as FastifyInstance)
})
