/**
 * The Standard Schema interface (https://standardschema.dev), version 1: what valibot, zod, arktype and others have in
 * common. The specification asks libraries to copy these types rather than to depend on a package for them.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** A validation's outcome: a value, or issues. */
export type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

/** One thing that was wrong. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type a schema validates to. */
export type InferSchema<S> = S extends StandardSchemaV1<unknown, infer Output> ? Output : never
