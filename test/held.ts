import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { type Client, gate, until } from './client.js'

/** Begins a request and waits until its session is read; what it gives lets the request go on. */
export type Hold = (client: Client, url: string) => Promise<() => Promise<LightMyRequestResponse>>

/** For an app without routes yet: its requests can be held between the reading of their session and what they do with it. */
export function holderOf(app: FastifyInstance, session: string): Hold {
  const held = new Map<string, { arrive(): void; readonly going: Promise<void> }>()
  app.addHook('preHandler', async (request) => {
    request.session(session)
    const waiting = held.get(String(request.headers['x-held']))
    waiting?.arrive()
    await waiting?.going
  })
  return async (client, url) => {
    const arrived = gate()
    const going = gate()
    const name = `${held.size}`
    held.set(name, { arrive: arrived.open, going: going.opened })
    const answer = client.get(url, { headers: { 'x-held': name } })
    await arrived.opened
    return () => {
      going.open()
      return answer
    }
  }
}

/**
 * For an app without routes yet: resolves when so many more requests have read their sessions and come to their handlers.
 * To be asked right after these requests were begun.
 */
export function arrivalsAt(app: FastifyInstance): (more: number) => Promise<void> {
  let count = 0
  app.addHook('preHandler', async () => {
    count++
  })
  return (more) => {
    const wanted = count + more
    return until(() => count >= wanted)
  }
}
