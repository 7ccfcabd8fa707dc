import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CHANGES } from './changes.js'
import { icon, script, style } from './client.js'
import type { Inspector } from './inspector.js'
import { HEADERS } from './page.js'
import { OWN } from './unseen.js'

/**
 * Its requests move no session's end. Sessions are read before them all the same: `authorize`, and hooks of the app that run
 * for all routes, may ask for one.
 */
const config = { sessions: { touch: false }, [OWN]: true }

/** The inspector's routes. In the context of a plugin of its own, so that its hooks and parsers are not the app's. */
export function addRoutes(app: FastifyInstance, inspector: Inspector): void {
  const { path } = inspector
  takeForms(app)
  app.addHook('onRequest', (request, reply) => inspector.admit(request, reply) as Promise<void>)
  app.setErrorHandler((error, request, reply) => inspector.failed(error, request, reply))
  const get = (at: string, answer: (request: FastifyRequest, reply: FastifyReply) => unknown) =>
    app.get(path + at, { config, exposeHeadRoute: false }, async (request, reply) => answer(request, reply))
  const post = (at: string, answer: (request: FastifyRequest, reply: FastifyReply) => unknown) => {
    const preHandler = (request: FastifyRequest, reply: FastifyReply) =>
      inspector.admitForm(request, reply) as Promise<void>
    app.post(path + at, { config, preHandler }, async (request, reply) => answer(request, reply))
  }
  const { others } = inspector
  get('', (request, reply) => inspector.browser(request, reply))
  get('/requests', (request, reply) => inspector.requests(request, reply))
  get('/feed', (request, reply) => inspector.stream(request, reply))
  get('/stores', (_request, reply) => inspector.stores(reply))
  get('/cookie/:name', (request, reply) => inspector.cookie(request, reply))
  get('/sessions', (request, reply) => others.sessions(request, reply))
  get('/session', (request, reply) => others.find(request, reply))
  get('/session/:name/:id', (request, reply) => others.session(request, reply))
  get('/user', (request, reply) => others.user(request, reply))
  get('/ended', (request, reply) => others.ended(request, reply))
  post('/user', (request, reply) => others.ofUser(request, reply))
  post('/end', (request, reply) => others.end(request, reply))
  post('/ended', (request, reply) => others.ended(request, reply))
  for (const name of CHANGES.keys()) post(`/${name}`, (request, reply) => inspector.change(request, reply, name))
  for (const { file, type, text } of [style, script, icon]) {
    get(`/${file}`, (_request, reply) => reply.headers(HEADERS).type(type).send(text))
  }
}

/** Whatever parsers the app has: the inspector's own forms, and nothing else. */
function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(body as string))
  )
}
