import type { FastifyRequest } from 'fastify'

/** By the server of the app, which all its scopes share. */
const told = new WeakMap<object, Set<string>>()

/** A warning that would be the same at every request is given at the first. */
export function tellOnce(request: FastifyRequest, about: string, details: object, message: string): void {
  const { server } = request.server
  const known = told.get(server) ?? new Set()
  if (known.has(about)) return
  told.set(server, known.add(about))
  request.log.warn(details, message)
}
