// Collections as the server prints them: tables of columns and rows.

import { KubeError, ParseError } from '../api/errors'
import type { KubeObject, ListMeta } from '../api/object'
import type { ListOptions, RequestOptions } from '../api/options'
import type { PartialObjectMetadata } from '../api/partial-object-metadata'
import { type Resource, resourceName, resourcePath } from '../api/resource'
import { type Entry, entryFromObject } from '../codec/entry'
import { listMetaOf } from '../codec/envelopes'
import { requestJson } from './json'
import { searchParams } from './params'
import type { Requester } from './requester'

/** The object in a table's rows: its metadata, the whole object, or nothing. */
export type IncludeObject = 'Metadata' | 'Object' | 'None'

/**
 * A collection as the server prints it, the source of `kubectl get -o wide`.
 * {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables}
 */
export interface Table<O = PartialObjectMetadata> {
  kind: 'Table'
  apiVersion: string
  metadata: ListMeta
  columnDefinitions: TableColumn[]
  rows: TableRow<O>[]
}

/** A column of a {@link Table}. */
export interface TableColumn {
  name: string
  /** An OpenAPI type: `string`, `integer`, `number`, `boolean`, `array`. */
  type: string
  /** Narrows the type: `name` is the object's name. May be empty. */
  format: string
  description: string
  /** 0: always shown. Higher numbers: shown if there is room (`-o wide`). */
  priority: number
}

/** A row of a {@link Table}: one cell for each column. Cells that depend on the time, such as an age, are as of the response. */
export interface TableRow<O = PartialObjectMetadata> {
  cells: unknown[]
  conditions?: TableRowCondition[]
  /** The object of the row; left out with `includeObject: 'None'`. */
  object: O
}

/** A condition of a row, such as `Completed`: the object needs no more attention. */
export interface TableRowCondition {
  type: string
  status: string
  reason?: string
  message?: string
}

/**
 * A row as a Kubernetes object, which informers and stores can keep: it has the metadata of its object.
 *
 * @example
 * ```ts
 * const status = row.cells[row.columns.indexOf('Status')]
 * ```
 */
export interface RowObject<O = undefined> extends KubeObject {
  kind: 'TableRow'
  apiVersion: 'meta.k8s.io/v1'
  /** The names of the columns of the cells. */
  columns: string[]
  cells: unknown[]
  conditions?: TableRowCondition[]
  /** The whole object, with `includeObject: 'Object'`. */
  object: O
}

/** Options of {@link listTable}. */
export interface TableOptions<I extends IncludeObject = IncludeObject> extends ListOptions, RequestOptions {
  /** All namespaces when left out. */
  namespace?: string | undefined
  /** Default `'Metadata'`. */
  includeObject?: I | undefined
}

/** The type of the object in a row; see {@link IncludeObject}. */
export type IncludedObject<T, I extends IncludeObject> = I extends 'Object' ? T : I extends 'None' ? undefined : PartialObjectMetadata

/** Does not accept plain JSON, so that a server without tables responds with an error instead of the objects. */
export const TABLE_ACCEPT = 'application/json;as=Table;g=meta.k8s.io;v=v1'

/**
 * Reads a collection as the server prints it, or one page of it when `limit` is set.
 *
 * @param client a `KubeClient`.
 * @throws ApiError (406 from a server without tables), KubeError when the response is not a table; ConnectionError, ParseError.
 * @example
 * ```ts
 * const { columnDefinitions, rows } = await listTable(client, Pod, { namespace: 'shop' })
 * ```
 */
export async function listTable<T extends KubeObject, I extends IncludeObject = 'Metadata'>(
  client: Requester,
  resource: Resource<T>,
  { namespace, signal, onBytes, ...options }: TableOptions<I> = {},
): Promise<Table<IncludedObject<T, I>>> {
  const path = resourcePath(resource, { namespace })
  const request = { path, params: searchParams(options), headers: { accept: TABLE_ACCEPT }, signal, onBytes }
  return asTable<IncludedObject<T, I>>(await requestJson(client, request), resource)
}

/**
 * Returns a value that should be a table. Replaces the nulls that Go writes: with an empty array, and with metadata without members.
 *
 * @throws KubeError when it is not a table.
 */
export function asTable<O>(value: unknown, resource: Resource): Table<O> {
  const { kind, metadata, rows, ...table } = (value ?? {}) as Partial<Table<O>>
  if (kind !== 'Table')
    throw new KubeError(`${resourceName(resource)}: asked for a Table, the server sent ${kind}; read the objects or their metadata instead`)
  return { kind, ...table, metadata: listMetaOf(metadata), rows: rows ?? [] } as Table<O>
}

/**
 * Makes an entry from a row.
 *
 * @throws ParseError when the row has no object with a name, which would identify it.
 */
export function rowEntry<T extends KubeObject>(
  row: TableRow<KubeObject | null | undefined> | null,
  columns: readonly string[],
  { includeObject, managedFields }: { includeObject: IncludeObject; managedFields: 'drop' | 'keep' | undefined },
): Entry<T> {
  const { cells, conditions, object } = row ?? { cells: [], object: null }
  if (!object?.metadata) throw new ParseError('a row of a table has an object with metadata, this has none', JSON.stringify(cells ?? []))
  const { metadata } = managedFields === 'keep' ? object : withoutManagedFields(object)
  const entry: Omit<RowObject, 'object'> = {
    kind: 'TableRow',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columns: [...columns],
    cells: cells ?? [],
  }
  return entryFromObject<KubeObject>(
    { ...entry, ...(conditions && { conditions }), ...(includeObject === 'Object' && { object: { ...object, metadata } }) },
    { managedFields: 'keep' },
  ) as Entry<T>
}

function withoutManagedFields({ metadata: { managedFields: _, ...metadata } }: KubeObject): Pick<KubeObject, 'metadata'> {
  return { metadata }
}
