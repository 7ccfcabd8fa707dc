import type { CookieSeal } from '../../types/seal.js'

/** Whether the option says more than one of the plugin's own ways. */
export function isCookieSeal(seal: unknown): seal is CookieSeal {
  return typeof seal === 'object' && seal !== null && (seal as CookieSeal).kind === 'seal'
}
