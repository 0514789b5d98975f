import type { Entry } from '../meta/entry'
import type { EntryList } from '../meta/wire'
import { encodeContinue } from './continue-token'
import type { Matcher } from './matcher'

/** The list that a page is cut from, and where. */
export interface PageOptions<T> {
  /** Sorted by key. */
  entries: readonly Entry<T>[]
  /** The version of the collection that `entries` is. */
  resourceVersion: string
  matcher: Matcher
  /** 0: no limit. */
  limit: number
  /** Lower bound of the page's keys; the empty string on the first page. */
  start: string
}

/**
 * Cuts a page. It ends with the entry that reaches the limit: a token says that entries follow, selected or not, and only a list without
 * selectors says how many.
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

/** The entries that match, from a key on (default: the first). They are not copied where all of them match. */
export function selected<T>(entries: readonly Entry<T>[], matcher: Matcher, start = ''): readonly Entry<T>[] {
  const [from, end] = rangeOf(entries, matcher, start)
  const range = from === 0 && end === entries.length ? entries : entries.slice(from, end)
  return matcher.selective ? range.filter(matcher.matches) : range
}

/** The entries sorted by key, the order of every list. */
export function sortedByKey<T>(state: ReadonlyMap<string, Entry<T>>): Entry<T>[] {
  return [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** The indexes between which entries can match. */
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
