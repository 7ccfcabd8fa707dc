import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.js'

/**
 * The end is sent as an event. The browser would take a mere end of the stream for a lost connection, and connect
 * again.
 */
const END = 'event: end\ndata:\n\n'

/** Streams the stock as it changes to a signed-in visitor, until the session ends. */
export async function stock(app: FastifyInstance, { ticker }: Services): Promise<void> {
  // An open stream is no activity, so it does not renew the session. And a HEAD request would get a response that never
  // ends.
  const options = { exposeHeadRoute: false, config: { sessions: { load: ['login'], touch: false } } } as const

  app.get('/stock', options, async (request, reply) => {
    const { subject, signal } = request.session('login')
    // The status 204 tells the browser not to connect again.
    if (subject === undefined) return reply.code(204).send()
    const stream = await ticker.listen()
    if (signal.aborted) stream.end(END)
    else signal.addEventListener('abort', () => stream.end(END))
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream)
  })
}
