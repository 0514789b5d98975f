import { isParseError, ParseError, WatchError } from '../errors'
import { guarded } from '../internal/report'
import type { Entry } from '../meta/entry'
import { parseJson } from '../meta/json'
import type { KubeObject } from '../meta/object'
import type { Resource } from '../meta/resource'
import { asBookmark, asStatus } from '../meta/schemas'
import { addSkipped, type EntryList, type Skipped, type WatchEntry } from '../meta/wire'
import type { ListEntriesOptions } from '../transport/list'
import type { Requester } from '../transport/requester'
import { withOwnPolicy } from '../transport/requester'
import { asTable, listTable, type RowObject, rowEntry, TABLE_ACCEPT, type Table, type TableColumn } from '../transport/table'
import { type LineDecoder, type WatchEntriesOptions, watchEntries } from '../transport/watch'
import { type EntryClient, ListWatch, type ListWatchOptions } from './list-watch'

/** What the rows of a {@link tableListWatch} can bring besides their cells. Without an object a row has no name, and nobody could keep it. */
export type RowInclude = 'Metadata' | 'Object'

/** How {@link tableListWatch} reads. */
export interface TableListWatchOptions<I extends RowInclude = RowInclude> extends ListWatchOptions {
  /** What rows bring besides their cells: the metadata of their objects, or the whole objects. Default `'Metadata'`. */
  includeObject?: I | undefined
  /**
   * Told of the columns when they are first known, and when they have changed. A watch that goes on from stored rows brings them with its first event
   * or bookmark; until then the rows have their names, and {@link listTable} with `limit: 1` has the rest.
   */
  onColumns?: ((columns: readonly TableColumn[]) => void) | undefined
}

/** The rows that are read with an {@link RowInclude}. */
export type RowOf<T, I extends RowInclude> = RowObject<I extends 'Object' ? T : undefined>

/**
 * Reads a collection as the server would print it, row by row: the source of a Reflector. A row is a Kubernetes object with the metadata of
 * the one it is about, so that stores, indexes and persisters take it as any other.
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
    // The parameter is no option of other watches, and goes into the query as they do.
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
        // As a table it has one row, whose object is the bookmark; and it may be the event with the columns.
        const table = asTable<unknown>(object, resource)
        this.#learn(table)
        return [{ type, ...asBookmark(table.rows[0]?.object) }]
      }
      case 'ERROR':
        return [{ type, status: asStatus(object) ?? { message: line.slice(0, 200) } }]
      default:
        throw new WatchError(`unknown watch event type ${JSON.stringify(type)}`)
    }
  }

  /** An entry of each row, or why it cannot be kept. */
  *#rows<T extends KubeObject>(
    table: Table<KubeObject | undefined>,
    managedFields: 'drop' | 'keep' | undefined,
  ): Generator<{ readonly entry: Entry<T> } | { readonly error: Error }> {
    this.#learn(table)
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
  #learn({ columnDefinitions }: Table<unknown>): void {
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
  const status = asStatus(event)
  if (status) throw new WatchError(status.message ?? 'the server sent a Status in place of events', { status })
  return event
}
