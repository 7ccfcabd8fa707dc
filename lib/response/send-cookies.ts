import type { FastifyReply } from 'fastify'
import { type Headers, type SetCookie, setCookies } from '../cookie/cookie.js'
import type { ReplyState } from './reply-state.js'
import { keepFromSharedCaches } from './shared-cache.js'

/** Sets cookies in the response, unless its headers are sent. */
export function sendCookies(state: ReplyState, cookies: readonly SetCookie[]): void {
  const { reply, stage, isHijacked } = state
  if (cookies.length === 0 || state.areHeadersSent) return
  // A hijacked reply is written by hand, so its headers are those of the raw response.
  const headers = isHijacked ? rawHeaders(reply) : reply
  state.written = setCookies(headers, cookies, state.written)
  keepFromSharedCaches(state, headers)
  if (isHijacked || stage !== 'handled') return
  // The handler may still hijack the reply. If it does not, Fastify overwrites these headers with the reply's own.
  for (const name of ['set-cookie', 'cache-control']) reply.raw.setHeader(name, reply.getHeader(name) as string[])
}

function rawHeaders({ raw }: FastifyReply): Headers {
  return {
    getHeader: (name) => raw.getHeader(name),
    removeHeader: (name) => raw.removeHeader(name),
    header: (name, value) => raw.appendHeader(name, value)
  }
}
