import { isExpiredError, KubeError } from '../errors'
import type { Entry } from '../meta/entry'
import {
  type ArrivalOptions,
  addSkipped,
  type EntryList,
  type ListOptions,
  type MAX_SKIPPED_ERRORS,
  type RequestOptions,
} from '../meta/wire'
import { PageTokens } from '../transport/pages'
import { lastOfEachKey } from './duplicates'
import type { ListerWatcher } from './lister-watcher'

/** What {@link listAll} reads. */
export interface ListAllOptions<T> extends RequestOptions, ArrivalOptions<T> {
  /** At least this version; the empty string is the newest. */
  resourceVersion: string
  /** Objects per page; everything in one answer when left out. */
  pageSize?: number | undefined
  /** The key of an entry in the store that the list is for. Default: namespace and name. */
  keyOf?: ((entry: Entry<T>) => string) | undefined
}

/** A complete list. */
export interface CompleteList<T> {
  /** The first page's: everything that happened after it will come by the watch. */
  readonly resourceVersion: string
  /** One of each key: the last, where several objects had the same. */
  readonly entries: readonly Entry<T>[]
  /** To report: why items of the list could not be kept, and which key several objects had. At most {@link MAX_SKIPPED_ERRORS} and two. */
  readonly errors: readonly Error[]
}

/**
 * Lists everything, page by page if asked to. When the pages expire half way, everything is read again in one answer, not older than
 * the first page: the token that the server offers instead would mix versions, and is never used.
 *
 * @throws as `ListerWatcher.list`; KubeError when the pages do not end (the same token again, or more than `MAX_PAGES`).
 * @see client-go `pager.ListPager`, `Reflector.list`
 */
export async function listAll<T>(
  source: ListerWatcher<T>,
  { resourceVersion, pageSize, keyOf = ({ key }) => key, ...request }: ListAllOptions<T>,
): Promise<CompleteList<T>> {
  // A limit beside a version without `NotOlderThan` would be read as exactly that version.
  const from = (version: string): ListOptions => (version ? { resourceVersion: version, resourceVersionMatch: 'NotOlderThan' } : {})
  const first = await source.list({ ...from(resourceVersion), ...(pageSize && { limit: pageSize }), ...request })
  const pages = [first.entries]
  const tokens = new PageTokens()
  let { skipped } = first
  for (let token = first.continue; token; ) {
    tokens.take(token)
    try {
      const page = await source.list({ limit: pageSize, continue: token, ...request })
      pages.push(page.entries)
      if (page.skipped) skipped = addSkipped(skipped, page.skipped)
      token = page.continue
    } catch (error) {
      if (!isExpiredError(error)) throw error
      return complete(await source.list({ ...from(first.resourceVersion), ...request }), keyOf)
    }
  }
  return complete({ resourceVersion: first.resourceVersion, entries: pages.length === 1 ? first.entries : pages.flat(), skipped }, keyOf)
}

function complete<T>(
  { resourceVersion, entries: all, skipped }: Pick<EntryList<T>, 'resourceVersion' | 'entries' | 'skipped'>,
  keyOf: (entry: Entry<T>) => string,
): CompleteList<T> {
  const { entries, error } = lastOfEachKey(all, keyOf)
  const errors: Error[] = [...(skipped?.errors ?? [])]
  const silent = (skipped?.count ?? 0) - errors.length
  if (silent > 0) errors.push(new KubeError(`${silent} more items of the list were skipped; the errors before this one say why`))
  if (error) errors.push(error)
  return { resourceVersion, entries, errors }
}
