import type { FastifyBaseLogger } from 'fastify'
import type { SessionsOptions } from '../../types/options.js'
import type { Registry } from '../definition/registry.js'
import type { Past } from './past.js'

/**
 * What has happened to the app's sessions; `undefined` without the option `history`, and then none of what keeps it is loaded.
 * Rejects with FST_SESSIONS_CONFIG.
 */
export async function pastOf(
  registry: Registry,
  { history, app }: SessionsOptions,
  log: FastifyBaseLogger
): Promise<Past | undefined> {
  if (history === undefined) return undefined
  const { Past } = await import('./past.js')
  return new Past(registry, history, app, log)
}
