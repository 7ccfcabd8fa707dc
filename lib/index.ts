import type { Definition, SessionsOptions, StoreFromApp } from '../types/options.js'
import type { FlashSchemas, Schema } from '../types/schema.js'
import type { Store } from '../types/store.js'

export type { DefaultSession, DefaultSessionMembers, PluginValues } from '../types/default.js'
export type * from '../types/events.js'
export type * from '../types/from.js'
export type * from '../types/history.js'
export type * from '../types/options.js'
export type * from '../types/register.js'
export type * from '../types/schema.js'
export type * from '../types/session.js'
export type * from '../types/store.js'
export * from './errors.js'
export { fastifySessions as default, fastifySessions } from './plugin.js'
export { cookieStore } from './stores/cookie.js'
export { type FileStoreOptions, fileStore } from './stores/file.js'
export { type MemoryStoreOptions, memoryStore } from './stores/memory.js'

/**
 * Returns the options unchanged, with their types: `typeof options` then tells `request.session` the app's names, keys
 * and stores. It checks nothing; the plugin does that when it is registered.
 *
 * @example
 * const options = defineSessions({
 *   keys: [process.env.SESSION_KEY],
 *   sessions: { prefs: { schema: z.object({ theme: z.enum(['light', 'dark']).default('light') }) } }
 * })
 * declare module 'fastify-sessions' { interface Register { options: typeof options } }
 */
export function defineSessions<
  const Stores extends Record<string, Store | StoreFromApp> = Record<never, never>,
  S extends Record<string, Schema> = Record<string, Schema>,
  F extends Record<string, unknown> = Record<string, unknown>,
  const Default extends string = never
>(options: SessionsOptions<Stores, S, F, Default>): SessionsOptions<Stores, S, F, Default> {
  return options
}

/**
 * Returns one definition unchanged, with its types. For a session that a plugin brings along:
 * `app.sessions.define('wizard', wizard)`, then `request.session(wizard)`. It checks nothing; `define` does.
 */
export function defineSession<
  S extends Schema,
  F extends FlashSchemas = Record<never, never>,
  const StoreName extends string = 'cookie'
>(definition: Definition<S, F, StoreName>): NoInfer<Definition<S, F, StoreName>> {
  return definition
}
