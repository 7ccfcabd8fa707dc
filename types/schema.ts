/** A schema: Standard Schema v1 (https://standardschema.dev), which zod 4 implements. */
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

/**
 * Why a value is refused, as errors report it. It leaves out what else a validator may report, above all the value,
 * which may be secret.
 */
export interface ValueIssue {
  /** The path to the refused value, starting with the session's key. */
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** The type that a schema reads from storage. */
export type Input<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly input: infer I }
    ? I
    : unknown
  : unknown

/** The type that a schema returns to handlers. */
export type Output<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer O }
    ? O
    : unknown
  : unknown

/** Flash kinds with the schema of one message each: a `z.object({…})`, or a plain object of schemas. */
export type FlashSchemas = Schema | { readonly [kind: string]: Schema }

/** The types of messages by flash kind. */
export type Messages<F> = F extends Schema
  ? Output<F>
  : F extends { readonly [kind: string]: Schema }
    ? { [K in keyof F]: Output<F[K]> }
    : Record<never, never>
