// Lists and watches tables: the rows and columns that kubectl prints.

import { isParseError, ParseError, WatchError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Entry } from '../codec/entry'
import { asBookmark, asStatus } from '../codec/envelopes'
import { parseJson } from '../codec/json'
import { refusedWatch } from '../codec/watch-decoder'
import { addSkipped, type EntryList, type Skipped, type WatchEntry } from '../codec/wire'
import type { ListEntriesOptions } from '../http/list'
import type { Requester } from '../http/requester'
import { withOwnPolicy } from '../http/requester'
import { asTable, listTable, type RowObject, rowEntry, TABLE_ACCEPT, type Table, type TableColumn } from '../http/table'
import { type LineDecoder, type WatchEntriesOptions, watchEntries } from '../http/watch'
import { guarded } from '../internal/report'
import { type EntryClient, ListWatch, type ListWatchOptions } from './list-watch'

/** The content of a {@link tableListWatch}'s rows besides their cells. A row without an object has no name and cannot be stored. */
export type RowInclude = 'Metadata' | 'Object'

/** Options of {@link tableListWatch}. */
export interface TableListWatchOptions<I extends RowInclude = RowInclude> extends ListWatchOptions {
  /** The content of rows besides their cells: the metadata of their objects, or the whole objects. Default `'Metadata'`. */
  includeObject?: I | undefined
  /**
   * Called with the columns when they are first known, and when they change. A watch that resumes from stored rows receives them with its
   * first event or bookmark. Until then {@link listTable} with `limit: 1` returns them.
   */
  onColumns?: ((columns: readonly TableColumn[]) => void) | undefined
}

/** The row type for a {@link RowInclude}. */
export type RowOf<T, I extends RowInclude> = RowObject<I extends 'Object' ? T : undefined>

/**
 * Reads a collection as rows in the form the server prints them; the source of a Reflector. A row is a Kubernetes object with the metadata
 * of the object it describes, so that stores, indexes and persisters treat it like any other.
 *
 * @param client a `KubeClient`.
 * @example
 * ```ts
 * const source = tableListWatch(client, Pod, { onColumns: (columns) => renderHead(columns) })
 * const informer = new SharedInformer(source)
 * ```
 */
export function tableListWatch<T extends KubeObject, I extends RowInclude = 'Metadata'>(
  client: Requester,
  { group, version, plural, kind, scope }: Resource<T>,
  { includeObject, onColumns, ...options }: TableListWatchOptions<I> = {},
): ListWatch<RowOf<T, I>> {
  const rows = new TableClient(client, { includeObject, onColumns })
  return new ListWatch<RowOf<T, I>>(rows, { group, version, plural, kind, scope }, options)
}

class TableClient implements EntryClient {
  readonly baseUrl: string
  readonly #client: Requester
  readonly #includeObject: RowInclude
  readonly #onColumns: TableListWatchOptions['onColumns']
  #columns: readonly TableColumn[] = []

  constructor(client: Requester, { includeObject = 'Metadata', onColumns }: Pick<TableListWatchOptions, 'includeObject' | 'onColumns'>) {
    this.baseUrl = client.baseUrl
    this.#client = client
    this.#includeObject = includeObject
    this.#onColumns = guarded(onColumns)
  }

  async listEntries<T extends KubeObject>(
    resource: Resource<T>,
    { managedFields, accept: _, ...options }: ListEntriesOptions & { namespace?: string | undefined },
  ): Promise<EntryList<T>> {
    const table = await listTable(withOwnPolicy(this.#client), resource, { ...options, includeObject: this.#includeObject })
    const { resourceVersion = '', continue: token = '', remainingItemCount } = table.metadata
    const entries: Entry<T>[] = []
    let skipped: Skipped | undefined
    for (const row of this.#rows<T>(table, managedFields)) {
      if ('error' in row) skipped = addSkipped(skipped, { count: 1, errors: [row.error] })
      else entries.push(row.entry)
    }
    return { resourceVersion, continue: token, remainingItemCount, entries, skipped }
  }

  watchEntries<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchEntriesOptions & { namespace?: string | undefined },
  ): AsyncIterable<readonly WatchEntry<T>[]> {
    const decoder: LineDecoder<T> = {
      decode: (text, start, end, emit) => {
        for (const event of this.#decode<T>(text.slice(start, end), resource, options.managedFields)) emit(event)
      },
    }
    // The parameter is not an option of other watches, but goes into the query like one.
    const asked: WatchEntriesOptions & { includeObject: RowInclude } = {
      ...options,
      accept: TABLE_ACCEPT,
      includeObject: this.#includeObject,
    }
    return watchEntries<T>(this.#client, resource, asked, decoder)
  }

  #decode<T extends KubeObject>(line: string, resource: Resource, managedFields: 'drop' | 'keep' | undefined): WatchEntry<T>[] {
    const { type, object } = parseEvent(line)
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        return [...this.#rows<T>(asTable(object, resource), managedFields)].map((row) =>
          'error' in row ? { type: 'SKIPPED', error: row.error } : { type, entry: row.entry },
        )
      case 'BOOKMARK': {
        // In table form a bookmark has one row, whose object is the bookmark. It may be the event that brings the columns.
        const table = asTable<unknown>(object, resource)
        this.#updateColumns(table)
        return [{ type, ...asBookmark(table.rows[0]?.object) }]
      }
      case 'ERROR':
        return [{ type, status: asStatus(object) ?? { message: line.slice(0, 200) } }]
      default:
        throw new WatchError(`unknown watch event type ${JSON.stringify(type)}`)
    }
  }

  /** Yields an entry for each row, or an error for a row that cannot be kept. */
  *#rows<T extends KubeObject>(
    table: Table<KubeObject | undefined>,
    managedFields: 'drop' | 'keep' | undefined,
  ): Generator<{ readonly entry: Entry<T> } | { readonly error: Error }> {
    this.#updateColumns(table)
    const names = this.#columns.map(({ name }) => name)
    for (const row of table.rows) {
      try {
        yield { entry: rowEntry<T>(row, names, { includeObject: this.#includeObject, managedFields }) }
      } catch (error) {
        if (!isParseError(error)) throw error
        yield { error }
      }
    }
  }

  /** In a watch only the first event has the columns. */
  #updateColumns({ columnDefinitions }: Table<unknown>): void {
    if (!columnDefinitions?.length || JSON.stringify(columnDefinitions) === JSON.stringify(this.#columns)) return
    this.#columns = columnDefinitions
    this.#onColumns?.(columnDefinitions)
  }
}

function parseEvent(line: string): { type?: unknown; object?: unknown } {
  let event: unknown
  try {
    event = parseJson(line)
  } catch (cause) {
    throw new ParseError('a watch event is not JSON', line, { cause })
  }
  if (typeof event !== 'object' || event === null) throw new ParseError('a watch event is not an object', line)
  const refused = refusedWatch(event)
  if (refused) throw refused
  return event
}
