// Reads server documents member by member. Go writes an empty list or object as null, and an aggregated API may write anything: an absent
// member is empty, and one of another type is an error that affects only its own part.

import { KubeError } from '../api/errors'
import { pathSegmentProblem } from '../api/path-segment'

/** Returns a string, or the empty string for another type. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/**
 * Returns a list, or an empty one when it is absent.
 *
 * @param what names the member in the error: `the resources of apps/v1`.
 * @throws KubeError when the value is neither a list nor absent.
 */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new KubeError(`the server sent ${what} as ${typeof value} instead of a list`)
  return value
}

/**
 * Checks a name that becomes a segment of a URL's path.
 *
 * @param what names the owner of the name in the error: `a group`.
 * @throws KubeError when the name is empty, or could lead to another path.
 */
export function checkSegment(value: unknown, what: string): string {
  const problem = pathSegmentProblem(value)
  if (problem) throw new KubeError(`the server has ${what} whose name ${problem}`)
  return value as string
}
