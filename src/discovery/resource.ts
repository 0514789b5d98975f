// The types of discovered resources and groups.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'

/** A resource that the server reported, ready for a client, a ListWatch or an informer. */
export interface DiscoveredResource extends Resource<KubeObject> {
  /** The singular name that `kubectl` accepts, such as `pod`. */
  readonly singular: string
  /** The short names, such as `po`. */
  readonly shortNames: readonly string[]
  /** The categories, such as `all` for `kubectl get all`. */
  readonly categories: readonly string[]
  /** The verbs that the server supports: `get`, `list`, `watch`, `create`, … `Access` checks whether the user may use them. */
  readonly verbs: readonly string[]
  readonly subresources: readonly DiscoveredSubresource[]
  /** Whether this version is the one its group prefers. */
  readonly preferred: boolean
}

/** A subresource: a part of an object with its own path. */
export interface DiscoveredSubresource {
  /** The name, such as `status` or `scale`. */
  readonly name: string
  /** The kind of its body: `Scale` for `scale`, often the kind of the resource. */
  readonly kind: string
  readonly verbs: readonly string[]
}

/** A group of resources with its readable versions. */
export interface DiscoveredGroup {
  /** The name; the empty string is the core group. */
  readonly name: string
  /** The versions, the server's preferred one first. */
  readonly versions: readonly string[]
  readonly preferredVersion: string
}

/**
 * A version of a group that could not be read, usually because its aggregated server (such as metrics) is down; or one resource that cannot
 * be used.
 */
export interface DiscoveryFailure {
  readonly group: string
  /** The version; the empty string when the group itself cannot be used. */
  readonly version: string
  /** The omitted resource, as the server names it; undefined when the whole version failed. */
  readonly resource?: string
  /** The error; undefined when the API server only reports that its information is stale. */
  readonly error?: unknown
}

/** The parsed discovery documents, in the order of the server. */
export interface DiscoveredParts {
  readonly groups: readonly DiscoveredGroup[]
  readonly resources: readonly DiscoveredResource[]
  readonly failures: readonly DiscoveryFailure[]
}
