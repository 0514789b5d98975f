// Cuts lists into pages.

import type { Entry } from '../codec/entry'
import type { EntryList } from '../codec/wire'
import { encodeContinue } from './continue-token'
import type { Matcher } from './matcher'
import type { EntrySnapshot } from './sorted-entries'

/** The list to cut a page from, and the position. */
export interface PageOptions<T> {
  state: EntrySnapshot<T>
  /** The version of the collection that `state` holds. */
  resourceVersion: string
  matcher: Matcher
  /** The maximum number of entries; 0 for no limit. */
  limit: number
  /** The lower bound of the page's keys; the empty string on the first page. */
  start: string
}

/**
 * Cuts a page, which ends with the entry that reaches the limit. A token is returned when entries follow, whether selected or not. Their
 * number is returned only for a list without selectors.
 *
 * @see apiserver `cacher.GetList`
 */
export function cutPage<T>({ state, resourceVersion, matcher, limit, start }: PageOptions<T>): EntryList<T> {
  if (limit <= 0) return { resourceVersion, continue: '', entries: selected(state, matcher, start) }
  const [from, end] = rangeOf(state, matcher, start)
  const page: Entry<T>[] = []
  let at = from
  for (const entry of state.range(from, end)) {
    at++
    if (matcher.matches(entry)) page.push(entry)
    if (page.length >= limit) break
  }
  const last = page.at(-1)
  if (at === end || !last) return { resourceVersion, continue: '', entries: page }
  // The smallest key after the last one.
  const token = encodeContinue({ resourceVersion, start: `${last.key}\0` }, matcher.namespace)
  return { resourceVersion, continue: token, ...(!matcher.selective && { remainingItemCount: end - at }), entries: page }
}

/** Returns the matching entries from a key on (default: the first). Returns the same array when all entries match. */
export function selected<T>(state: EntrySnapshot<T>, matcher: Matcher, start = ''): readonly Entry<T>[] {
  const [from, end] = rangeOf(state, matcher, start)
  const range = from === 0 && end === state.size ? state.all() : [...state.range(from, end)]
  return matcher.selective ? range.filter(matcher.matches) : range
}

/** Returns the range of indexes within which entries can match. */
function rangeOf(state: EntrySnapshot<unknown>, { namespace, key }: Matcher, start: string): [from: number, end: number] {
  const [first, after] = key !== undefined ? [key, `${key}\0`] : namespace ? [`${namespace}/`, `${namespace}0`] : ['', undefined]
  const end = after === undefined ? state.size : state.lowerBound(after)
  return [Math.min(state.lowerBound(start > first ? start : first), end), end]
}
