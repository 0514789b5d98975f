import { WatchError } from '../errors'
import type { Clock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { ChangeType } from '../meta/wire'
import { DuplicateKeys } from './duplicates'
import type { Failure } from './failure'

/** The initial state must bring a new object this often, or end; other events and bookmarks are no progress. */
const PROGRESS_MS = 20_000
/** A state that takes longer than this is listed as well, if it arrives slowly. */
const PATIENCE_MS = 40_000
/** Fewer new objects than this until then are slow. */
const SLOW_OBJECTS = 2_000

/** What an {@link InitialStream} is given by its session. */
export interface InitialStreamHost<T> {
  readonly clock: Clock
  /** The key under which the store keeps an entry. */
  keyOf(entry: Entry<T>): string
  /** Whether any byte of the body has arrived. */
  isArriving(): boolean
  /** Called when nothing new came for too long. */
  stalled(failure: Failure): void
  /** Called once when new objects come so slowly that a list may be faster. */
  slow(): void
}

/** Gathers the objects of a streamed list until its end is marked, and notices when it makes no progress. */
export class InitialStream<T> {
  readonly #host: InitialStreamHost<T>
  readonly #entries = new Map<string, Entry<T>>()
  readonly #duplicates = new DuplicateKeys()
  // When the last new object came.
  #progressAt: number
  #newKeys = 0
  #progressTimer: unknown
  readonly #patienceTimer: unknown

  constructor(host: InitialStreamHost<T>) {
    this.#host = host
    this.#progressAt = host.clock.now()
    this.#arm()
    this.#patienceTimer = host.clock.setTimeout(() => this.#newKeys < SLOW_OBJECTS && host.slow(), PATIENCE_MS)
  }

  /** What has arrived. */
  get entries(): readonly Entry<T>[] {
    return [...this.#entries.values()]
  }

  /** Names the keys that several objects have; undefined when there are none. */
  get duplicates(): Error | undefined {
    return this.#duplicates.error
  }

  /** Takes an event; returns whether the state has its object now. */
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
