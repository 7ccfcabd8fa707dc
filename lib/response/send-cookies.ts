import type { FastifyReply } from 'fastify'
import { type Headers, type SetCookie, setCookies } from '../cookie/cookie.js'
import type { ReplyState } from './reply-state.js'
import { keepFromSharedCaches } from './shared-cache.js'

/** Puts cookies into the response. */
export function sendCookies(state: ReplyState, cookies: readonly SetCookie[]): void {
  const { reply, stage, isHijacked } = state
  if (cookies.length === 0 || state.areHeadersSent) return
  // A hijacked reply is written by hand: its headers are those of the raw response.
  const headers = isHijacked ? rawHeaders(reply) : reply
  state.written = setCookies(headers, cookies, state.written)
  keepFromSharedCaches(state, headers)
  if (isHijacked || stage !== 'handled') return
  // The reply may be hijacked after this; if it is not, Fastify writes its own headers over these.
  for (const name of ['set-cookie', 'cache-control']) reply.raw.setHeader(name, reply.getHeader(name) as string[])
}

function rawHeaders({ raw }: FastifyReply): Headers {
  return {
    getHeader: (name) => raw.getHeader(name),
    removeHeader: (name) => raw.removeHeader(name),
    header: (name, value) => raw.appendHeader(name, value)
  }
}
