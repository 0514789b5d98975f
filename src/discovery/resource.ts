import type { KubeObject } from '../meta/object'
import type { Resource } from '../meta/resource'

/** A resource that a server says it has: fit for a client, a ListWatch or an informer as it is. */
export interface DiscoveredResource extends Resource<KubeObject> {
  /** The singular, as `kubectl` takes it: `pod`. */
  readonly singular: string
  /** Such as `po`. */
  readonly shortNames: readonly string[]
  /** Such as `all`, for `kubectl get all`. */
  readonly categories: readonly string[]
  /** What the server can do with it: `get`, `list`, `watch`, `create`, … Whether this user may is another question. */
  readonly verbs: readonly string[]
  readonly subresources: readonly DiscoveredSubresource[]
  /** Whether this version is the one its group prefers. */
  readonly preferred: boolean
}

/** A part of an object with a path of its own. */
export interface DiscoveredSubresource {
  /** Such as `status` or `scale`. */
  readonly name: string
  /** The kind it is written in: `Scale` for `scale`, often that of the resource. */
  readonly kind: string
  readonly verbs: readonly string[]
}

/** A group of resources, under the versions in which they can be read. */
export interface DiscoveredGroup {
  /** The empty string is the core group. */
  readonly name: string
  /** The one the server prefers first. */
  readonly versions: readonly string[]
  readonly preferredVersion: string
}

/** A version of a group that could not be read, usually because the server behind it (metrics, for one) is down; or one resource that cannot be used. */
export interface DiscoveryFailure {
  readonly group: string
  /** The empty string when the group itself cannot be used. */
  readonly version: string
  /** The resource that was left out, as the server names it; undefined: the whole version. */
  readonly resource?: string
  /** What went wrong; undefined when the API server only says that what it knows is stale. */
  readonly error?: unknown
}

/** What the documents of a server say, in its own order. */
export interface DiscoveredParts {
  readonly groups: readonly DiscoveredGroup[]
  readonly resources: readonly DiscoveredResource[]
  readonly failures: readonly DiscoveryFailure[]
}
