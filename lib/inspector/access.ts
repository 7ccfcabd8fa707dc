import { randomBytes, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Settings } from './options.js'

/*
 * Who may use the inspector, and from where. Nothing is read of a session before these have agreed.
 */

/** Why a request is refused, in a sentence for who asks. */
export type Refusal = string

export const ONLY_HERE: Refusal =
  'The inspector answers only to this machine, by the name localhost or a loopback address, and without a proxy in between. To use it from elsewhere, give it an authorize function.'
export const NOT_AUTHORIZED: Refusal = 'You may not use the inspector.'
export const OTHER_SITE: Refusal = 'The inspector answers only to its own pages: this request was sent by another site.'
export const OTHER_FORM: Refusal =
  'This form was not made by the inspector as it runs now. Open its page anew, and send it again.'

/** `undefined`: it may. */
export async function accessRefusal(request: FastifyRequest, { authorize }: Settings): Promise<Refusal | undefined> {
  if (authorize === undefined) return isOfThisMachine(request) ? undefined : ONLY_HERE
  return (await authorize(request)) === true ? undefined : NOT_AUTHORIZED
}

/**
 * Of the connection itself: `request.ip` is what a header says where Fastify trusts proxies. A proxy on this machine has a
 * loopback address too, whomever it speaks for, so that who is forwarded is refused. And the name has to be one of this
 * machine: by DNS rebinding a page of another site reaches the loopback address under its own name, as its own origin.
 */
function isOfThisMachine({ raw }: FastifyRequest): boolean {
  const peer = raw.socket.remoteAddress
  if (peer === undefined || !isLoopback(peer.replace(/^::ffff:/i, ''))) return false
  if (isForwarded(raw)) return false
  return isLocalName(raw.headers.host ?? String(raw.headers[':authority'] ?? ''))
}

/**
 * Proxies add headers, most of them. As it comes, nginx adds none and puts the app's own address into `Host`, but speaks
 * HTTP/1.0, as no browser does.
 */
function isForwarded({ httpVersion, headers }: FastifyRequest['raw']): boolean {
  return httpVersion === '1.0' || Object.keys(headers).some((name) => OF_PROXIES.test(name))
}

const OF_PROXIES =
  /forward|^via$|client-?ip$|^x-(?:real|original|remote|cluster|envoy|amzn|azure|appengine|arr|host)\b|^(?:cf|cdn|ngrok|tailscale|fly|fastly)-/

function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return isLoopback(name.replace(/^\[(.*)\]$/, '$1'))
}

/**
 * Whether another site sent it: a page of which could read the answer where the app allows so to all origins, or act in the
 * name of who has the inspector open. Browsers send `Sec-Fetch-Site` (Fetch Metadata) to hosts that they trust, and `Origin`
 * with forms and with what scripts ask for; no script can forge them. The former says what the browser itself found, and so
 * decides where it came, also behind a proxy that gives the app another `Host`. To follow a link from elsewhere is no harm.
 */
export function isFromElsewhere(request: FastifyRequest): boolean {
  const { headers, method } = request
  const site = headers['sec-fetch-site']
  if (site === undefined) return headers.origin !== undefined && !isOwnOrigin(headers.origin, request.host)
  const isLink =
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return site !== 'same-origin' && site !== 'none' && !isLink
}

/** Both without the port that their scheme implies. */
function isOwnOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: from } = new URL(origin)
  const own = `${protocol}//${host}`
  return from !== '' && URL.canParse(own) && new URL(own).host === from
}

/** Who changes something has to say where it came from: a browser that does not is too old to be told from an attacker. */
export function isOfOwnPage(request: FastifyRequest): boolean {
  const { headers } = request
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  return headers.origin !== undefined && !isFromElsewhere(request)
}

/** What forms carry, so that they were made by this process and for somebody who may read its pages. */
export class FormToken {
  readonly #bytes = randomBytes(32)
  readonly text = this.#bytes.toString('base64url')

  isIn(form: URLSearchParams): boolean {
    const given = Buffer.from(form.get('token') ?? '', 'base64url')
    return given.length === this.#bytes.length && timingSafeEqual(given, this.#bytes)
  }
}
