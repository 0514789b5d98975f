import type { KubeObject } from '../../api/object'
import type { Feed, FeedHost } from '../feed'
import { NamespacesFeed, type NamespacesFeedOptions } from './namespaces-feed'

/** How an informer that may not read all namespaces goes on. Made by {@link eachAllowed}. */
export interface NamespacesPlan {
  /** Makes the feed of an informer. */
  feed<T extends KubeObject>(host: FeedHost<T>, options: Omit<NamespacesFeedOptions<T>, 'fallback' | 'load'>): Feed
}

/**
 * Makes an informer follow each namespace that it is allowed to read, where the server forbids reading all of them (403). Each namespace has a
 * version and a stored state of its own, and `status.namespaces` has the status of each. Forbidden reads are tried again every five minutes.
 *
 * @param fallback the namespaces to follow where listing Namespaces is forbidden as well. Default: none. Where Namespaces can be listed, they are
 *   followed as they come and go.
 * @example
 * ```ts
 * await using everywhere = createInformer(client, Pod, { namespaces: eachAllowed(['shop', 'back']) })
 * ```
 */
export function eachAllowed(fallback: readonly string[] = []): NamespacesPlan {
  if (!Array.isArray(fallback)) throw new TypeError(`eachAllowed: expected an array of namespaces, got ${JSON.stringify(fallback)}`)
  return { feed: (host, options) => new NamespacesFeed(host, { ...options, fallback }) }
}
