// Reads a complete list, page by page.

import { isExpiredError, KubeError } from '../api/errors'
import type { ListOptions, RequestOptions } from '../api/options'
import type { Entry } from '../codec/entry'
import { type ArrivalOptions, addSkipped, type EntryList, type MAX_SKIPPED_ERRORS } from '../codec/wire'
import { PageTokens } from '../http/pages'
import { lastOfEachKey } from './duplicates'
import type { ListerWatcher } from './lister-watcher'

/** Options of {@link listAll}. */
export interface ListAllOptions<T> extends RequestOptions, ArrivalOptions<T> {
  /** The minimum version; the empty string for the newest. */
  resourceVersion: string
  /** The number of objects per page; left out for a single response. */
  pageSize?: number | undefined
  /** Returns the key under which the store keeps an entry. Default: namespace and name. */
  keyOf?: ((entry: Entry<T>) => string) | undefined
}

/** A complete list. */
export interface CompleteList<T> {
  /** The version of the first page; the watch delivers everything after it. */
  readonly resourceVersion: string
  /** One entry for each key: the last one, where several objects had the same key. */
  readonly entries: readonly Entry<T>[]
  /** Errors to report: why items were skipped, and which key was duplicated. At most {@link MAX_SKIPPED_ERRORS} and two. */
  readonly errors: readonly Error[]
}

/**
 * Lists everything, in pages if requested. When the pages expire half way, reads everything again in one response, at a version not older
 * than the first page. Never uses the inconsistent continue token that the server offers instead, because it would mix versions.
 *
 * @throws as `ListerWatcher.list`; KubeError when the pages do not end (the same token again, or more than `MAX_PAGES`).
 * @see client-go `pager.ListPager`, `Reflector.list`
 */
export async function listAll<T>(
  source: ListerWatcher<T>,
  { resourceVersion, pageSize, keyOf = ({ key }) => key, ...request }: ListAllOptions<T>,
): Promise<CompleteList<T>> {
  // A limit with a version but without `NotOlderThan` would mean exactly that version.
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
