// Applies the items of a queue to a store.

import type { Keyed } from '../api/keys'
import type { Entry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import type { QueueItem } from './queue'

/** The methods of a store that {@link applyItem} calls. */
export interface ItemStore<T> {
  readonly resourceVersion: string
  apply(changes: readonly { readonly type: ChangeType; readonly entry: Entry<T> }[], resourceVersion: string): void
  replace(entries: readonly Entry<T>[], resourceVersion: string): void
  /** @param objects the objects to notify handlers of; all when left out. */
  resync(objects?: readonly Keyed[]): void
}

/**
 * Applies one item of a queue to a store, as one step: `queue.pop((item) => applyItem(store, item))`.
 *
 * @see client-go `processDeltas`
 */
export function applyItem<T>(store: ItemStore<T>, { deltas, resourceVersion }: QueueItem<T>): void {
  const changes: { type: ChangeType; entry: Entry<T> }[] = []
  const unchanged: Entry<T>[] = []
  for (const delta of deltas) {
    if (delta.type === 'ReplacedAll') store.replace(delta.entries, resourceVersion)
    else if (delta.type === 'SyncAll') store.resync()
    else if (delta.type === 'Sync') unchanged.push(delta.entry)
    else changes.push({ type: WIRE_TYPES[delta.type], entry: delta.entry })
  }
  // A queue emits `Sync` only for an object without earlier deltas in the item.
  if (unchanged.length > 0) store.resync(unchanged)
  if (changes.length > 0 || resourceVersion !== store.resourceVersion) store.apply(changes, resourceVersion)
}

const WIRE_TYPES = { Added: 'ADDED', Updated: 'MODIFIED', Replaced: 'MODIFIED', Deleted: 'DELETED' } as const
