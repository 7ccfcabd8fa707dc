import type { FastifyReply } from 'fastify'

/**
 * Adds `Cookie` to `Vary`: the response depends on the cookie, so a cache must not serve it to others (RFC 9110
 * §12.5.5). Returns the payload to send, which is a copy for a web `Response`: its headers replace those of the reply,
 * after all hooks, and may be immutable.
 */
export function varyByCookie(reply: FastifyReply, payload: unknown): unknown {
  const present = reply.getHeader('vary')
  if (present === undefined) reply.header('vary', 'Cookie')
  else if (!variesByCookie(String(present))) reply.header('vary', `${present}, Cookie`)
  return isResponse(payload) ? varyResponse(payload) : payload
}

/** Returns the response's status. For a web `Response` that is its own status, which Fastify adopts after all hooks. */
export function statusOf(reply: FastifyReply, payload: unknown): number {
  return isResponse(payload) ? payload.status : reply.statusCode
}

function varyResponse(response: Response): Response {
  const own = response.headers.get('vary')
  if (own === null || variesByCookie(own)) return response
  return withHeader(response, 'vary', `${own}, Cookie`)
}

/** Returns a copy with one header set, because headers of a fetched response are immutable. */
export function withHeader(response: Response, name: string, value: string): Response {
  // A response that can't be sent is left to Fastify, which reports why.
  if (response.bodyUsed || response.body?.locked) return response
  const headers = new Headers(response.headers)
  headers.set(name, value)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

function variesByCookie(vary: string): boolean {
  return /(^|,)\s*(\*|cookie)\s*(,|$)/i.test(vary)
}

/** Whether the payload is a web `Response` of any implementation. Fastify recognises one in the same way. */
export function isResponse(payload: unknown): payload is Response {
  return typeof payload === 'object' && Object.prototype.toString.call(payload) === '[object Response]'
}
