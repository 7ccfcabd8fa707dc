import type { CookieSeal } from '../../types/seal.js'

/** Whether the option `seal` is a seal from `fastify-sessions/seals/…` instead of a mode's name. */
export function isCookieSeal(seal: unknown): seal is CookieSeal {
  return typeof seal === 'object' && seal !== null && (seal as CookieSeal).kind === 'seal'
}
