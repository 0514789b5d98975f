import { KubeError } from '../errors'
import { pathSegmentProblem } from '../meta/path-segment'

// Reads documents of a server member by member. Go writes an empty list or object as null, and what stands behind an aggregated API may write anything:
// an absent member is empty, one of another type is an error that costs only the part it is in.

/** The members of an object; none of anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/** A string; the empty one in place of anything else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The strings of a list; none of anything else. */
export const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [])

/**
 * A list, or the empty one where there is none.
 *
 * @param what Names the member in the error: `the resources of apps/v1`.
 * @throws KubeError when it is neither a list nor absent.
 */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new KubeError(`the server sent ${what} as ${typeof value} instead of a list`)
  return value
}

/**
 * Checks a name that becomes a segment of a URL's path.
 *
 * @param what Names it in the error: `a group`.
 * @throws KubeError when it is empty, or could lead to another path.
 */
export function checkSegment(value: unknown, what: string): string {
  const problem = pathSegmentProblem(value)
  if (problem) throw new KubeError(`the server has ${what} whose name ${problem}`)
  return value as string
}
