import type { Entry } from '../meta/entry'
import type { EntryList } from '../meta/wire'
import { encodeContinue } from './continue-token'
import type { Matcher } from './matcher'

/** What a page is cut from, and where. */
export interface PageOptions<T> {
  /** Sorted by key. */
  entries: readonly Entry<T>[]
  /** The version of the collection at which they are all there. */
  resourceVersion: string
  matcher: Matcher
  /** 0: no limit. */
  limit: number
  /** The last key of the page before; the empty string on the first page. */
  after: string
}

/** Cuts a page. Only a list without selectors says how many entries remain, as with an API server. */
export function cutPage<T>({ entries, resourceVersion, matcher, limit, after }: PageOptions<T>): EntryList<T> {
  const start = after === '' ? 0 : firstAfter(entries, after)
  if (limit <= 0)
    return {
      resourceVersion,
      continue: '',
      entries: matcher.everything && start === 0 ? entries : entries.slice(start).filter(matcher.matches),
    }
  const page: Entry<T>[] = []
  let remaining = 0
  for (let i = start; i < entries.length; i++) {
    const entry = entries[i] as Entry<T>
    if (!matcher.matches(entry)) continue
    if (page.length < limit) page.push(entry)
    else if (++remaining && matcher.selective) break
  }
  const last = page.at(-1)
  if (remaining === 0 || !last) return { resourceVersion, continue: '', entries: page }
  const token = encodeContinue({ resourceVersion, after: last.key })
  return { resourceVersion, continue: token, ...(!matcher.selective && { remainingItemCount: remaining }), entries: page }
}

/** The entries sorted by key, the order of every list. */
export function sortedByKey<T>(state: ReadonlyMap<string, Entry<T>>): Entry<T>[] {
  return [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

function firstAfter(entries: readonly Entry<unknown>[], key: string): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.key ?? '') > key) high = middle
    else low = middle + 1
  }
  return low
}
