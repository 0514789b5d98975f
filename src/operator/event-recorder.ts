// Records Events about objects, and groups repeated ones into series.

import { isApiError, KubeError } from '../api/errors'
import type { KubeClient } from '../http/client'
import { systemClock } from '../internal/clock'
import { deadline } from '../internal/deadline'
import { delay } from '../internal/delay'
import { Opaque } from '../internal/opaque'
import { guarded } from '../internal/report'
import type { Seams } from '../internal/seams'
import { EVENTS, type EventObject, eventKey, eventOf, type Occurrence } from './event-series'
import { microTime } from './lease'

/** The interval between two writes of a series, in milliseconds. */
const SERIES_MS = 60_000
/** The silence after which a series ends, in milliseconds. */
const QUIET_MS = 6 * 60_000
/** The number of notes that are Events of their own, within the time, in milliseconds. */
const MAX_NOTES = 10
const NOTES_MS = 10 * 60_000
/** The maximum number of series; the oldest is dropped. */
const MAX_SERIES = 1_000
/** Attempts of a write while the server is away, and the delay in between, in milliseconds. */
const MAX_ATTEMPTS = 12
const RETRY_MS = 10_000
/** The maximum duration of an attempt, in milliseconds. */
const ATTEMPT_MS = 30_000

/** Options of an {@link EventRecorder}. */
export interface EventRecorderOptions extends Pick<Seams, 'clock' | 'random'> {
  /** The name of the controller, such as `example.com/widgets`. */
  readonly controller: string
  /** The name of this instance, such as its pod's name. */
  readonly instance: string
  /** Called with the error of each Event that could not be written, or was dropped. Default: ignored. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** An Event that was recorded, and how often. */
interface Series {
  readonly key: string
  event: EventObject
  count: number
  /** The count that the server has; 0 before the Event was created. */
  written: number
  lastAt: number
  writtenAt: number
  timer: unknown
}

/**
 * Records Events about objects. Never throws into a reconciler for a failure of the server: Events are written in the background. The first
 * of equal Events is created at once, the second makes it a series, and later ones are counted once a minute.
 *
 * Needs the rights to create and patch events in `events.k8s.io`.
 *
 * @see client-go `tools/events.EventRecorder`
 * @example
 * ```ts
 * await using events = new EventRecorder(client, { controller: 'example.com/widgets', instance: 'widgets-1' })
 * events.record({ regarding: widget, resource: Widget, reason: 'Scaled', action: 'Scale', note: 'to 3 pods' })
 * ```
 */
export class EventRecorder extends Opaque implements AsyncDisposable {
  readonly #client: KubeClient
  readonly #options: EventRecorderOptions
  readonly #onError: ((error: unknown) => void) | undefined
  readonly #series = new Map<string, Series>()
  // When each recent note of a key was first recorded.
  readonly #notes = new Map<string, Map<string, number>>()
  readonly #closing = new AbortController()
  // The series with something to write, in order. A set, so that one that occurs again while it waits is written once.
  readonly #waiting = new Set<Series>()
  #writing: Promise<void> | undefined

  /** @throws TypeError without a controller or instance. */
  constructor(client: KubeClient, options: EventRecorderOptions) {
    super()
    if (!options.controller || !options.instance) throw new TypeError('EventRecorder: controller and instance must be non-empty strings')
    this.#client = client
    this.#options = options
    this.#onError = guarded(options.onError)
  }

  /** Records an occurrence. @throws TypeError without a reason or action, or for an object of unknown kind. */
  record(occurrence: Occurrence): void {
    const { controller, instance, clock = systemClock, random = Math.random } = this.#options
    const nowMs = clock.now()
    const suffix = Math.floor(random() * 2 ** 48).toString(16) + nowMs.toString(16)
    const event = eventOf(occurrence, { controller, instance, nowMs, suffix })
    if (this.#closing.signal.aborted) return
    const key = this.#keyOf(event, nowMs)
    const series = this.#series.get(key) ?? this.#add(key, event, nowMs)
    series.count++
    series.lastAt = nowMs
    if (series.count <= 2) this.#enqueue(series)
    this.#arm(series)
  }

