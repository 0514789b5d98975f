import * as v from 'valibot'
import type { ListMeta, Status } from './object'

/**
 * What the library itself reads of the wire's envelopes is validated here; objects are the business of a resource's own schema.
 * Unknown fields pass.
 */

const text = v.optional(v.string())

const statusSchema = v.looseObject({
  kind: v.literal('Status'),
  status: text,
  message: text,
  reason: text,
  code: v.optional(v.number()),
  details: v.optional(
    v.looseObject({
      retryAfterSeconds: v.optional(v.number()),
      causes: v.optional(v.array(v.looseObject({ reason: text, message: text, field: text }))),
    }),
  ),
})

const listSchema = v.looseObject({
  metadata: v.looseObject({ resourceVersion: text, continue: text, remainingItemCount: v.optional(v.number()) }),
  items: v.nullish(v.array(v.unknown())),
})

const bookmarkSchema = v.looseObject({
  metadata: v.looseObject({ resourceVersion: v.string(), annotations: v.nullish(v.record(v.string(), v.string())) }),
})

/** A bookmark's object, as far as it matters. */
export interface Bookmark {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Record<string, string> | null | undefined }
}

/** The value as a Status; undefined when it is none. */
export const asStatus = (value: unknown): Status | undefined => parse(statusSchema, value) as Status | undefined
/** The value as a list's envelope; undefined when it is none. */
export const asList = (value: unknown): { metadata: ListMeta } | undefined => parse(listSchema, value) as { metadata: ListMeta } | undefined
/** The value as a bookmark's object; undefined when it is none. */
export const asBookmark = (value: unknown): Bookmark | undefined => parse(bookmarkSchema, value)

function parse<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> | undefined {
  const result = v.safeParse(schema, value)
  return result.success ? result.output : undefined
}
