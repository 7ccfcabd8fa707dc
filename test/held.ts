import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { type Client, gate, until } from './client.js'

/** Begins a request and waits until its session has been read. Resolves to a function that lets the request go on. */
export type Hold = (client: Client, url: string) => Promise<() => Promise<LightMyRequestResponse>>

/**
 * Makes the requests of an app stoppable between the reading of their session and the handler. Call it before the app
 * has routes.
 */
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
 * Returns a function that resolves when that many more requests have read their sessions and reached their handlers.
 * Call `arrivalsAt` before the app has routes, and the function right after the requests were begun.
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
