import type { FastifyRequest } from 'fastify'

/** Options of the inspector, the plugin of `fastify-sessions/inspector`. */
export interface InspectorOptions {
  /** Where its pages are. Default `/_sessions`. */
  readonly path?: string
  /**
   * Who may use it: asked for each request, before anything is shown; only `true` lets in. Needed where `NODE_ENV` is
   * `production`. Default: requests of this machine that name it by `localhost` or a loopback address, and no others.
   *
   * @example authorize: (request) => request.session('login').get('role') === 'admin'
   */
  readonly authorize?: (request: FastifyRequest) => boolean | Promise<boolean>
  /**
   * Keys of values that are hidden before they leave the process, at any depth, and kinds of messages: text that a key is
   * equal to, or what it matches. Default: keys with `password`, `passphrase`, `secret`, `token`, `credential` or `apikey`
   * in them. `[]` hides nothing.
   */
  readonly redact?: readonly (string | RegExp)[]
}
