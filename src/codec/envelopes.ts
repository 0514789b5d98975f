// Reads the envelopes of the wire format: Status, list metadata and bookmarks. Objects are checked by the schema of their resource.
//
// Tolerates wrong members: Go writes an absent value as null, and some aggregated APIs write a number where a string belongs, or vice versa.
// A member of the wrong type counts as absent, and unknown members are kept.

import type { ListMeta, Status, StatusCause } from '../api/object'
import { INITIAL_EVENTS_END } from './wire'

type Members = Readonly<Record<string, unknown>>

/** Returns the members of an object; an empty record for any other value. */
export function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

/** Returns the strings of a list; an empty list for any other value. */
export const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [])

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

function figureOf(value: unknown): number | undefined {
  const figure = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof figure === 'number' && Number.isFinite(figure) ? figure : undefined
}

/** Converts the members that have a reader. Omits those that cannot be converted. */
function reading<R>(members: Members, readers: Readonly<Record<string, (value: unknown) => unknown>>): R {
  const result: Record<string, unknown> = { ...members }
  for (const [key, read] of Object.entries(readers)) {
    const value = read(members[key])
    if (value === undefined) delete result[key]
    else result[key] = value
  }
  return result as R
}

/** The content of a bookmark. */
export interface Bookmark {
  /** The empty string when the bookmark has none, as with some aggregated APIs. */
  readonly resourceVersion: string
  readonly initialEventsEnd: boolean
}

/** Returns the value as a Status; undefined when it is not one. */
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

/** Returns the metadata of a list; undefined when the value is not a list. */
export function asListMeta(value: unknown): ListMeta | undefined {
  const { items, metadata, kind } = membersOf(value)
  // Go writes a list without items as null. A value without a member `items` is not a list.
  if (items !== null && !Array.isArray(items)) return undefined
  const isList = (typeof kind === 'string' && kind.endsWith('List')) || (typeof metadata === 'object' && !Array.isArray(metadata))
  return isList ? listMetaOf(metadata) : undefined
}

/** Reads the `metadata` of a list; accepts any value. */
export function listMetaOf(metadata: unknown): ListMeta {
  return reading(membersOf(metadata), { resourceVersion: textOf, continue: textOf, remainingItemCount: figureOf })
}

/** Reads the object of a bookmark; accepts any value. */
export function asBookmark(value: unknown): Bookmark {
  const { resourceVersion, annotations } = membersOf(membersOf(value).metadata)
  return { resourceVersion: textOf(resourceVersion) ?? '', initialEventsEnd: membersOf(annotations)[INITIAL_EVENTS_END] === 'true' }
}
