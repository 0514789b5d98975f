// Cuts lists into pages.

import type { Entry } from '../codec/entry'
import type { EntryList } from '../codec/wire'
import { encodeContinue } from './continue-token'
import type { Matcher } from './matcher'

/** The list to cut a page from, and the position. */
export interface PageOptions<T> {
  /** Sorted by key. */
  entries: readonly Entry<T>[]
  /** The version of the collection that `entries` holds. */
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
export function cutPage<T>({ entries, resourceVersion, matcher, limit, start }: PageOptions<T>): EntryList<T> {
  if (limit <= 0) return { resourceVersion, continue: '', entries: selected(entries, matcher, start) }
  const [from, end] = rangeOf(entries, matcher, start)
  const page: Entry<T>[] = []
  let at = from
  for (; at < end && page.length < limit; at++) {
    const entry = entries[at] as Entry<T>
    if (matcher.matches(entry)) page.push(entry)
  }
  const last = page.at(-1)
  if (at === end || !last) return { resourceVersion, continue: '', entries: page }
  // The smallest key after the last one.
  const token = encodeContinue({ resourceVersion, start: `${last.key}\0` }, matcher.namespace)
  return { resourceVersion, continue: token, ...(!matcher.selective && { remainingItemCount: end - at }), entries: page }
}

/** Returns the matching entries from a key on (default: the first). Returns the same array when all entries match. */
export function selected<T>(entries: readonly Entry<T>[], matcher: Matcher, start = ''): readonly Entry<T>[] {
  const [from, end] = rangeOf(entries, matcher, start)
  const range = from === 0 && end === entries.length ? entries : entries.slice(from, end)
  return matcher.selective ? range.filter(matcher.matches) : range
}

/** Returns the entries sorted by key, the order of every list. */
export function sortedByKey<T>(state: ReadonlyMap<string, Entry<T>>): Entry<T>[] {
  return [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** Returns the range of indexes within which entries can match. */
function rangeOf(entries: readonly Entry<unknown>[], { namespace, key }: Matcher, start: string): [from: number, end: number] {
  const [first, after] = key !== undefined ? [key, `${key}\0`] : namespace ? [`${namespace}/`, `${namespace}0`] : ['', undefined]
  const end = after === undefined ? entries.length : lowerBound(entries, after)
  return [Math.min(lowerBound(entries, start > first ? start : first), end), end]
}

/** Lower bound: the index of the first entry whose key is not less than `key`, or the number of entries. */
function lowerBound(entries: readonly Entry<unknown>[], key: string): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.key ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
