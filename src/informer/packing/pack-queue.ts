// Packs the entries of a store in idle time.

import type { KubeObject } from '../../api/object'
import { type Entry, isPackable } from '../../codec/entry'
import { PACK_BATCH, packEntries } from '../../codec/pack-entries'
import { Packer } from '../../codec/packer'
import { type Clock, systemClock } from '../../internal/clock'
import type { StoreChange, StoreUpdate } from '../../store/changes'

/** The age at which an entry is packed, in milliseconds. Most objects that change often are superseded earlier. */
export const PACK_AFTER_MS = 2_000
/** The longest slice of work, in milliseconds. */
const SLICE_MS = 2
/** The most characters that wait for their age. Beyond that, the oldest entries are packed as soon as the runtime is idle. */
export const MAX_BACKLOG: number = 32 << 20
/** The longest wait for an idle period of a busy page, in milliseconds. */
const IDLE_TIMEOUT_MS = 1_000

/** The part of a store that a {@link PackQueue} uses. */
export interface PackableStore<T> {
  keyOf(entry: Entry<T>): string
  subscribe(listener: (update: StoreUpdate<T>) => void): () => void
}

interface Waiting {
  readonly entry: Entry<unknown>
  readonly since: number
  readonly size: number
}

/**
 * Packs the entries that a store receives once they are two seconds old, unless they were replaced or deleted before. Holds no entry that
 * the store does not hold.
 */
export class PackQueue<T extends KubeObject> {
  readonly #clock: Clock
  readonly #packer = new Packer()
  /** By key, the oldest first. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #unsubscribe: () => void
  #backlog = 0
  #cancel: (() => void) | undefined

  constructor(store: PackableStore<T>, clock: Clock) {
    this.#clock = clock
    this.#unsubscribe = store.subscribe(({ changes }) => {
      for (const change of changes) this.#take(store.keyOf(change.entry), change)
      this.#schedule()
    })
  }

  /** The number of entries that wait. */
  get length(): number {
    return this.#waiting.size
  }

  /** Stops packing. Entries that are packed stay packed. */
  close(): void {
    this.#unsubscribe()
    this.#cancel?.()
    this.#cancel = undefined
    this.#waiting.clear()
    this.#backlog = 0
  }

  #take(key: string, { type, entry }: StoreChange<T>): void {
    if (type === 'resynced') return
    this.#leave(key)
    if (type === 'deleted' || !isPackable(entry)) return
    const size = entry.text.length
    this.#waiting.set(key, { entry, since: this.#clock.now(), size })
    this.#backlog += size
  }

  #leave(key: string): void {
    this.#backlog -= this.#waiting.get(key)?.size ?? 0
    this.#waiting.delete(key)
  }

  /** Returns the milliseconds until the oldest entry is due, 0 or less if it is; undefined without one. */
  #due(): number | undefined {
    const [oldest] = this.#waiting.values()
    if (!oldest) return undefined
    return this.#backlog > MAX_BACKLOG ? 0 : oldest.since + PACK_AFTER_MS - this.#clock.now()
  }

  #schedule(): void {
    if (this.#cancel) return
    const due = this.#due()
    if (due === undefined) return
    const begin = () => {
      this.#cancel = undefined
      this.#slice()
      this.#schedule()
    }
    this.#cancel = due > 0 ? after(this.#clock, due, () => this.#wake()) : whenIdle(this.#clock, begin)
  }

  /** Ends a wait for the age of the oldest entry, which may have left since. */
  #wake(): void {
    this.#cancel = undefined
    this.#schedule()
  }

  #slice(): void {
    // The machine's clock, because a virtual clock cannot measure work.
    const start = performance.now()
    do {
      const batch = this.#batch()
      if (batch.length === 0) return
      packEntries(this.#packer, batch)
    } while (performance.now() - start < SLICE_MS)
  }

  /** Takes the oldest entries that are due. */
  #batch(): Entry<unknown>[] {
    const batch: Entry<unknown>[] = []
    const now = this.#clock.now()
    for (const [key, { entry, since }] of this.#waiting) {
      if (batch.length === PACK_BATCH || (since + PACK_AFTER_MS > now && this.#backlog <= MAX_BACKLOG)) break
      this.#leave(key)
      batch.push(entry)
    }
    return batch
  }
}

/** Calls back after a delay. Returns the function that cancels it. The timer does not keep a Node process alive. */
function after(clock: Clock, ms: number, callback: () => void): () => void {
  const timer = clock.setTimeout(callback, ms)
  if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
  return () => clock.clearTimeout(timer)
}

/** Calls back when a page is idle; in other runtimes, and in virtual time, after a millisecond. Returns the function that cancels it. */
function whenIdle(clock: Clock, callback: () => void): () => void {
  const page = globalThis as Partial<Pick<typeof globalThis, 'requestIdleCallback' | 'cancelIdleCallback'>>
  if (clock !== systemClock || !page.requestIdleCallback) return after(clock, 1, callback)
  const handle = page.requestIdleCallback(callback, { timeout: IDLE_TIMEOUT_MS })
  return () => page.cancelIdleCallback?.(handle)
}
