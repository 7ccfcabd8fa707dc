import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Forms of other sites must not act in the visitor's name. SameSite=Lax keeps cookies from them already; this says no
 * as well to a neighbour on the same site, say http://localhost with another port, whom SameSite lets through.
 */
export async function refuseOtherSites(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const isSafe = request.method === 'GET' || request.method === 'HEAD'
  if (!isSafe && isFromElsewhere(request)) await reply.code(403).send('This form was sent from another site.')
}

/** Browsers send one of these headers, and no script can forge them; who sends neither is no browser, but curl, say. */
function isFromElsewhere({ headers, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin } = headers
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}
