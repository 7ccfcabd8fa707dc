import type { FastifyBaseLogger } from 'fastify'
import type { SessionsOptions } from '../../types/options.js'
import type { Registry } from '../definition/registry.js'
import type { Past } from './past.js'

/**
 * Returns the history of the app's sessions; `undefined` without the option `history`, so that such an app does not
 * load the code for it. Rejects with FST_SESSIONS_CONFIG when the option is wrong.
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
