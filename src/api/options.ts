// Options of LIST, WATCH and write requests, named as on the wire.

/** Options of a LIST request, named as on the wire. */
export interface ListOptions {
  /** Such as `app=web,tier!=db`. */
  labelSelector?: string | undefined
  /** Such as `spec.nodeName=n1`. */
  fieldSelector?: string | undefined
  /** Maximum number of objects per page; unlimited when left out. */
  limit?: number | undefined
  /** The continue token from the previous page. */
  continue?: string | undefined
  /** `''` or left out: the latest version, by a quorum read. `'0'`: any version the server has cached. */
  resourceVersion?: string | undefined
  resourceVersionMatch?: ResourceVersionMatch | undefined
}

/** The server's interpretation of `resourceVersion`. */
export type ResourceVersionMatch = 'NotOlderThan' | 'Exact'

/** Options of a WATCH request, named as on the wire. */
export interface WatchOptions {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  /** The version to resume from: the server sends the events after it. */
  resourceVersion?: string | undefined
  resourceVersionMatch?: ResourceVersionMatch | undefined
  allowWatchBookmarks?: boolean | undefined
  /** Ask for the initial state as events, ended by an annotated bookmark (KEP-3157). */
  sendInitialEvents?: boolean | undefined
  /** Seconds after which the server ends the watch. */
  timeoutSeconds?: number | undefined
}

/** Options of every write request, named as on the wire. */
export interface WriteOptions {
  /** `'All'`: the server runs all checks and returns the result, but stores nothing. */
  dryRun?: 'All' | undefined
  /** The manager recorded in `managedFields`; by default the server derives it from the user agent. */
  fieldManager?: string | undefined
  /** The server's handling of unknown and duplicate fields; its default is `'Warn'`. */
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict' | undefined
}

/**
 * Options of a server-side apply.
 *
 * @see KEP-555
 */
export interface ApplyOptions extends WriteOptions {
  /** The manager that applies. Fields that it applied before and now omits are removed. */
  fieldManager: string
  /** Take fields away from other managers instead of failing with a ConflictError. */
  force?: boolean | undefined
}

/** Options of a delete request, named as on the wire. */
export interface DeleteOptions {
  /** `'All'`: the server runs all checks and returns the result, but deletes nothing. */
  dryRun?: 'All' | undefined
  /** Seconds to wait before termination is forced; 0 is at once. Default: the object's own. */
  gracePeriodSeconds?: number | undefined
  /** When to delete the objects that this one owns: afterwards, before it, or not at all. Default: the resource's own. */
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined
  /** Conditions that must hold; otherwise the server answers 409. */
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined
}

/** Options of a request that are not part of the wire format. */
export interface RequestOptions {
  /** Aborts the request, or the stream it opened. */
  signal?: AbortSignal | undefined
  /** Called with the number of bytes whenever bytes arrive, to detect that a silent request is still alive and to measure its cost. */
  onBytes?: ((count: number) => void) | undefined
}

/** Identifies the namespace of an object. */
export interface ObjectOptions extends RequestOptions {
  /** Required for namespaced resources. When an object is sent, its own namespace takes precedence. */
  namespace?: string | undefined
}

/** The scope of a LIST request. */
export interface CollectionOptions {
  /** All namespaces when left out. */
  namespace?: string | undefined
}
