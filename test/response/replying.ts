import type { FastifyReply, FastifyRequest } from 'fastify'
import { ReplyState } from '../../lib/response/reply-state.js'

/** The headers of a reply, by name. As in Fastify, `Set-Cookie` values are added. */
export function headersOf(given: Readonly<Record<string, string | string[]>> = {}) {
  const set = new Map<string, string | string[]>(Object.entries(given))
  return {
    set,
    getHeader: (name: string) => set.get(name),
    removeHeader: (name: string) => void set.delete(name),
    header: (name: string, value: string | string[]) => {
      const present = name === 'set-cookie' ? [set.get(name) ?? []].flat() : []
      set.set(name, present.length === 0 ? value : [...present, value].flat())
    }
  }
}

/** A reply and its request, without a server; `lines` is what the log gets, `raw` the headers that are written by hand. */
export function replying(given: Readonly<Record<string, string | string[]>> = {}) {
  const lines: unknown[][] = []
  const log = {
    warn: (...line: unknown[]) => void lines.push(line),
    error: (...line: unknown[]) => void lines.push(line)
  }
  const { set, ...headers } = headersOf(given)
  const byHand = headersOf()
  const raw = {
    headersSent: false,
    getHeader: byHand.getHeader,
    removeHeader: byHand.removeHeader,
    appendHeader: byHand.header,
    setHeader: (name: string, value: string | string[]) => void byHand.set.set(name, value)
  }
  const reply = {
    ...headers,
    getHeaders: () => Object.fromEntries(set),
    raw,
    log,
    sent: false,
    statusCode: 200,
    code: (status: number) => {
      reply.statusCode = status
    }
  }
  const request = {
    method: 'GET',
    routeOptions: { url: '/cart/:id' as string | undefined },
    raw: { headers: {} as Record<string, string> },
    server: { server: {} },
    log
  }
  const state = new ReplyState(request as unknown as FastifyRequest, reply as unknown as FastifyReply)
  return { state, reply, request, lines, headers: set, raw: byHand.set }
}
