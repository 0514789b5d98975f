import type { KubeObject } from '../../api/object'
import type { PartialObjectMetadata } from '../../api/partial-object-metadata'
import type { Resource } from '../../api/resource'
import type { Requester } from '../../http/requester'
import type { EntryClient, ListWatch, ListWatchOptions } from '../../source/list-watch'
import type { RowInclude, RowOf } from '../../source/table'

/** What an informer reads in place of whole objects. Made by {@link metadata} and {@link table}. */
export interface InformerSource {
  /** What is read, as a part of the name of the stored state: rows are never loaded as objects. */
  readonly name: string
  /** The kind of the objects that arrive, in the group `meta.k8s.io`. */
  readonly kind: string
  /** Makes what lists and watches one collection. */
  listWatch(client: EntryClient, resource: Resource<never>, options: ListWatchOptions): ListWatch<KubeObject>
}

/** Reads whole objects: the type of an informer without a source. A type of its own, since `undefined` extends every type without `strict`. */
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

/** The objects that an informer of `T` has, by its source. */
export type ReadAs<S, T extends KubeObject> =
  S extends TableSource<infer I> ? RowOf<T, I> : S extends MetadataSource ? PartialObjectMetadata : T

/** What a source needs of a client besides lists and watches. */
export type RequiredBy<S> = S extends TableSource ? Requester : unknown
