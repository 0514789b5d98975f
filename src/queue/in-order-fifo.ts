// A queue of every change in order, like client-go's RealFIFO.

import type { Entry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import { Backlog } from './backlog'
import type { KnownObjects } from './queue'

/** Options of an {@link InOrderFIFO}. */
export interface InOrderFIFOOptions {
  /**
   * The number of waiting items at which the backlog is replaced by one complete state: the one the consumer's store will have after
   * processing all of them. Bounds the memory a slow consumer costs. Default 10,000.
   */
  maxLength?: number | undefined
}

/**
 * A queue of every change in the order received, including deletions of unknown objects. A replacement is one item, and so is a resync.
 * {@link DeltaFIFO} keeps more changes when the consumer is slow.
 *
 * @see client-go `cache.RealFIFO` with `AtomicEvents`
 */
export class InOrderFIFO<T> extends Backlog<T> {
  readonly #maxLength: number

  /**
   * @param knownObjects the store that receives the items.
   * @throws RangeError when `maxLength` is not at least 1.
   */
  constructor(knownObjects: KnownObjects<T>, { maxLength = 10_000 }: InOrderFIFOOptions = {}) {
    super(knownObjects)
    if (!(maxLength >= 1)) throw new RangeError(`InOrderFIFO: maxLength must be at least 1 item, not ${maxLength}`)
    this.#maxLength = maxLength
  }

  protected override queueChange(type: ChangeType, entry: Entry<T>): void {
    this.#makeRoom()
    if (type === 'DELETED') this.enqueue([{ type: 'Deleted', entry, finalStateUnknown: false }])
    else this.enqueue([{ type: type === 'ADDED' ? 'Added' : 'Updated', entry }])
  }

  protected override queueReplacement(entries: readonly Entry<T>[]): void {
    this.#makeRoom()
    this.enqueue([{ type: 'ReplacedAll', entries }])
  }

  protected override queueResync(): void {
    this.#makeRoom()
    this.enqueue([{ type: 'SyncAll' }])
  }

  #makeRoom(): void {
    if (this.length < this.#maxLength) return
    let entries = new Map(this.known.list().map((entry) => [entry.key, entry]))
    for (const delta of this.waiting()) {
      if (delta.type === 'ReplacedAll') entries = new Map(delta.entries.map((entry) => [entry.key, entry]))
      else if (delta.type === 'Deleted') {
        // Follows the store: a deletion without a uid applies to any object of that name.
        const { key, uid } = delta.entry
        if (!uid || entries.get(key)?.uid === uid) entries.delete(key)
      } else if (delta.type !== 'SyncAll') entries.set(delta.entry.key, delta.entry)
    }
    this.collapse([...entries.values()])
  }
}
