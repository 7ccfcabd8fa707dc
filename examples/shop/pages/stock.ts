import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.js'

/** The stock as it changes, for who is signed in and for as long as they are. */
export async function stock(app: FastifyInstance, { ticker, signals }: Services): Promise<void> {
  // A stream is no click: the session ends as if it were not open. And to HEAD it would be an answer without an end.
  const options = { exposeHeadRoute: false, config: { sessions: { load: ['login'], touch: false } } } as const

  app.get('/stock', options, async (request, reply) => {
    const { id, subject } = request.session('login')
    // No content tells a browser not to come back.
    if (id === undefined || subject === undefined) return reply.code(204).send()
    const { signal, stop } = signals.watch(id, subject)
    const stream = await ticker.listen(signal)
    stream.once('close', stop)
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream)
  })
}
