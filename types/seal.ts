/**
 * Another way to seal a session's cookie than with the app's key ring. The functions of `fastify-sessions/seals/…`
 * return it, for the option `seal` of a definition.
 */
export interface CookieSeal {
  readonly kind: 'seal'
}
