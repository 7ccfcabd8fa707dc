import type { FastifyInstance } from 'fastify'
import type { Services } from '../services.js'

/** Said in so many words, or the browser would take it for a lost connection and come back. */
const END = 'event: end\ndata:\n\n'

/** The stock as it changes, for who is signed in and for as long as they are. */
export async function stock(app: FastifyInstance, { ticker }: Services): Promise<void> {
  // A stream is no click: the session ends as if it were not open. And to HEAD it would be an answer without an end.
  const options = { exposeHeadRoute: false, config: { sessions: { load: ['login'], touch: false } } } as const

  app.get('/stock', options, async (request, reply) => {
    const { subject, signal } = request.session('login')
    // No content tells a browser not to come back.
    if (subject === undefined) return reply.code(204).send()
    const stream = await ticker.listen()
    if (signal.aborted) stream.end(END)
    else signal.addEventListener('abort', () => stream.end(END))
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream)
  })
}
