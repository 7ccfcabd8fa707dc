import type { FastifyRequest } from 'fastify'
import type { CookieOptions } from '../../types/session.js'
import { tellOnce } from '../util/tell-once.js'

/**
 * Whether the request came over HTTPS, as far as Fastify trusts the headers that say so. Schemes are case-insensitive
 * (RFC 3986 §3.1).
 */
export function isHttps({ protocol }: FastifyRequest): boolean {
  return protocol === 'https' || protocol?.toLowerCase() === 'https'
}

/**
 * Warns, once for each reason, that browsers drop a cookie that is being set, or that it is less safe than intended.
 */
export function tellDropped(request: FastifyRequest, session: string, options: CookieOptions): void {
  const { secure = true } = options
  if (secure === false || isHttps(request)) return
  const reason = secure === 'auto' ? reasonOfAuto(request, options) : reasonOfSecure(request)
  if (reason !== undefined) tellOnce(request, reason, { session }, `session "${session}": ${reason}`)
}

function reasonOfAuto({ headers }: FastifyRequest, { sameSite, partitioned }: CookieOptions): string | undefined {
  if (saysHttps(headers['x-forwarded-proto'])) return UNTRUSTED
  if (sameSite === 'none') return `sameSite: "none" ${NEEDS_SECURE}`
  return partitioned ? `partitioned ${NEEDS_SECURE}` : undefined
}

function reasonOfSecure(request: FastifyRequest): string | undefined {
  const { headers, hostname } = request
  const isBehindProxy = PROXIES.some((header) => headers[header] !== undefined)
  const scheme = headers['x-forwarded-proto']
  const isPlain = scheme === undefined ? !isBehindProxy : !saysHttps(scheme)
  // Browsers send this header only to hosts that they consider trustworthy (Fetch Metadata, section 2), so it outweighs
  // a proxy that sends no scheme. Clients that are not browsers need no warning.
  return isPlain && headers['sec-fetch-site'] === undefined && hostname && !isLocal(hostname) ? PLAIN_HTTP : undefined
}

/** Headers of proxies. A proxy that sends one of them but no scheme may or may not have got the request over HTTPS. */
const PROXIES = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const

const PLAIN_HTTP =
  'its cookie is Secure and was asked for by plain HTTP: browsers drop it without a word. Serve HTTPS, or write ' +
  'cookie: { secure: "auto" } for development; a proxy that speaks HTTPS should send X-Forwarded-Proto'
const UNTRUSTED =
  'its cookie goes out without Secure, although X-Forwarded-Proto says https: secure: "auto" heeds that header only from ' +
  'a proxy that Fastify trusts: Fastify({ trustProxy: "address of the proxy" }), or true; a number of hops is not enough'
const NEEDS_SECURE =
  'needs Secure, which secure: "auto" leaves out on plain HTTP: browsers drop the cookie without a word. Serve HTTPS'

/** Whether a header of proxies says https. The last entry is that of the nearest proxy. */
function saysHttps(header: string | string[] | undefined): boolean {
  return /(^|,)\s*https\s*$/i.test(String(header ?? ''))
}

/** Whether browsers consider plain HTTP to this host secure (Secure Contexts, section 3.1). */
function isLocal(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/i.test(hostname)
}
