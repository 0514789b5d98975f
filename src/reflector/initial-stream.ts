// Collects the initial state of a streamed list.

import { WatchError } from '../errors'
import type { Clock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { ChangeType } from '../meta/wire'
import { DuplicateKeys } from './duplicates'
import type { Failure } from './failure'

/** The maximum time between new objects of the initial state, in milliseconds. Other events and bookmarks do not count as progress. */
const PROGRESS_MS = 20_000
/** After this many of those spans, a slow initial state is listed in parallel. */
const PATIENT_SPANS = 2
/** An initial state with fewer new objects than this in a span is slow. */
const SLOW_OBJECTS = 1_000

/** The callbacks of an {@link InitialStream}, implemented by its session. */
export interface InitialStreamHost<T> {
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
  readonly #host: InitialStreamHost<T>
  readonly #entries = new Map<string, Entry<T>>()
  readonly #duplicates = new DuplicateKeys()
  #newKeys = 0
  #spans = 0
  #timer: unknown

  constructor(host: InitialStreamHost<T>) {
    this.#host = host
    this.#arm()
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
    if (!known) this.#newKeys++
    else if (type === 'ADDED') this.#duplicates.add(key)
    this.#entries.set(key, entry)
    return true
  }

  stop(): void {
    this.#host.clock.clearTimeout(this.#timer)
  }

  #arm(): void {
    this.#timer = this.#host.clock.setTimeout(() => this.#look(), PROGRESS_MS)
  }

  #look(): void {
    const newKeys = this.#newKeys
    this.#newKeys = 0
    this.#spans++
    if (newKeys === 0 && this.#host.isArriving()) {
      const error = new WatchError(`the initial stream delivered no new object for ${PROGRESS_MS / 1000} s and did not end`)
      this.#host.stalled({ kind: 'stalled', error })
      return
    }
    if (this.#spans === PATIENT_SPANS && newKeys < SLOW_OBJECTS) this.#host.slow()
    this.#arm()
  }
}
