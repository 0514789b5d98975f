/**
 * The shapes every Kubernetes object has. Dates stay strings and unknown fields stay in place: what the server sent is
 * what the user gets.
 */

/** Metadata of one object. {@link https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/} */
export interface ObjectMeta {
  /** Unique within a namespace (or the cluster, for cluster-scoped resources); cannot be changed. */
  name?: string
  /** Prefix from which the server makes a unique name, used only where `name` is not given. */
  generateName?: string
  /** Absent on cluster-scoped objects. */
  namespace?: string
  /** Unique in time and space: a deleted and recreated object has another uid. */
  uid?: string
  /** The version of this object; opaque, comparable for equality. */
  resourceVersion?: string
  /** Counts changes of the desired state. */
  generation?: number
  /** RFC 3339. */
  creationTimestamp?: string
  /** RFC 3339; set once deletion was asked for. */
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  /** Left out of everything the library reads unless asked for: on real clusters it is a third of an object's bytes. */
  managedFields?: ManagedFieldsEntry[]
  selfLink?: string
}

/** Names the object that owns another one. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** Which fields one manager set last. */
export interface ManagedFieldsEntry {
  apiVersion?: string
  fieldsType?: string
  fieldsV1?: unknown
  manager?: string
  operation?: string
  subresource?: string
  time?: string
}

/** Any Kubernetes object: what every resource's type extends. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
}

/** Metadata of a list. */
export interface ListMeta {
  resourceVersion?: string
  /** The token of the next page; absent or empty on the last one. */
  continue?: string
  remainingItemCount?: number
}

/** A list as the server sends it. */
export interface KubeList<T> {
  apiVersion?: string
  kind?: string
  metadata: ListMeta
  items: T[]
}

/** The server's account of a failure. {@link https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/} */
export interface Status {
  kind?: string
  apiVersion?: string
  status?: string
  message?: string
  reason?: string
  code?: number
  details?: StatusDetails
}

/** What a {@link Status} is about. */
export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  retryAfterSeconds?: number
  causes?: StatusCause[]
}

/** One reason among several. */
export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}
