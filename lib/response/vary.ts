import type { FastifyReply } from 'fastify'

/**
 * What was shown depends on the cookie, so a cache must not show it to others (RFC 9110 §12.5.5). Gives the payload to
 * be sent: the headers of a web `Response` replace those of the reply, after all hooks, and may not be changeable.
 */
export function varyByCookie(reply: FastifyReply, payload: unknown): unknown {
  const present = reply.getHeader('vary')
  if (present === undefined) reply.header('vary', 'Cookie')
  else if (!variesByCookie(String(present))) reply.header('vary', `${present}, Cookie`)
  return isResponse(payload) ? varyResponse(payload) : payload
}

/** That of a web `Response` counts, which Fastify takes over after all hooks. */
export function statusOf(reply: FastifyReply, payload: unknown): number {
  return isResponse(payload) ? payload.status : reply.statusCode
}

function varyResponse(response: Response): Response {
  const own = response.headers.get('vary')
  if (own === null || variesByCookie(own)) return response
  return withHeader(response, 'vary', `${own}, Cookie`)
}

/** A copy with one header more, or another: those of what was fetched can't be changed. */
export function withHeader(response: Response, name: string, value: string): Response {
  // One that can't be sent is left to Fastify, which says why.
  if (response.bodyUsed || response.body?.locked) return response
  const headers = new Headers(response.headers)
  headers.set(name, value)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

function variesByCookie(vary: string): boolean {
  return /(^|,)\s*(\*|cookie)\s*(,|$)/i.test(vary)
}

/** Whatever made it: that is how Fastify knows one. */
export function isResponse(payload: unknown): payload is Response {
  return (
    typeof payload === 'object' && payload !== null && Object.prototype.toString.call(payload) === '[object Response]'
  )
}
