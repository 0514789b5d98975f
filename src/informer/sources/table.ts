// The feature value that makes an informer read printed rows.

import type { Requester } from '../../http/requester'
import type { EntryClient } from '../../source/list-watch'
import { type RowInclude, type TableListWatchOptions, tableListWatch } from '../../source/table'
import type { TableSource } from './source'

/**
 * Makes an informer read its objects as the server prints them: one row for each object. Cannot be combined with a Worker.
 *
 * @param options.includeObject the object in each row besides its cells: its metadata (the default), or all of it.
 * @param options.onColumns called with the columns when they are first known, and when they change.
 * @example
 * ```ts
 * await using rows = createInformer(client, Pod, { source: table({ onColumns: (columns) => renderHead(columns) }) })
 * ```
 */
export function table<I extends RowInclude = 'Metadata'>({
  includeObject = 'Metadata' as I,
  onColumns,
}: Pick<TableListWatchOptions<I>, 'includeObject' | 'onColumns'> = {}): TableSource<I> {
  return {
    reads: 'table',
    name: `table of ${includeObject}`,
    kind: 'TableRow',
    includeObject,
    listWatch: (client, resource, options) => tableListWatch(requesterOf(client), resource, { ...options, includeObject, onColumns }),
  }
}

/** @throws TypeError for a client that sends no requests of its own, such as one that works in a Worker. */
function requesterOf(client: EntryClient): Requester {
  if ('request' in client) return client as EntryClient & Requester
  throw new TypeError('table: rows are read by a KubeReader or KubeClient on this thread; leave out `worker`')
}
