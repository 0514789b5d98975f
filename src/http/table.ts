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

/** What a table's rows bring besides their cells: the metadata of their objects, the whole objects, or nothing. */
export type IncludeObject = 'Metadata' | 'Object' | 'None'

/** A collection as the server would print it: what `kubectl get -o wide` shows. {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables} */
export interface Table<O = PartialObjectMetadata> {
  kind: 'Table'
  apiVersion: string
  metadata: ListMeta
  columnDefinitions: TableColumn[]
  rows: TableRow<O>[]
}

/** What a column of a {@link Table} shows. */
export interface TableColumn {
  name: string
  /** An OpenAPI type: `string`, `integer`, `number`, `boolean`, `array`. */
  type: string
  /** Narrows the type: `name` is the object's name. May be empty. */
  format: string
  description: string
  /** 0: always shown; more: where there is room (`-o wide`). */
  priority: number
}

/** A row of a {@link Table}: a cell for each column. What depends on the time, such as an age, is of the moment when the server wrote it. */
export interface TableRow<O = PartialObjectMetadata> {
  cells: unknown[]
  conditions?: TableRowCondition[]
  /** Left out when it was not to be included. */
  object: O
}

/** A remark on a row, such as `Completed`: there is nothing to be seen in it any more. */
export interface TableRowCondition {
  type: string
  status: string
  reason?: string
  message?: string
}

/**
 * A row as a Kubernetes object, as informers and stores keep it: it has the metadata of the object it is about.
 *
 * @example
 * ```ts
 * const status = row.cells[row.columns.indexOf('Status')]
 * ```
 */
export interface RowObject<O = undefined> extends KubeObject {
  kind: 'TableRow'
  apiVersion: 'meta.k8s.io/v1'
  /** The names of the columns that the cells belong to. */
  columns: string[]
  cells: unknown[]
  conditions?: TableRowCondition[]
  /** With `includeObject: 'Object'`: the whole object. */
  object: O
}

/** What {@link listTable} can be given. */
export interface TableOptions<I extends IncludeObject = IncludeObject> extends ListOptions, RequestOptions {
  /** All namespaces when left out. */
  namespace?: string | undefined
  /** Default `'Metadata'`. */
  includeObject?: I | undefined
}

/** What stands beside the cells of a row: {@link IncludeObject}. */
export type IncludedObject<T, I extends IncludeObject> = I extends 'Object' ? T : I extends 'None' ? undefined : PartialObjectMetadata

/** No plain JSON beside it: a server that cannot make a table is to say so, not to send everything. */
export const TABLE_ACCEPT = 'application/json;as=Table;g=meta.k8s.io;v=v1'

/**
 * Reads a collection as the server would print it, or one page of it when `limit` is given.
 *
 * @param client a `KubeClient`.
 * @throws ApiError (406: the server knows no tables), KubeError when it sends something else; ConnectionError, ParseError.
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
 * Takes what came where a table was asked for. What Go wrote as null is there: an empty array, and metadata without members.
 *
 * @throws KubeError when it is none.
 */
export function asTable<O>(value: unknown, resource: Resource): Table<O> {
  const { kind, metadata, rows, ...table } = (value ?? {}) as Partial<Table<O>>
  if (kind !== 'Table')
    throw new KubeError(`${resourceName(resource)}: asked for a Table, the server sent ${kind}; read the objects or their metadata instead`)
  return { kind, ...table, metadata: listMetaOf(metadata), rows: rows ?? [] } as Table<O>
}

/**
 * Makes an entry of a row.
 *
 * @throws ParseError when the row has no object with a name, so that nothing says what it is about.
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
