// The messages between a tab and the owner of its feeds, besides the calls that cross as between a page and its Worker.

import type { Resource } from '../api/resource'
import type { ErrorData } from '../worker/error-data'

/** The version of the protocol, which is part of the owner's name: both ends always have the same one. */
export const PROTOCOL: number = 1

/** Returns the name of the owner of an identity. An owner that was left because it hangs keeps its name. */
export const ownerName = (identity: string, generation: number): string => `${identity}/${PROTOCOL}/${generation}`

/** Returns the generation of a named owner. */
export const generationOf = (name: string): number => Number(name.slice(name.lastIndexOf('/') + 1))

/** A message of the owner. */
export type OwnerMessage =
  /** Greets on each connection. The owner holds the lock while it lives; undefined where there are no Web Locks. */
  | { readonly type: 'hello'; readonly owner: string; readonly lock: string | undefined }
  /** The number of connected tabs, and of feeds that the owner reads from the server. */
  | { readonly type: 'count'; readonly tabs: number; readonly upstream: number }
  /** The state of a scope is not stored any more: its tabs go on from memory, and say so. */
  | { readonly type: 'unstored'; readonly scope: string; readonly error: ErrorData }
  /** A feed is live again after a failure: tabs that wait for it try again at once. */
  | { readonly type: 'recovered' }
  /** Asks for the objects of a scope that the tab has; the owner has only their version. */
  | { readonly type: 'ask'; readonly id: number; readonly scope: string }
  /** Acknowledges a parcel of an answer. */
  | { readonly type: 'more'; readonly id: number }
  /** Asks whether the tab is alive. */
  | { readonly type: 'ping' }
  /** Answers `wake`. */
  | { readonly type: 'pong' }
  /** The owner ends, or does not serve this tab any more. Another owner, of a later generation, may serve the other tabs. */
  | { readonly type: 'ended'; readonly why?: 'forgotten' | undefined; readonly generation?: number | undefined }

/** A message of a tab. */
export type TabMessage =
  /** Comes with a port for calls. */
  | { readonly type: 'join' }
  | { readonly type: 'pong' }
  /** A parcel of entries that answers `ask`. */
  | { readonly type: 'give'; readonly id: number; readonly cells: readonly string[] }
  /** The end of an answer: the version of the entries; the empty string when the tab does not have them. */
  | { readonly type: 'given'; readonly id: number; readonly resourceVersion: string }
  /** The tab came back from the background, or its network did: the owner checks its connections, and says that it is alive. */
  | { readonly type: 'wake' }
  | { readonly type: 'leave' }

/** A message to all tabs of the browser, on a channel that is silent otherwise. */
export type Broadcast =
  /** The user has logged out. */
  | { readonly type: 'forget'; readonly identity: string }
  /** Tabs have left an owner that hangs. */
  | { readonly type: 'moved'; readonly identity: string; readonly generation: number }

/** The name of the channel of {@link Broadcast}. */
export const CHANNEL: string = 'kubeflect/tabs'

/** One end of a connection between a tab and the owner: the used part of a `MessagePort`. */
export interface TabsPort {
  postMessage(message: unknown, transfer?: readonly unknown[]): void
  onmessage: ((event: { readonly data: unknown; readonly ports?: readonly unknown[] | undefined }) => void) | null
  close(): void
}

/** The options that select what a feed reads; all others concern a single call. */
export interface ScopeOptions {
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly managedFields?: 'drop' | 'keep' | undefined
  readonly accept?: string | undefined
}

/** Whether a call reads metadata instead of objects. */
export const readsMetadata = ({ accept = '' }: ScopeOptions): boolean => accept.includes('PartialObjectMetadata')

/** Names what a feed reads. Calls with equal names share one feed. */
export function scopeName({ group, version, plural }: Pick<Resource, 'group' | 'version' | 'plural'>, options: ScopeOptions): string {
  const { namespace = '', labelSelector = '', fieldSelector = '', managedFields = 'drop' } = options
  return JSON.stringify([
    group,
    version,
    plural,
    namespace,
    labelSelector,
    fieldSelector,
    managedFields,
    readsMetadata(options) ? 'metadata' : 'objects',
  ])
}
