import type { FastifyRequest } from 'fastify'
import type { CookieOptions } from '../../types/session.js'
import { tellOnce } from '../util/tell-once.js'

/** Whether the request came by HTTPS, as far as Fastify trusts what says so. Schemes are in either case (RFC 3986 §3.1). */
export function isHttps({ protocol }: FastifyRequest): boolean {
  return protocol === 'https' || protocol?.toLowerCase() === 'https'
}

/** Says, once for each reason, that browsers drop a cookie which is being set, or that it is less safe than it is meant. */
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
  // Browsers send this only where they take a page for secure (Fetch Metadata, section 2), so that a proxy's silence counts
  // for nothing; and programs need no warning.
  return isPlain && headers['sec-fetch-site'] === undefined && hostname && !isLocal(hostname) ? PLAIN_HTTP : undefined
}

/** Who sends one of these and no scheme may or may not have had the request by HTTPS. */
const PROXIES = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const

const PLAIN_HTTP =
  'its cookie is Secure and was asked for by plain HTTP: browsers drop it without a word. Serve HTTPS, or write ' +
  'cookie: { secure: "auto" } for development; a proxy that speaks HTTPS should send X-Forwarded-Proto'
const UNTRUSTED =
  'its cookie goes out without Secure, although X-Forwarded-Proto says https: secure: "auto" heeds that header only from ' +
  'a proxy that Fastify trusts: Fastify({ trustProxy: "address of the proxy" }), or true; a number of hops is not enough'
const NEEDS_SECURE =
  'needs Secure, which secure: "auto" leaves out on plain HTTP: browsers drop the cookie without a word. Serve HTTPS'

/** The nearest proxy's word is the last. */
function saysHttps(header: string | string[] | undefined): boolean {
  return /(^|,)\s*https\s*$/i.test(String(header ?? ''))
}

/** Where browsers take plain HTTP for secure (Secure Contexts, section 3.1). */
function isLocal(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/i.test(hostname)
}
