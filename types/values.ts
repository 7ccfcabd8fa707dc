import type { Input, Output } from './schema.js'

export type KeyOf<T> = T extends unknown ? keyof T & string : never
export type ValueOf<T, K extends string> = T extends unknown ? (K extends keyof T ? T[K] : undefined) : never

/**
 * The type of a key's value. It includes `undefined` if an empty session can lack the key: if the schema requires the
 * key and has no default for it.
 */
export type Value<S, K extends string> =
  K extends KeyOf<Output<S>>
    ? Record<never, never> extends Pick<Input<S>, K & keyof Input<S>>
      ? ValueOf<Output<S>, K>
      : ValueOf<Output<S>, K> | undefined
    : never

/** The type of a value that is present. */
export type Present<T> = unknown extends T ? NonNullable<unknown> | null : Exclude<T, undefined>
