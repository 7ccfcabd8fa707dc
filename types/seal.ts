/** Another way to seal a session's cookie than with the app's keys: what the functions of `fastify-sessions/seals/…` give. */
export interface CookieSeal {
  readonly kind: 'seal'
}
