import type { ListMeta, Status, StatusCause } from './object'
import { INITIAL_EVENTS_END } from './wire'

/**
 * What the library itself reads of the wire's envelopes is checked here; objects are the business of a resource's own schema.
 *
 * One odd member costs no more than itself: Go writes an absent value as null, and some aggregated APIs write a number where a string belongs, or the
 * other way round. So what cannot be understood counts as absent, and unknown members pass.
 */

type Members = Readonly<Record<string, unknown>>

/** The members of an object; none of anything else. */
function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

function figureOf(value: unknown): number | undefined {
  const figure = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof figure === 'number' && Number.isFinite(figure) ? figure : undefined
}

/** The members with some of them made what they should be; those that cannot be are left out. */
function reading<R>(members: Members, readers: Readonly<Record<string, (value: unknown) => unknown>>): R {
  const result: Record<string, unknown> = { ...members }
  for (const [key, read] of Object.entries(readers)) {
    const value = read(members[key])
    if (value === undefined) delete result[key]
    else result[key] = value
  }
  return result as R
}

/** What a bookmark says. */
export interface Bookmark {
  /** The empty string when it names none, as those of some aggregated APIs. */
  readonly resourceVersion: string
  readonly initialEventsEnd: boolean
}

/** The value as a Status; undefined when it is something else. */
export function asStatus(value: unknown): Status | undefined {
  const status = membersOf(value)
  if (status.kind !== 'Status') return undefined
  return reading<Status>(status, { status: textOf, message: textOf, reason: textOf, code: figureOf, details: detailsOf })
}

function detailsOf(value: unknown): Status['details'] {
  if (typeof value !== 'object' || value === null) return undefined
  return reading(membersOf(value), { retryAfterSeconds: figureOf, causes: causesOf })
}

function causesOf(value: unknown): StatusCause[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.map((cause) => reading<StatusCause>(membersOf(cause), { reason: textOf, message: textOf, field: textOf }))
}

/** The metadata of a list; undefined when the value is no list. */
export function asListMeta(value: unknown): ListMeta | undefined {
  const { items, metadata, kind } = membersOf(value)
  // Go writes a list without items as null. What has no member `items` at all is something else, not an empty list.
  if (items !== null && !Array.isArray(items)) return undefined
  const isList = (typeof kind === 'string' && kind.endsWith('List')) || (typeof metadata === 'object' && !Array.isArray(metadata))
  return isList ? listMetaOf(metadata) : undefined
}

/** What a list says of itself by its member `metadata`, whatever that is. */
export function listMetaOf(metadata: unknown): ListMeta {
  return reading(membersOf(metadata), { resourceVersion: textOf, continue: textOf, remainingItemCount: figureOf })
}

/** What a bookmark says by its object, whatever that is. */
export function asBookmark(value: unknown): Bookmark {
  const { resourceVersion, annotations } = membersOf(membersOf(value).metadata)
  return { resourceVersion: textOf(resourceVersion) ?? '', initialEventsEnd: membersOf(annotations)[INITIAL_EVENTS_END] === 'true' }
}
