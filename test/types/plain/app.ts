/** An app without the augmentation: everything works, and values are `unknown`. */
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import sessions, { type AsyncRecordStore, defineSession, type RecordStore } from 'fastify-sessions'
import { z } from 'zod'

export async function app(request: FastifyRequest, store: RecordStore): Promise<FastifyInstance> {
  const server = Fastify()
  await server.register(sessions, {
    keys: ['k'],
    stores: { mine: store },
    sessions: {
      cart: {
        store: 'mine',
        schema: z.object({ items: z.array(z.string()).default([]) }),
        flash: { notice: z.string() }
      }
    }
  })
  const value: unknown = request.session('cart').get('items')
  request.session('anything').set('key', value).flash('notice', 1)
  request.session('cart').update('n', (n) => Number(n) + 1)
  const messages: unknown[] = request.session('cart').flashes('notice')
  await request.session('cart').load()
  await request.saveSessions()

  const wizard = defineSession({ schema: z.object({ step: z.number() }) })
  const step: number | undefined = request.session(wizard).get('step')

  // @ts-expect-error values are unknown until the app registers its options
  const items: string[] = request.session('cart').get('items')
  // @ts-expect-error the function gives nothing
  request.session('cart').update('n', () => undefined)
  // @ts-expect-error a definition passed as a value is typed all the same
  request.session(wizard).set('step', 'one')
  // @ts-expect-error keys are required
  await server.register(sessions, { sessions: {} })
  // @ts-expect-error a store has to implement the contract
  await server.register(sessions, { keys: ['k'], stores: { mine: { kind: 'record' } }, sessions: {} })

  // A store may answer at once or by promises, and of one that always promises this is known.
  const atOnce: RecordStore = {
    kind: 'record',
    read: () => undefined,
    create: () => 1,
    update: async () => undefined,
    touch: () => false,
    remove: () => false
  }
  const promising = store as AsyncRecordStore
  const record: Promise<unknown> = promising.read('id').catch(() => undefined)
  // @ts-expect-error what may be there at once is no promise
  store.read('id').then()

  void [messages, step, items, atOnce, record]
  return server
}
