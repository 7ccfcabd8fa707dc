/**
 * Sessions of another plugin that this app takes over. The functions of `fastify-sessions/from/…` return it, for the
 * option `from` of a definition.
 */
export interface From<out Data = unknown> {
  readonly kind: 'from'
  /** The package that created those sessions. */
  readonly peer: string
  /** Never set. It carries the type that those sessions are converted to. */
  readonly data?: Data
}

// biome-ignore lint/suspicious/noExplicitAny: the other plugin does not say what it holds, and the schema checks it
export type OldData = Record<string, any>

/**
 * Converts the data of an old session to what the definition's schema takes from storage. Returning `undefined` ignores
 * the old session.
 */
export type Mapping<Old, Data> = (old: Old) => Data | undefined

/** Options of the functions of `fastify-sessions/from/…`. */
export interface FromOptions<Old = OldData> {
  /**
   * Whether the old cookie and the old store's session stay, so that the old app can go on with them after a roll-back.
   * A sign-out ends them in any case. Default `false`: they end when the session is taken over.
   */
  readonly keepOld?: boolean
  /** Returns the user to whom the session belongs, as for `identify()`. On record stores only. Default: nobody. */
  readonly subject?: (old: Old) => string | undefined
  /**
   * Returns the argument for `persist()`: a number of seconds, or `false`. Default: as the definition's cookie says.
   */
  readonly persist?: (old: Old) => number | false | undefined
}

/** Attributes of the old plugin's cookie, by the names and in the forms that such plugins accept. */
export interface OldCookieAttributes {
  readonly path?: string | undefined
  readonly domain?: string | undefined
  readonly secure?: unknown
  readonly sameSite?: unknown
  readonly partitioned?: boolean | undefined
}
