import type { Entry } from '../meta/entry'
import type { ChangeType } from '../meta/wire'
import { Backlog } from './backlog'

/**
 * A queue of every change in the order of the wire, deletions of unknown objects included; a replacement is one item, and so is a resync.
 * It is as long as there are changes that wait: where the consumer is slow and memory short, {@link DeltaFIFO} is the better one.
 *
 * @see client-go `cache.RealFIFO` with `AtomicEvents`
 */
export class InOrderFIFO<T> extends Backlog<T> {
  protected override queueChange(type: ChangeType, entry: Entry<T>): void {
    if (type === 'DELETED') this.enqueue([{ type: 'Deleted', entry, finalStateUnknown: false }])
    else this.enqueue([{ type: type === 'ADDED' ? 'Added' : 'Updated', entry }])
  }

  protected override queueReplacement(entries: readonly Entry<T>[]): void {
    this.enqueue([{ type: 'ReplacedAll', entries }])
  }

  protected override queueResync(): void {
    this.enqueue([{ type: 'SyncAll' }])
  }
}
