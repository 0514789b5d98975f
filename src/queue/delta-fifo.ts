// A queue that groups deltas by object, like client-go's DeltaFIFO.

import { type KeyFunc, metaNamespaceKey } from '../api/keys'
import type { Entry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import { Backlog } from './backlog'
import type { Delta, KnownObjects, ObjectDelta } from './queue'

/** The number of deltas of one object at which they are coalesced in any case. */
const MAX_DELTAS = 1_000

/** Options of a {@link DeltaFIFO}. */
export interface DeltaFIFOOptions {
  /** Returns the key under which the store keeps an object; default {@link metaNamespaceKey}. */
  keyFunc?: KeyFunc | undefined
  /**
   * Whether to keep only the last state of an object, preceded by its deletion if there was one: at most two deltas, however slow the
   * consumer. Default false: keeps up to 1,000 deltas per object, then coalesces them the same way.
   */
  coalesce?: boolean | undefined
}

/**
 * A queue of objects, each with its deltas since it was last taken, so that it is never longer than the number of objects. A replacement is
 * split into its deletions, followed by each object as `Replaced`. When a uid changes without a deletion, the missed deletion is queued
 * first.
 *
 * @see client-go `cache.DeltaFIFO`
 */
export class DeltaFIFO<T> extends Backlog<T> {
  readonly #keyFunc: KeyFunc
  readonly #coalesce: boolean
  readonly #waiting = new Map<string, ObjectDelta<T>[]>()

  /** @param knownObjects the store that receives the items. */
  constructor(knownObjects: KnownObjects<T>, { keyFunc = metaNamespaceKey, coalesce = false }: DeltaFIFOOptions = {}) {
    super(knownObjects)
    this.#keyFunc = keyFunc
    this.#coalesce = coalesce
  }

  protected override queueChange(type: ChangeType, entry: Entry<T>): void {
    const key = this.#keyFunc(entry)
    if (type === 'DELETED') this.#delete(key, entry)
    else this.#put(key, { type: type === 'ADDED' ? 'Added' : 'Updated', entry })
  }

  protected override queueReplacement(entries: readonly Entry<T>[]): void {
    const keys = entries.map((entry) => this.#keyFunc(entry))
    const present = new Set(keys)
    for (const [key, deltas] of this.#waiting) {
      const last = deltas.at(-1)
      if (last && !present.has(key)) this.#bury(key, last.entry)
    }
    for (const entry of this.known.list()) {
      const key = this.#keyFunc(entry)
      if (!present.has(key) && !this.#waiting.has(key)) this.#bury(key, entry)
    }
    entries.forEach((entry, i) => {
      this.#put(keys[i] as string, { type: 'Replaced', entry })
    })
  }

  protected override queueResync(): void {
    for (const entry of this.known.list()) {
      const key = this.#keyFunc(entry)
      // A queued delta will be delivered anyway, and is newer than the known state.
      if (!this.#waiting.has(key)) this.#append(key, { type: 'Sync', entry })
    }
  }

  protected override taken([first]: readonly Delta<T>[]): void {
    if (first && 'entry' in first) this.#waiting.delete(this.#keyFunc(first.entry))
  }

  #put(key: string, delta: ObjectDelta<T>): void {
    const latest = this.#latest(key, delta.entry)
    if (latest && latest.uid !== delta.entry.uid) this.#bury(key, latest)
    this.#append(key, delta)
  }

  #delete(key: string, entry: Entry<T>): void {
    const deletion = { type: 'Deleted', entry, finalStateUnknown: false } as const
    const waiting = this.#waiting.get(key)
    const last = waiting?.at(-1)
    if (last?.type !== 'Deleted') {
      const latest = this.#latest(key, entry)
      // An absent object was deleted by a replacement. An object with another uid is a different object.
      if (latest && isDeletedBy(latest, entry)) this.#append(key, deletion)
    } else if (last.finalStateUnknown && isDeletedBy(last.entry, entry)) {
      waiting?.splice(-1, 1, deletion)
    }
  }

  /** Queues a missed deletion, unless a deletion is queued already. */
  #bury(key: string, entry: Entry<T>): void {
    if (this.#waiting.get(key)?.at(-1)?.type !== 'Deleted') this.#append(key, { type: 'Deleted', entry, finalStateUnknown: true })
  }

  /** Returns the object as it will be after the backlog is processed; undefined when it will be absent. */
  #latest(key: string, entry: Entry<T>): Entry<T> | undefined {
    const last = this.#waiting.get(key)?.at(-1)
    if (!last) return this.known.get(entry)
    return last.type === 'Deleted' ? undefined : last.entry
  }

  #append(key: string, delta: ObjectDelta<T>): void {
    const waiting = this.#waiting.get(key)
    if (!waiting) {
      const deltas = [delta]
      this.#waiting.set(key, deltas)
      this.enqueue(deltas)
    } else if (this.#coalesce || waiting.length >= MAX_DELTAS) waiting.splice(0, waiting.length, ...coalesce(waiting, delta))
    else waiting.push(delta)
  }
}

/** Follows the store: a deletion without a uid applies to any object of that name. */
function isDeletedBy<T>(entry: Entry<T>, deleted: Entry<T>): boolean {
  return entry.uid === deleted.uid || !deleted.uid
}

/** Reduces deltas to the first deletion, which is that of the object the consumer has, and the last state. */
function* coalesce<T>([first, ...more]: readonly ObjectDelta<T>[], delta: ObjectDelta<T>): Generator<ObjectDelta<T>> {
  if (first?.type === 'Deleted') yield first
  if (delta.type !== 'Deleted') yield (more.at(-1) ?? first)?.type === 'Added' ? { type: 'Added', entry: delta.entry } : delta
  else if (first?.type !== 'Deleted') yield delta
}
