// Distributes the events of a collection to its watchers. Watchers that select the same objects share the converted events.

import type { WatchEntry } from '../codec/wire'
import type { Clock } from '../internal/clock'
import type { CacheEvent } from './event-window'
import type { Matcher } from './matcher'
import { eventsFor } from './watch-events'

/** Events of a watch that become known together. */
export interface WatchBatch<T> {
  readonly events: readonly WatchEntry<T>[]
  /** The events as bytes, by form, when several watches share the batch. Filled by the first response that sends them. */
  readonly encoded?: Map<string, Uint8Array<ArrayBuffer>> | undefined
}

/** Events for the watchers of one class. All of them get the same batch. */
export interface SharedEvents<T> extends WatchBatch<T> {
  readonly encoded: Map<string, Uint8Array<ArrayBuffer>>
}

/** A list item: the events of one change of the cache, and the totals of its class before them. Unread items are kept by cursors only. */
interface Segment<T> extends SharedEvents<T> {
  readonly eventsBefore: number
  readonly lengthBefore: number
  next: Segment<T> | undefined
}

/** The maximum backlog of a watcher. The events of the last change do not count. */
export interface BacklogLimits {
  /** The maximum number of events. */
  readonly maxEvents: number
  /** The maximum length of the texts of the events, in characters. */
  readonly maxLength: number
}

/** Options of a {@link FanOut}. */
export interface FanOutOptions extends BacklogLimits {
  readonly clock: Clock
  /** Called for each watcher that is ended because it fell too far behind. */
  readonly onSlow?: (() => void) | undefined
}

/** The position of one watcher in the events of its class. */
export interface Cursor<T> {
  /** Whether the watch continues. */
  readonly isOpen: boolean
  /** The event to send before a watch that is no longer open ends. */
  readonly farewell: WatchEntry<T> | undefined
  /** Returns the next events; undefined when all were taken, or the cursor is not open. */
  take(): SharedEvents<T> | undefined
  /** Resolves when there are events to take, at the latest at the time `until`, on abort, or when the cursor is no longer open. */
  wait(until: number): Promise<void>
  /** Releases everything that the cursor holds. Called by the abort, too. */
  close(): void
}

/** The watchers of one selection: a class. Each event is matched and converted once for all of them. */
class WatchClass<T> {
  readonly matcher: Matcher
  readonly cursors = new Set<ClassCursor<T>>()
  tail: Segment<T> = { events: [], encoded: new Map(), eventsBefore: 0, lengthBefore: 0, next: undefined }

  constructor(matcher: Matcher) {
    this.matcher = matcher
  }

  append(changes: readonly CacheEvent<T>[]): void {
    const events = eventsFor(changes, this.matcher, '')
    if (events.length === 0) return
    const { tail } = this
    this.tail = {
      events,
      encoded: new Map(),
      eventsBefore: tail.eventsBefore + tail.events.length,
      lengthBefore: tail.lengthBefore + lengthOf(tail.events),
      next: undefined,
    }
    tail.next = this.tail
  }
}

/** Distributes events to cursors, one class of watchers at a time. Keeps a class only while it has cursors. */
export class FanOut<T> {
  readonly #options: FanOutOptions
  readonly #classes = new Map<string, WatchClass<T>>()

  constructor(options: FanOutOptions) {
    this.#options = options
  }

  /** The number of open watches. */
  get watchers(): number {
    let count = 0
    for (const { cursors } of this.#classes.values()) count += cursors.size
    return count
  }
  /** The number of different selections among the open watches. */
  get classes(): number {
    return this.#classes.size
  }

  /** Adds a watcher, which gets the events from now on. */
  open(matcher: Matcher, signal: AbortSignal | undefined): Cursor<T> {
    const own = this.#classes.get(matcher.id) ?? new WatchClass<T>(matcher)
    this.#classes.set(matcher.id, own)
    const cursor = new ClassCursor<T>(own.tail, this.#options.clock, signal, () => {
      own.cursors.delete(cursor)
      if (own.cursors.size === 0 && this.#classes.get(matcher.id) === own) this.#classes.delete(matcher.id)
    })
    own.cursors.add(cursor)
    return cursor
  }

  /** Distributes the events of one change. Watchers without selected events are not woken. */
  append(changes: readonly CacheEvent<T>[]): void {
    if (changes.length === 0) return
    for (const own of this.#classes.values()) {
      const { namespace } = own.matcher
      if (namespace && !changes.some(({ entry }) => entry.namespace === namespace)) continue
      const before = own.tail
      own.append(changes)
      if (own.tail === before) continue
      for (const cursor of [...own.cursors]) {
        if (cursor.isWithin(own.tail, this.#options)) cursor.wake()
        else {
          cursor.end()
          this.#options.onSlow?.()
        }
      }
    }
  }

  /** Ends all watches. @param farewell sent to each as its last event. */
  endAll(farewell?: WatchEntry<T>): void {
    for (const { cursors } of [...this.#classes.values()]) for (const cursor of [...cursors]) cursor.end(farewell)
  }
}

class ClassCursor<T> implements Cursor<T> {
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  readonly #release: () => void
  #last: Segment<T> | undefined
  #farewell: WatchEntry<T> | undefined
  #resolve: (() => void) | undefined
  // Kept across waits, because most waits end long before it fires.
  #timer: { readonly handle: unknown; readonly at: number } | undefined

  constructor(last: Segment<T>, clock: Clock, signal: AbortSignal | undefined, release: () => void) {
    this.#last = last
    this.#clock = clock
    this.#signal = signal
    this.#release = release
    // A watch that is not read would not notice the abort.
    signal?.addEventListener('abort', this.close)
  }

  get isOpen(): boolean {
    return this.#last !== undefined
  }
  get farewell(): WatchEntry<T> | undefined {
    return this.#farewell
  }

  /** Whether the unread events before the newest segment are within the limits. */
  isWithin(newest: Segment<T>, { maxEvents, maxLength }: BacklogLimits): boolean {
    const first = this.#last?.next
    if (!first) return true
    return newest.eventsBefore - first.eventsBefore <= maxEvents && newest.lengthBefore - first.lengthBefore <= maxLength
  }

  take(): SharedEvents<T> | undefined {
    const next = this.#last?.next
    if (next) this.#last = next
    return next
  }

  wait(until: number): Promise<void> {
    if (!this.#last || this.#last.next) return Promise.resolve()
    if (!this.#timer || this.#timer.at > until) this.#arm(until)
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  readonly wake = (): void => {
    this.#resolve?.()
    this.#resolve = undefined
  }

  end(farewell?: WatchEntry<T>): void {
    this.#farewell = farewell
    this.close()
  }

  readonly close = (): void => {
    this.#last = undefined
    this.#disarm()
    this.#signal?.removeEventListener('abort', this.close)
    this.#release()
    this.wake()
  }

  #arm(at: number): void {
    this.#disarm()
    const fire = () => {
      this.#timer = undefined
      this.wake()
    }
    this.#timer = { at, handle: this.#clock.setTimeout(fire, Math.max(0, at - this.#clock.now())) }
  }

  #disarm(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer.handle)
    this.#timer = undefined
  }
}

function lengthOf(events: readonly WatchEntry<unknown>[]): number {
  let length = 0
  for (const event of events) if ('entry' in event) length += event.entry.text.length
  return length
}
