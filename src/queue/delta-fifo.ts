import type { Entry } from '../meta/entry'
import { type KeyFunc, metaNamespaceKey } from '../meta/keys'
import type { ChangeType } from '../meta/wire'
import { Backlog } from './backlog'
import type { Delta, KnownObjects, ObjectDelta } from './queue'

/** So many deltas of one object may wait before they are coalesced in any case. */
const MAX_DELTAS = 1_000

/** Options of a {@link DeltaFIFO}. */
export interface DeltaFIFOOptions {
  /** Under which key the store keeps an object; default {@link metaNamespaceKey}. */
  keyFunc?: KeyFunc | undefined
  /**
   * Whether to keep of an object only its last state, and whether it was deleted before that: two deltas at most, however long they wait. Default false:
   * all, up to 1,000 for each object, of which those two are made then.
   */
  coalesce?: boolean | undefined
}

/**
 * A queue of objects, each with all that happened to it since it was taken last: it is no longer than there are objects. A replacement is
 * taken apart: the deletes come first, then each object as `Replaced`. A uid that changed without a deletion means that one was missed; it
 * is queued too.
 *
 * @see client-go `cache.DeltaFIFO`
 */
export class DeltaFIFO<T> extends Backlog<T> {
  readonly #keyFunc: KeyFunc
  readonly #coalesce: boolean
  readonly #waiting = new Map<string, ObjectDelta<T>[]>()

  /** @param knownObjects the store that the items go to. */
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
      // What waits is told of anyway, and newer than what is known.
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
      // What is not there was deleted by a replacement, and an object of another uid is another object.
      if (latest && isDeletedBy(latest, entry)) this.#append(key, deletion)
    } else if (last.finalStateUnknown && isDeletedBy(last.entry, entry)) {
      waiting?.splice(-1, 1, deletion)
    }
  }

  /** Queues a deletion that was missed, unless one is queued. */
  #bury(key: string, entry: Entry<T>): void {
    if (this.#waiting.get(key)?.at(-1)?.type !== 'Deleted') this.#append(key, { type: 'Deleted', entry, finalStateUnknown: true })
  }

  /** The object as it will be when everything is processed; undefined when it will not be there. */
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

/** As the store decides it: without a uid, a deletion is that of whatever has the name. */
function isDeletedBy<T>(entry: Entry<T>, deleted: Entry<T>): boolean {
  return entry.uid === deleted.uid || !deleted.uid
}

/** The first deletion, for it is that of the object the consumer has; and the last state. */
function* coalesce<T>([first, ...more]: readonly ObjectDelta<T>[], delta: ObjectDelta<T>): Generator<ObjectDelta<T>> {
  if (first?.type === 'Deleted') yield first
  if (delta.type !== 'Deleted') yield (more.at(-1) ?? first)?.type === 'Added' ? { type: 'Added', entry: delta.entry } : delta
  else if (first?.type !== 'Deleted') yield delta
}
