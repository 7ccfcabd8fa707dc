/** What a schema library has to offer: Standard Schema v1 (https://standardschema.dev), which zod 4 implements. */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Why a value is refused, as errors tell it: a validator may say more, above all the value, which could be secret. */
export interface ValueIssue {
  /** From the session's key down. */
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** What a schema takes from storage. */
export type Input<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly input: infer I }
    ? I
    : unknown
  : unknown

/** What a schema gives to handlers. */
export type Output<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer O }
    ? O
    : unknown
  : unknown

/** Flash kinds, each with the schema of one message: a `z.object({…})`, or a plain object of schemas. */
export type FlashSchemas = Schema | { readonly [kind: string]: Schema }

/** The message of each flash kind. */
export type Messages<F> = F extends Schema
  ? Output<F>
  : F extends { readonly [kind: string]: Schema }
    ? { [K in keyof F]: Output<F[K]> }
    : Record<never, never>
