import type { FastifyRequest } from 'fastify'

/** The warnings that were given, by the server of the app, which all its scopes share. */
const told = new WeakMap<object, Set<string>>()

/** Logs a warning at the first request only, if it would be the same for each. */
export function tellOnce(request: FastifyRequest, about: string, details: object, message: string): void {
  const { server } = request.server
  const known = told.get(server) ?? new Set()
  if (known.has(about)) return
  told.set(server, known.add(about))
  request.log.warn(details, message)
}
