import type { FastifyRequest } from 'fastify'

/** Options of the inspector, the plugin of `fastify-sessions/inspector`. */
export interface InspectorOptions {
  /** The path of the inspector's pages. Default `/_sessions`. */
  readonly path?: string
  /**
   * Decides who may use the inspector. It is called for each request before anything is shown; only `true` grants
   * access. Required when `NODE_ENV` is `production`. Default: only requests from this machine that address it as
   * `localhost` or by a loopback address.
   *
   * @example authorize: (request) => request.session('login').get('role') === 'admin'
   */
  readonly authorize?: (request: FastifyRequest) => boolean | Promise<boolean>
  /**
   * Which values are replaced before they leave the process: those whose key, at any depth, or whose kind of message
   * equals one of the texts or matches one of the patterns. Default: keys that contain `password`, `passphrase`,
   * `secret`, `token`, `credential` or `apikey`. `[]` hides nothing.
   */
  readonly redact?: readonly (string | RegExp)[]
}