  /** Resolves when every recorded Event was written or given up. */
  async flush(): Promise<void> {
    for (const series of this.#series.values()) if (series.count > series.written) this.#enqueue(series)
    await this.#writing
  }

  /** Writes what was recorded, then stops. Calling it again is a no-op. */
  async close(): Promise<void> {
    const { clock = systemClock } = this.#options
    for (const { timer } of this.#series.values()) clock.clearTimeout(timer)
    const flushed = this.flush()
    this.#closing.abort()
    await flushed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Returns the key of an Event. Ten different notes within ten minutes are Events of their own; further ones join one series. */
  #keyOf(event: EventObject, nowMs: number): string {
    const base = eventKey(event, false)
    const notes = this.#notes.get(base) ?? new Map<string, number>()
    for (const [note, at] of notes) if (nowMs - at > NOTES_MS) notes.delete(note)
    this.#notes.delete(base)
    this.#notes.set(base, notes)
    const [oldest] = this.#notes.keys()
    if (this.#notes.size > MAX_SERIES && oldest !== undefined) this.#notes.delete(oldest)
    const note = event.note ?? ''
    if (!notes.has(note) && notes.size >= MAX_NOTES) return base
    if (!notes.has(note)) notes.set(note, nowMs)
    return eventKey(event, true)
  }

  #add(key: string, event: EventObject, nowMs: number): Series {
    const series: Series = { key, event, count: 0, written: 0, lastAt: nowMs, writtenAt: nowMs, timer: undefined }
    this.#series.set(key, series)
    const [oldest] = this.#series.values()
    if (this.#series.size > MAX_SERIES && oldest) {
      this.#end(oldest)
      this.#waiting.delete(oldest)
      if (oldest.count > oldest.written)
        this.#onError?.(new KubeError(`more than ${MAX_SERIES} Events wait: dropped one about ${oldest.event.regarding?.name}`))
    }
    return series
  }

  /** Sets the timer of the next write, or of the end of a quiet series. */
  #arm(series: Series): void {
    const { clock = systemClock } = this.#options
    clock.clearTimeout(series.timer)
    const dueAt = series.count > Math.max(series.written, 2) ? series.writtenAt + SERIES_MS : series.lastAt + QUIET_MS
    series.timer = clock.setTimeout(
      () => {
        if (series.count > series.written) {
          this.#enqueue(series)
          series.writtenAt = clock.now()
          this.#arm(series)
        } else this.#end(series)
      },
      Math.max(0, dueAt - clock.now()),
    )
  }

  #end(series: Series): void {
    const { clock = systemClock } = this.#options
    clock.clearTimeout(series.timer)
    if (this.#series.get(series.key) === series) this.#series.delete(series.key)
  }

  #enqueue(series: Series): void {
    this.#waiting.add(series)
    this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    // Iterating a set reaches what is added meanwhile.
    for (const series of this.#waiting) {
      this.#waiting.delete(series)
      await this.#write(series)
    }
    this.#writing = undefined
  }

  async #write(series: Series): Promise<void> {
    const { clock = systemClock } = this.#options
    for (let attempt = 1; series.count > series.written; attempt++) {
      const { count } = series
      const late = deadline(ATTEMPT_MS, () => new KubeError(`the server did not answer for ${ATTEMPT_MS / 1_000} s`), clock)
      try {
        await this.#send(series, count, late.signal)
        series.written = count
        series.writtenAt = clock.now()
        return
      } catch (error) {
        const mayPass = !isApiError(error) || error.status === 429 || error.status >= 500
        // A recorder that is closing makes one attempt.
        if (!mayPass || attempt === MAX_ATTEMPTS || this.#closing.signal.aborted) {
          series.written = count
          this.#onError?.(error)
          return
        }
        await delay(RETRY_MS, { clock, signal: this.#closing.signal })
      } finally {
        late.clear()
      }
    }
  }

  async #send(series: Series, count: number, signal: AbortSignal): Promise<void> {
    const { name = '', namespace } = series.event.metadata
    // A series of one is refused.
    const part = count > 1 ? { series: { count, lastObservedTime: microTime(series.lastAt) } } : {}
    if (series.written > 0) {
      try {
        await this.#client.patch(EVENTS, name, { merge: part as never }, { namespace, signal })
        return
      } catch (error) {
        // The server keeps Events for an hour.
        if (!isApiError(error) || error.status !== 404) throw error
      }
    }
    await this.#client.create(EVENTS, { ...series.event, ...part }, { namespace, signal })
  }
}
