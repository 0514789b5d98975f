// Sources that replace whole objects, and the types of informers that use them.

import type { KubeObject } from '../../api/object'
import type { PartialObjectMetadata } from '../../api/partial-object-metadata'
import type { Resource } from '../../api/resource'
import type { Requester } from '../../http/requester'
import type { EntryClient, ListWatch, ListWatchOptions } from '../../source/list-watch'
import type { RowInclude, RowOf } from '../../source/table'

/** A source that replaces whole objects. Made by {@link metadata} and {@link table}. */
export interface InformerSource {
  /** The name of the source as part of the stored state's name, so that stored rows are never loaded as objects. */
  readonly name: string
  /** The kind of the objects that arrive, in the group `meta.k8s.io`. */
  readonly kind: string
  /** Makes the ListerWatcher of one collection. */
  listWatch(client: EntryClient, resource: Resource<never>, options: ListWatchOptions): ListWatch<KubeObject>
}

/**
 * The source of whole objects: the type of an informer without a source. A type of its own, because `undefined` extends every type without
 * `strict`.
 */
export interface ObjectSource extends InformerSource {
  readonly reads: 'object'
}

/** Reads metadata only; see {@link metadata}. */
export interface MetadataSource extends InformerSource {
  readonly reads: 'metadata'
}

/** Reads printed rows; see {@link table}. */
export interface TableSource<I extends RowInclude = RowInclude> extends InformerSource {
  readonly reads: 'table'
  readonly includeObject: I
}

/** The objects of an informer of `T`, depending on its source. */
export type ReadAs<S, T extends KubeObject> =
  S extends TableSource<infer I> ? RowOf<T, I> : S extends MetadataSource ? PartialObjectMetadata : T

/** The part of a client that a source uses besides lists and watches. */
export type RequiredBy<S> = S extends TableSource ? Requester : unknown
