import type { FastifyRequest } from 'fastify'

/** What stands for a request where there is none has no id. */
export function requestIn(request: FastifyRequest): FastifyRequest | undefined {
  return request.id === undefined ? undefined : request
}

/** What an error may show of itself: an engine's own words can hold addresses, commands and keys. */
export function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown }
  if (typeof code === 'string' || typeof code === 'number') return String(code)
  return typeof name === 'string' ? name : typeof error
}

/** Of a trip to a store, the first failure, in words that may be shown; `undefined`: there is none. */
export function faultIn(store: string, results: readonly PromiseSettledResult<unknown>[]): Error | undefined {
  const failed = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
  if (failed === undefined) return undefined
  const code = codeOf(failed.reason)
  return Object.assign(new Error(`store "${store}": ${code}`), { code })
}
