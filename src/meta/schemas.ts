import { array, is, number, object, optional, string } from 'valibot'
import type { ListMeta, Status } from './object'
import { INITIAL_EVENTS_END } from './wire'

/**
 * What the library itself reads of the wire's envelopes is validated here; objects are the business of a resource's own schema.
 * Unknown fields pass.
 */

const text = optional(string())

const statusSchema = object({
  kind: string(),
  message: text,
  reason: text,
  code: optional(number()),
  details: optional(
    object({
      retryAfterSeconds: optional(number()),
      causes: optional(array(object({ reason: text, message: text }))),
    }),
  ),
})

const listSchema = object({
  metadata: object({ resourceVersion: text, continue: text, remainingItemCount: optional(number()) }),
})

const bookmarkSchema = object({
  metadata: object({ resourceVersion: string(), annotations: optional(object({ [INITIAL_EVENTS_END]: text })) }),
})

/** A bookmark's object, as far as it matters. */
export interface Bookmark {
  readonly metadata: {
    readonly resourceVersion: string
    readonly annotations?: { readonly [INITIAL_EVENTS_END]?: string | undefined } | undefined
  }
}

/** A list without its items. */
export interface ListEnvelope {
  readonly metadata: ListMeta
  readonly items?: unknown
}

/** The value as a Status; undefined when it is none. */
export function asStatus(value: unknown): Status | undefined {
  return is(statusSchema, value) && value.kind === 'Status' ? (value as Status) : undefined
}

/** The value as a list's envelope; undefined when it is none. */
export function asList(value: unknown): ListEnvelope | undefined {
  if (!is(listSchema, value)) return undefined
  const list = value as ListEnvelope
  // Go writes a list without items as null. What has no member `items` at all is something else, not an empty list.
  return list.items === null || Array.isArray(list.items) ? list : undefined
}

/** The value as a bookmark's object; undefined when it is none. */
export function asBookmark(value: unknown): Bookmark | undefined {
  return is(bookmarkSchema, value) ? (value as Bookmark) : undefined
}
