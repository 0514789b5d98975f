import { isExpiredError } from '../errors'
import type { Entry } from '../meta/entry'
import type { ArrivalOptions, ListOptions, RequestOptions } from '../meta/wire'
import type { ListerWatcher } from './lister-watcher'

/** What {@link listAll} reads. */
export interface ListAllOptions<T> extends RequestOptions, ArrivalOptions<T> {
  /** At least this version; the empty string is the newest. */
  resourceVersion: string
  /** Objects per page; everything in one answer when left out. */
  pageSize?: number | undefined
}

/** A complete list. */
export interface CompleteList<T> {
  /** The first page's: everything that happened after it will come by the watch. */
  readonly resourceVersion: string
  readonly entries: readonly Entry<T>[]
}

/**
 * Lists everything, page by page if asked to. When the pages expire half way, everything is read again in one answer, not older than
 * the first page: the token that the server offers instead would mix versions, and is never used.
 *
 * @throws as `ListerWatcher.list`.
 * @see client-go `pager.ListPager`, `Reflector.list`
 */
export async function listAll<T>(
  source: ListerWatcher<T>,
  { resourceVersion, pageSize, ...request }: ListAllOptions<T>,
): Promise<CompleteList<T>> {
  // A limit beside a version without `NotOlderThan` would be read as exactly that version.
  const from = (version: string): ListOptions => (version ? { resourceVersion: version, resourceVersionMatch: 'NotOlderThan' } : {})
  const first = await source.list({ ...from(resourceVersion), ...(pageSize && { limit: pageSize }), ...request })
  const pages = [first.entries]
  for (let token = first.continue; token; ) {
    try {
      const page = await source.list({ limit: pageSize, continue: token, ...request })
      pages.push(page.entries)
      token = page.continue
    } catch (error) {
      if (!isExpiredError(error)) throw error
      const { resourceVersion: version, entries } = await source.list({ ...from(first.resourceVersion), ...request })
      return { resourceVersion: version, entries }
    }
  }
  return { resourceVersion: first.resourceVersion, entries: pages.length === 1 ? first.entries : pages.flat() }
}
