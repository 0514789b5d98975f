// The types that every Kubernetes object shares. Dates stay strings and unknown fields are preserved.

/** Metadata of one object. {@link https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/} */
export interface ObjectMeta {
  /** Unique within a namespace, or within the cluster for cluster-scoped resources. Immutable. */
  name?: string
  /** The prefix from which the server generates a unique name when `name` is absent. */
  generateName?: string
  /** Absent on cluster-scoped objects. */
  namespace?: string
  /** Unique across space and time: a recreated object gets a new uid. */
  uid?: string
  /** The version of this object. Opaque; compare for equality only. */
  resourceVersion?: string
  /** Incremented by the server on each change of the desired state. */
  generation?: number
  /** RFC 3339. */
  creationTimestamp?: string
  /** RFC 3339; set once deletion has been requested. */
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  /** Removed from everything the library reads unless requested: on real clusters it makes up a third of an object. */
  managedFields?: ManagedFieldsEntry[]
  selfLink?: string
}

/** A reference to the owner of an object. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** The set of fields that one manager set last. */
export interface ManagedFieldsEntry {
  apiVersion?: string
  fieldsType?: string
  fieldsV1?: unknown
  manager?: string
  operation?: string
  subresource?: string
  time?: string
}

/** Any Kubernetes object; the base of every resource's type. */
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

/** The server's description of a failure. {@link https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/} */
export interface Status {
  kind?: string
  apiVersion?: string
  status?: string
  message?: string
  reason?: string
  code?: number
  details?: StatusDetails
}

/** The object or request that a {@link Status} refers to. */
export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  retryAfterSeconds?: number
  causes?: StatusCause[]
}

/** One of several reasons for a failure. */
export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}
