import { array, fallback, literal, looseObject, number, object, optional, pipe, safeParse, string, transform, union } from 'valibot'
import type { ListMeta, Status } from './object'
import { INITIAL_EVENTS_END } from './wire'

/**
 * What the library itself reads of the wire's envelopes is validated here; objects are the business of a resource's own schema.
 *
 * One odd member costs no more than itself: Go writes an absent value as null, and some aggregated APIs write a number where a string belongs, or the
 * other way round. So what cannot be understood counts as absent, and unknown members pass.
 */

const text = fallback(optional(union([string(), pipe(number(), transform(String))])), undefined)
const figure = fallback(optional(union([number(), pipe(string(), transform(Number), number())])), undefined)

const statusSchema = looseObject({
  kind: literal('Status'),
  status: text,
  message: text,
  reason: text,
  code: figure,
  details: fallback(
    optional(
      looseObject({
        retryAfterSeconds: figure,
        causes: fallback(optional(array(fallback(looseObject({ reason: text, message: text, field: text }), () => ({})))), undefined),
      }),
    ),
    undefined,
  ),
})

const listMetaSchema = fallback(looseObject({ resourceVersion: text, continue: text, remainingItemCount: figure }), () => ({}))

const bookmarkSchema = fallback(
  object({
    metadata: object({ resourceVersion: text, annotations: fallback(optional(object({ [INITIAL_EVENTS_END]: text })), undefined) }),
  }),
  () => ({ metadata: {} }),
)

/** What a bookmark says. */
export interface Bookmark {
  /** The empty string when it names none, as those of some aggregated APIs. */
  readonly resourceVersion: string
  readonly initialEventsEnd: boolean
}

/** The value as a Status; undefined when it is something else. */
export function asStatus(value: unknown): Status | undefined {
  const { success, output } = safeParse(statusSchema, value)
  return success ? (output as Status) : undefined
}

/** The metadata of a list; undefined when the value is no list. */
export function asListMeta(value: unknown): ListMeta | undefined {
  if (typeof value !== 'object' || value === null || !('items' in value)) return undefined
  // Go writes a list without items as null. What has no member `items` at all is something else, not an empty list.
  if (value.items !== null && !Array.isArray(value.items)) return undefined
  const { metadata, kind } = value as { metadata?: unknown; kind?: unknown }
  const isList = (typeof kind === 'string' && kind.endsWith('List')) || (typeof metadata === 'object' && !Array.isArray(metadata))
  return isList ? listMetaOf(metadata) : undefined
}

/** What a list says of itself by its member `metadata`, whatever that is. */
export function listMetaOf(metadata: unknown): ListMeta {
  return safeParse(listMetaSchema, metadata).output as ListMeta
}

/** What a bookmark says by its object, whatever that is. */
export function asBookmark(value: unknown): Bookmark {
  const { metadata } = safeParse(bookmarkSchema, value).output as {
    metadata: { resourceVersion?: string; annotations?: Record<string, string> }
  }
  return { resourceVersion: metadata.resourceVersion ?? '', initialEventsEnd: metadata.annotations?.[INITIAL_EVENTS_END] === 'true' }
}
