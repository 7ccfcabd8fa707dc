import { ConfigError } from '../../lib/errors.js'

/** What a check of options says; `undefined` if it lets them pass. */
export function refusal(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}
