// The feature value that makes an informer follow the namespaces it may read.

import type { KubeObject } from '../../api/object'
import type { Feed, FeedDeps } from '../feed'
import { NamespacesFeed, type NamespacesFeedOptions } from './namespaces-feed'

/** The behaviour of an informer that may not read all namespaces. Made by {@link eachAllowed}. */
export interface NamespacesPlan {
  /** Makes the feed of an informer. */
  feed<T extends KubeObject>(deps: FeedDeps<T>, options: Omit<NamespacesFeedOptions<T>, 'fallback' | 'load'>): Feed
}

/**
 * Makes an informer follow each namespace that it may read where the server forbids reading all of them (403). Each namespace has a version
 * and a stored state of its own, and `status.namespaces` has the status of each. Denied reads are retried every five minutes.
 *
 * @param fallback the namespaces to follow where listing Namespaces is forbidden as well. Default: none. Where Namespaces can be listed,
 *   existing ones are followed, including those created later.
 * @example
 * ```ts
 * await using everywhere = createInformer(client, Pod, { namespaces: eachAllowed(['shop', 'back']) })
 * ```
 */
export function eachAllowed(fallback: readonly string[] = []): NamespacesPlan {
  if (!Array.isArray(fallback)) throw new TypeError(`eachAllowed: expected an array of namespaces, got ${JSON.stringify(fallback)}`)
  return { feed: (deps, options) => new NamespacesFeed(deps, { ...options, fallback }) }
}
