import type { Entry } from '../meta/entry'
import type { ChangeType } from '../meta/wire'
import { Backlog } from './backlog'
import type { KnownObjects } from './queue'

/** Options of an {@link InOrderFIFO}. */
export interface InOrderFIFOOptions {
  /**
   * With so many items waiting, one complete state takes their place: what the consumer's store will have when all of them are processed. So a slow
   * consumer costs no more memory than this and the objects themselves. Default 10,000.
   */
  maxLength?: number | undefined
}

/**
 * A queue of every change in the order of the wire, deletions of unknown objects included; a replacement is one item, and so is a resync.
 * Where the consumer is slow and each change counts, {@link DeltaFIFO} keeps more of them.
 *
 * @see client-go `cache.RealFIFO` with `AtomicEvents`
 */
export class InOrderFIFO<T> extends Backlog<T> {
  readonly #maxLength: number

  /**
   * @param knownObjects the store that the items go to.
   * @throws RangeError when the bound is not at least 1.
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
        // As the store decides it: without a uid, a deletion is that of whatever has the name.
        const { key, uid } = delta.entry
        if (!uid || entries.get(key)?.uid === uid) entries.delete(key)
      } else if (delta.type !== 'SyncAll') entries.set(delta.entry.key, delta.entry)
    }
    this.collapse([...entries.values()])
  }
}
