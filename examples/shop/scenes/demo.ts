import { randomBytes } from 'node:crypto'
import { memoryStore, type RecordStore } from 'fastify-sessions'
import { shopSessions } from '../sessions.js'
import type { Stage } from './stage.js'
import { ToldStore } from './told-store.js'

/** The shop's own sessions, but in a store and with a key that exist for one scene only. */
export function demoSessions(stage: Stage, store: RecordStore = memoryStore({ maxRecords: 100 }), key = newKey()) {
  return shopSessions({ directory: '', keys: [key], store: new ToldStore(store, stage) })
}

export function newKey(): string {
  return randomBytes(32).toString('base64url')
}

/** A function as it runs, to be read: what the compiler left of it, which are its types. */
export function sourceOf(handler: (...args: never[]) => unknown): string {
  return handler.toString().replaceAll('    ', '  ')
}
