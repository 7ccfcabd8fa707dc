import type { Input, Output } from './schema.js'

export type KeyOf<T> = T extends unknown ? keyof T & string : never
export type ValueOf<T, K extends string> = T extends unknown ? (K extends keyof T ? T[K] : undefined) : never

/** A key that an empty session can lack: required by the schema, and without a default. */
export type Value<S, K extends string> =
  K extends KeyOf<Output<S>>
    ? Record<never, never> extends Pick<Input<S>, K & keyof Input<S>>
      ? ValueOf<Output<S>, K>
      : ValueOf<Output<S>, K> | undefined
    : never

/** A value that is there. */
export type Present<T> = unknown extends T ? NonNullable<unknown> | null : Exclude<T, undefined>
