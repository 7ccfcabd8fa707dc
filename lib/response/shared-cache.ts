import type { Headers } from '../cookie/cookie.js'
import { tellOnce } from '../util/tell-once.js'
import type { ReplyState } from './reply-state.js'
import { isResponse, withHeader } from './vary.js'

/** Makes sure that no shared cache gives one visitor's cookie to the next: `Set-Cookie` alone hinders none (RFC 9111 §7.3). */
export function keepFromSharedCaches(state: ReplyState, headers: Headers): void {
  const present = headers.getHeader('cache-control')
  if (present !== undefined && !isForAll(String(present))) return
  if (present !== undefined) {
    tell(state, String(present))
    headers.removeHeader('cache-control')
  }
  headers.header('cache-control', 'no-store')
}

/** The same for a web `Response`, whose headers replace those of the reply. */
export function keepResponseFromSharedCaches(state: ReplyState, payload: unknown): unknown {
  const present = isResponse(payload) ? payload.headers.get('cache-control') : null
  if (present === null || !isForAll(present)) return payload
  tell(state, present)
  return withHeader(payload as Response, 'cache-control', 'no-store')
}

/** Whether many visitors may be served what is stored (RFC 9111 §3): `max-age` alone allows it as much as `public`. */
function isForAll(cacheControl: string): boolean {
  if (/\b(no-store|private)\b/i.test(cacheControl)) return false
  return /\b(public|s-maxage|max-age\s*=\s*"?0*[1-9])/i.test(cacheControl)
}

function tell({ request, route }: ReplyState, cacheControl: string): void {
  const reason = `${route} says Cache-Control: ${cacheControl} and sets the cookie of a session, which a shared cache would give to the next visitor: no-store is sent instead; write private, or use no session there`
  tellOnce(request, `cache ${route}`, { route }, reason)
}
