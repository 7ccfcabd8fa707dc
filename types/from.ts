/**
 * Sessions of another plugin that go on as ones of this app: what the functions of `fastify-sessions/from/…` give, for
 * `from` of a definition.
 */
export interface From<out Data = unknown> {
  readonly kind: 'from'
  /** The package that made those sessions. */
  readonly peer: string
  /** Is never there: it tells types what those sessions become. */
  readonly data?: Data
}

// biome-ignore lint/suspicious/noExplicitAny: the other plugin does not say what it holds, and the schema checks it
export type OldData = Record<string, any>

/** What an old session becomes, as the definition's schema takes it from storage; `undefined`: it is not carried over. */
export type Mapping<Old, Data> = (old: Old) => Data | undefined

/** How sessions are carried over. */
export interface FromOptions<Old = OldData> {
  /**
   * Leaves the old cookie, and what the old store keeps, as they are, so that the old app goes on with them after a
   * roll-back. A sign-out ends them also then. Default `false`: they end when the session is carried over.
   */
  readonly keepOld?: boolean
  /** Whose session it is, as `identify()` is told; on record stores only. Default: nobody's. */
  readonly subject?: (old: Old) => string | undefined
  /** What `persist()` would be told: seconds, or `false`. Default: as the definition's cookie says. */
  readonly persist?: (old: Old) => number | false | undefined
}

/** Of the old plugin's cookie, in the names and forms that such plugins take. */
export interface OldCookieAttributes {
  readonly path?: string | undefined
  readonly domain?: string | undefined
  readonly secure?: unknown
  readonly sameSite?: unknown
  readonly partitioned?: boolean | undefined
}
