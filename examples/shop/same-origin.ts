import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Refuses forms of other sites, which must not act in the visitor's name (CSRF). SameSite=Lax keeps cookies from them
 * already. This also refuses another origin of the same site, such as http://localhost with another port, which
 * SameSite lets through.
 */
export async function refuseOtherSites(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const isSafe = request.method === 'GET' || request.method === 'HEAD'
  if (!isSafe && isFromElsewhere(request)) await reply.code(403).send('This form was sent from another site.')
}

/**
 * Whether a request comes from another origin. Browsers send one of these headers, and scripts can't forge them. A
 * client that sends neither, such as curl, is no browser.
 */
function isFromElsewhere({ headers, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin } = headers
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}
