// Collects the initial state of a streamed list.

import { WatchError } from '../api/errors'
import type { Entry } from '../codec/entry'
import type { ChangeType } from '../codec/wire'
import type { Clock } from '../internal/clock'
import { DuplicateKeys } from '../source/duplicates'
import type { Failure } from './failure'

/** The maximum time between new objects of the initial state, in milliseconds. Other events and bookmarks do not count as progress. */
const PROGRESS_MS = 20_000
/** The time after which an initial state that arrives slowly is listed in parallel, in milliseconds. */
const PATIENCE_MS = 40_000
/** An initial state with fewer new objects than this until then is slow. */
const SLOW_OBJECTS = 2_000

/** The callbacks of an {@link InitialStream}, implemented by its attempt. */
export interface InitialStreamDeps<T> {
  readonly clock: Clock
  /** Returns the key under which the store keeps an entry. */
  keyOf(entry: Entry<T>): string
  /** Whether any byte of the body has arrived. */
  isArriving(): boolean
  /** Called when no new object arrived for too long. */
  stalled(failure: Failure): void
  /** Called once when new objects arrive so slowly that a list may be faster. */
  slow(): void
}

/** Collects the objects of a streamed list until its end is marked, and detects a lack of progress. */
export class InitialStream<T> {
  readonly #host: InitialStreamDeps<T>
  readonly #entries = new Map<string, Entry<T>>()
  readonly #duplicates = new DuplicateKeys()
  // When the last new object came.
  #progressAt: number
  #newKeys = 0
  #progressTimer: unknown
  readonly #patienceTimer: unknown

  constructor(host: InitialStreamDeps<T>) {
    this.#host = host
    this.#progressAt = host.clock.now()
    this.#arm()
    this.#patienceTimer = host.clock.setTimeout(() => this.#newKeys < SLOW_OBJECTS && host.slow(), PATIENCE_MS)
  }

  /** The entries received so far. */
  get entries(): readonly Entry<T>[] {
    return [...this.#entries.values()]
  }

  /** An error that names duplicate keys; undefined without duplicates. */
  get duplicates(): Error | undefined {
    return this.#duplicates.error
  }

  /** Adds an event. Returns whether the state now contains its object. */
  take({ type, entry }: { readonly type: ChangeType; readonly entry: Entry<T> }): boolean {
    const key = this.#host.keyOf(entry)
    if (type === 'DELETED') {
      this.#entries.delete(key)
      return false
    }
    const known = this.#entries.get(key)
    if (!known) {
      this.#newKeys++
      this.#progressAt = this.#host.clock.now()
    } else if (type === 'ADDED') this.#duplicates.add(key)
    this.#entries.set(key, entry)
    return true
  }

  stop(): void {
    this.#host.clock.clearTimeout(this.#progressTimer)
    this.#host.clock.clearTimeout(this.#patienceTimer)
  }

  #arm(): void {
    const { clock, isArriving, stalled } = this.#host
    const leftMs = this.#progressAt + PROGRESS_MS - clock.now()
    const look = () => {
      const isOver = clock.now() - this.#progressAt >= PROGRESS_MS
      if (!isOver || !isArriving()) return this.#arm()
      const error = new WatchError(`the initial stream brought no new object for ${PROGRESS_MS / 1000} s and did not end`)
      stalled({ kind: 'stalled', error })
    }
    this.#progressTimer = clock.setTimeout(look, leftMs > 0 ? Math.min(leftMs, PROGRESS_MS) : PROGRESS_MS)
  }
}
