import type { Headers } from '../cookie/cookie.js'
import { tellOnce } from '../util/tell-once.js'
import type { ReplyState } from './reply-state.js'
import { isResponse, withHeader } from './vary.js'

/**
 * Headers besides `Cache-Control` that let shared caches store a response and take precedence over it: the targeted
 * field of RFC 9213, and those of single networks.
 */
const TARGETED = [
  'cdn-cache-control',
  'surrogate-control',
  'cloudflare-cdn-cache-control',
  'netlify-cdn-cache-control',
  'vercel-cdn-cache-control'
]

/**
 * Keeps shared caches from serving one visitor's cookie to the next: `Set-Cookie` alone does not stop a cache from
 * storing a response (RFC 9111 §7.3).
 */
export function keepFromSharedCaches(state: ReplyState, headers: Headers): void {
  for (const name of TARGETED) takeBackFrom(headers, name, state)
  takeBackFrom(headers, 'cache-control', state)
  if (headers.getHeader('cache-control') === undefined) headers.header('cache-control', 'no-store')
}

function takeBackFrom(headers: Headers, name: string, state: ReplyState): void {
  const said = headers.getHeader(name)
  if (!isForAll(said)) return
  tellTakenBack(state, name, said)
  headers.removeHeader(name)
}

/** The same for a web `Response`, whose headers replace those of the reply. Returns the response to send. */
export function keepResponseFromSharedCaches(state: ReplyState, payload: unknown): unknown {
  if (!isResponse(payload)) return payload
  let kept = payload
  for (const name of ['cache-control', ...TARGETED]) {
    const said = payload.headers.get(name) ?? undefined
    if (!isForAll(said)) continue
    tellTakenBack(state, name, said)
    kept = withHeader(kept, name, 'no-store')
  }
  return kept
}

/**
 * Whether a header lets a cache serve the stored response to several visitors (RFC 9111 §3). `max-age` alone allows it
 * as much as `public`.
 */
function isForAll(said: number | string | string[] | undefined): boolean {
  if (said === undefined) return false
  const cacheControl = String(said)
  if (/\b(no-store|private)\b/i.test(cacheControl)) return false
  return /\b(public|s-maxage|max-age\s*=\s*"?0*[1-9])/i.test(cacheControl)
}

function tellTakenBack({ request, route }: ReplyState, name: string, said: unknown): void {
  const header = NAMES[name] ?? name
  const reason = `${route} says ${header}: ${said} and sets the cookie of a session, which a shared cache would give to the next visitor: no-store is sent instead; write private, or use no session there`
  tellOnce(request, `cache ${route} ${name}`, { route }, reason)
}

const NAMES: Readonly<Record<string, string>> = {
  'cache-control': 'Cache-Control',
  'cdn-cache-control': 'CDN-Cache-Control'
}
