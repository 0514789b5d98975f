// The value that makes an informer keep its unread objects packed.

import type { KubeObject } from '../../api/object'
import type { Clock } from '../../internal/clock'
import { packedRows } from '../../persistence/idb/packed-rows'
import type { StoragePacking } from '../../persistence/idb/rows'
import type { Indexer } from '../../store/indexer'
import { PackQueue } from './pack-queue'

/** Keeps the texts of an informer's objects packed. Made by {@link packing}. */
export interface Packing extends StoragePacking {
  /** Packs the objects of a store while it runs. Returns the function that ends it. */
  start<T extends KubeObject>(store: Indexer<T, string>, clock: Clock): () => void
}

/**
 * Makes an informer pack the texts of its objects in idle time: an unread pod takes about one kilobyte instead of seven. A text is packed
 * against that of another object with the same owner, two seconds after it has arrived, in slices of two milliseconds.
 *
 * With `inWorker()` the Worker packs what it sends, so that the texts of unread objects never reach the main thread; not with a `transform`
 * or with `metadata()`, which read each text.
 *
 * Nothing else changes. `entry.text` is the same string, character by character. Reading `text`, `object` or `labels` of an entry for the
 * first time takes a few microseconds more. Texts that share nothing with others, such as certificates, stay as they are.
 *
 * Worth its time from some thousand objects that are mostly not read. Not for a cache that serves each text again and again.
 *
 * @example
 * ```ts
 * await using pods = createInformer(client, Pod, { pack: packing() })
 * ```
 */
export function packing(): Packing {
  return {
    rows: () => packedRows(),
    start(store, clock) {
      const queue = new PackQueue(store, clock)
      return () => queue.close()
    },
  }
}
