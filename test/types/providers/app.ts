/** Sessions are typed beside the bodies that a type provider types, on an app that has it before and after the plugin. */
import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import sessions, { defineSessions } from 'fastify-sessions'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'

const options = defineSessions({
  keys: [process.env['SESSION_KEY']],
  sessions: { cart: { schema: z.object({ items: z.array(z.string()).default([]) }) } }
})

declare module 'fastify-sessions' {
  interface Register {
    options: typeof options
  }
}

const zodApp = Fastify().withTypeProvider<ZodTypeProvider>()
await zodApp.register(sessions, options)
zodApp.post('/items', { schema: { body: z.object({ item: z.string() }) } }, async (request) => {
  const items: string[] = request.session('cart').update('items', (items) => [...items, request.body.item])
  // @ts-expect-error the body has no such key
  request.body.price
  // @ts-expect-error there is no such session
  request.session('crat')
  return items
})

const app = Fastify()
await app.register(sessions, options)
const typeboxApp = app.withTypeProvider<TypeBoxTypeProvider>()
typeboxApp.post('/items', { schema: { body: Type.Object({ item: Type.String() }) } }, async (request) => {
  const items: string[] = request.session('cart').update('items', (items) => [...items, request.body.item])
  // @ts-expect-error the body has no such key
  request.body.price
  // @ts-expect-error the session has no such key
  request.session('cart').get('price')
  return items
})

/** Routes of a plugin that is written for one provider. */
await app.register(async (scope) => {
  const typed = scope.withTypeProvider<ZodTypeProvider>()
  typed.get('/items', { config: { sessions: ['cart'] } }, async (request) => request.session('cart').get('items'))
  // @ts-expect-error there is no such session
  typed.get('/none', { config: { sessions: ['crat'] } }, async () => '')
})
