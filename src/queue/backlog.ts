// The common part of the queues: the backlog, waiting consumers, and the version that each item leads to.

import type { Entry, UnparsedEntry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import { Opaque } from '../internal/opaque'
import { Line } from './line'
import type { Delta, KnownObjects, PopBatchOptions, PopOptions, Queue, QueueItem } from './queue'

/** Deltas that are delivered together. */
interface Waiting<T> {
  readonly deltas: readonly Delta<T>[]
  /** The version of everything queued before the batch that these deltas came with. */
  before: string
}

const BATCH_LIMIT = 1_000

/**
 * The base class of the queues. Implements waiting, delivery, and the version that an item leads to. A subclass decides what to queue, and
 * in which order.
 */
export abstract class Backlog<T> extends Opaque implements Queue<T> {
  protected readonly known: KnownObjects<T>
  readonly #line = new Line<Waiting<T>>()
  readonly #sleepers = new Set<() => void>()
  readonly #unsubscribe: (() => void) | undefined
  /** The version of everything queued so far; undefined at first. */
  #version: string | undefined
  /** Set when the store lacks an object that the server has. Only a replacement leads to a version again. */
  #lacking = false
  #closed = false
  #populated = false
  /** The number of items of the initial state that are not yet processed. */
  #initial = 0

  constructor(knownObjects: KnownObjects<T>) {
    super()
    this.known = knownObjects
    this.#unsubscribe = knownObjects.onUnreadable?.(() => this.#lack())
  }

  get resourceVersion(): string {
    return this.known.resourceVersion
  }
  get length(): number {
    return this.#line.length
  }
  get hasSynced(): boolean {
    return this.#populated && this.#initial === 0
  }
  get closed(): boolean {
    return this.#closed
  }

  apply(changes: readonly { readonly type: ChangeType; readonly entry: Entry<T> }[], resourceVersion: string): void {
    if (this.#closed) return
    for (const { type, entry } of changes) this.queueChange(type, entry)
    this.#populated = true
    this.#advance(resourceVersion)
  }

  bookmark(resourceVersion: string): void {
    this.apply([], resourceVersion)
  }

  replace(entries: readonly Entry<T>[], resourceVersion: string): void {
    if (this.#closed) return
    this.queueReplacement(entries)
    this.#lacking = false
    this.#advance(resourceVersion)
    if (this.#populated) return
    this.#populated = true
    this.#initial = this.length
  }

  resync(): void {
    if (this.#closed) return
    this.queueResync()
    this.#wake()
  }

  onUnreadable(listener: (entry: UnparsedEntry) => void): () => void {
    return this.known.onUnreadable?.(listener) ?? (() => undefined)
  }

  pop(process: (item: QueueItem<T>) => void, { signal }: PopOptions = {}): Promise<QueueItem<T> | undefined> {
    return this.popBatch(process, { signal, limit: 1 })
  }

  async popBatch(
    process: (item: QueueItem<T>) => void,
    { signal, limit = BATCH_LIMIT }: PopBatchOptions = {},
  ): Promise<QueueItem<T> | undefined> {
    if (!(limit >= 1)) throw new RangeError(`popBatch: limit must be at least 1, got ${limit}`)
    while (this.length === 0 && !this.#closed && !signal?.aborted) await this.#sleep(signal)
    if (this.length === 0 || signal?.aborted) return undefined
    const isInInitialList = !this.hasSynced
    const batch = this.#take(Math.min(limit, this.#initial || Number.POSITIVE_INFINITY))
    const item = { deltas: batch.flatMap(({ deltas }) => deltas), resourceVersion: this.#reached(), isInInitialList }
    try {
      process(item)
    } finally {
      this.#initial = Math.max(0, this.#initial - batch.length)
    }
    return item
  }

  close(): void {
    this.#closed = true
    this.#unsubscribe?.()
    this.#wake()
  }

  /** Enqueues one event. */
  protected abstract queueChange(type: ChangeType, entry: Entry<T>): void
  /** Enqueues a complete state. */
  protected abstract queueReplacement(entries: readonly Entry<T>[]): void
  /** Enqueues a resync of all objects. */
  protected abstract queueResync(): void
  /** Called with deltas as they are delivered; nothing can be added to them from then on. */
  protected taken(_deltas: readonly Delta<T>[]): void {}

  /** Appends deltas to the backlog. The subclass may add to them until they are delivered. */
  protected enqueue(deltas: readonly Delta<T>[]): void {
    this.#line.push({ deltas, before: this.#version ?? this.known.resourceVersion })
  }

  /** Yields the backlog, oldest first. */
  protected *waiting(): Generator<Delta<T>> {
    for (const { deltas } of this.#line) yield* deltas
  }

  /** Replaces the whole backlog by one complete state. */
  protected collapse(entries: readonly Entry<T>[]): void {
    const before = this.#line.first?.before ?? this.known.resourceVersion
    while (this.#line.shift());
    this.#line.push({ deltas: [{ type: 'ReplacedAll', entries }], before })
    this.#initial = Math.min(this.#initial, 1)
  }

  #advance(resourceVersion: string): void {
    // With an empty backlog, an item without deltas carries the version.
    if (this.length === 0) this.enqueue([])
    this.#version = this.#lacking ? '' : resourceVersion
    this.#wake()
  }

  #lack(): void {
    this.#lacking = true
    this.#version = ''
    for (const waiting of this.#line) waiting.before = ''
  }

  /** Removes the next item and those that can be delivered with it, at most `limit`. */
  #take(limit: number): Waiting<T>[] {
    const batch: Waiting<T>[] = []
    for (let next = this.#line.first; next && batch.length < limit; next = this.#line.first) {
      const alone = concernsAll(next)
      if (alone && batch.length > 0) break
      this.#line.shift()
      this.taken(next.deltas)
      batch.push(next)
      if (alone) break
    }
    return batch
  }

  /** Returns the version reached by what was taken: the version before the oldest item still in the backlog. */
  #reached(): string {
    return this.#line.first?.before ?? this.#version ?? this.known.resourceVersion
  }

  #sleep(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#sleepers.add(wake)
      signal?.addEventListener('abort', wake)
    })
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake()
  }
}

function concernsAll<T>({ deltas: [first] }: Waiting<T>): boolean {
  return first?.type === 'ReplacedAll' || first?.type === 'SyncAll'
}
