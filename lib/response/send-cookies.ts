import type { FastifyReply } from 'fastify'
import { type Headers, type SetCookie, setCookies } from '../cookie/cookie.js'
import type { RequestSessions } from '../request/request-sessions.js'
import { keepFromSharedCaches } from './shared-cache.js'

/** Puts cookies into the response. */
export function sendCookies(sessions: RequestSessions, cookies: readonly SetCookie[]): void {
  const { reply, stage, isHijacked } = sessions
  if (cookies.length === 0 || areHeadersSent(sessions)) return
  // A hijacked reply is written by hand: its headers are those of the raw response.
  const headers = isHijacked ? rawHeaders(reply) : reply
  setCookies(headers, cookies, sessions.written)
  keepFromSharedCaches(sessions, headers)
  if (isHijacked || stage !== 'handled') return
  // The reply may be hijacked after this; if it is not, Fastify writes its own headers over these.
  for (const name of ['set-cookie', 'cache-control']) reply.raw.setHeader(name, reply.getHeader(name) as string[])
}

/** A WebSocket's handshake is answered past Fastify, so its headers are as good as sent. */
export function areHeadersSent({ reply, isHijacked }: RequestSessions): boolean {
  return reply.raw.headersSent || (isHijacked && reply.request.raw.headers.upgrade !== undefined)
}

function rawHeaders({ raw }: FastifyReply): Headers {
  return {
    getHeader: (name) => raw.getHeader(name),
    removeHeader: (name) => raw.removeHeader(name),
    header: (name, value) => raw.appendHeader(name, value)
  }
}
