import { isParseError, WatchError } from '../errors'
import type { Clock } from '../internal/clock'
import type { Entry } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import { compareResourceVersions, isResourceVersion } from '../meta/resource-version'
import type { WatchEntry } from '../meta/wire'
import { DuplicateKeys } from './duplicates'
import { classify, type Failure } from './failure'
import type { ListerWatcher } from './lister-watcher'
import type { EntryChange, ReflectorEvent, ReflectorOptions, ReflectorStore } from './options'
import { listAll } from './pager'
import type { Attempt, AttemptEnded, FeedEvent, FeedState, Step } from './state'
import { Watchdog } from './watchdog'

/** An initial state has to begin arriving, and go on, within this; the server's own limit is a minute. */
const FILL_SILENCE_MS = 90_000
/** Bookmarks come about once a minute: two that fail to come mean a dead connection. */
const BOOKMARK_SILENCE_MS = 150_000
/** What a server gets beyond the watch's own timeout. */
const TIMEOUT_SLACK_MS = 30_000
/** A watch that was resumed on trust and hears nothing for so long asks whether the server knows the version at all. */
const PROBE_AFTER_MS = 10_000
/** A watch that ends sooner, and brought nothing, counts as refused: client-go's VeryShortWatchError. */
const SHORT_WATCH_MS = 1_000

/** What a session needs of its reflector. */
export interface SessionHost<T extends KubeObject> {
  readonly source: ListerWatcher<T>
  readonly store: ReflectorStore<T>
  readonly options: ReflectorOptions<T>
  readonly clock: Clock
  readonly random: () => number
  readonly feed: FeedState
  /** Throws when an entry is not what was expected. */
  readonly check: (entry: Entry<T>) => void
  /** Whether a bookmark was ever seen from this server. */
  readonly bookmarks: boolean
  dispatch(event: FeedEvent): void
  /** A bookmark came. */
  sawBookmark(): void
  /** Undefined when nobody listens. */
  readonly emit: ((event: ReflectorEvent) => void) | undefined
  report(error: unknown): void
}

/** One attempt: a list, or a watch that may begin with the initial state. Runs once. */
export class Session<T extends KubeObject> {
  readonly #host: SessionHost<T>
  readonly #step: Step
  readonly #controller = new AbortController()
  readonly #watchdog: Watchdog
  #attempt: Attempt
  #interruption: Failure | undefined
  // The initial state of a stream, as long as it is not complete.
  #initial: Map<string, Entry<T>> | undefined
  readonly #duplicates = new DuplicateKeys()
  // How much of the first state was told of while it arrived.
  #arrived = 0
  #timeoutMs = 0
  #probeTimer: unknown
  #opened = false
  #events = 0
  #bytes = 0
  readonly #startedAt: number
  // When it became what it is: a watch, perhaps, that was a streamed list.
  #since: number
  // Whether versions of events may be believed: a watch from '' or '0' begins with events in no order.
  #ordered: boolean

  constructor(host: SessionHost<T>, step: Step) {
    this.#host = host
    this.#step = step
    this.#attempt = step.attempt
    this.#startedAt = this.#since = host.clock.now()
    this.#ordered = step.attempt !== 'watch' || (step.resourceVersion !== '' && step.resourceVersion !== '0')
    this.#watchdog = new Watchdog(
      host.clock,
      () => this.#silenceMs(),
      (silentMs) =>
        this.interrupt({
          kind: 'stale',
          error: new WatchError(`nothing came for ${Math.round(silentMs / 1000)} s`),
        }),
    )
  }

  /** Ends the session at once, for a reason of the reflector's own. */
  interrupt(failure: Failure): void {
    this.#interruption ??= failure
    this.#controller.abort(failure.error)
  }

  /** Looks whether the connection has been silent for too long; `boundMs` in place of the usual bound. */
  checkSilence(boundMs?: number): void {
    this.#watchdog.check(boundMs)
  }

  /** Runs to the end. Never throws; an abort looks like any end, and the caller knows of it. */
  async run(signal: AbortSignal): Promise<AttemptEnded> {
    const { clock, emit } = this.#host
    const abort = () => this.#controller.abort(signal.reason)
    signal.addEventListener('abort', abort)
    let failure: Failure | undefined
    try {
      await (this.#attempt === 'list' ? this.#list() : this.#watch())
    } catch (error) {
      failure = this.#interruption ?? classify(error)
    } finally {
      clock.clearTimeout(this.#probeTimer)
      this.#watchdog.stop()
      signal.removeEventListener('abort', abort)
      // Ends a probe that is still under way.
      this.#controller.abort()
    }
    const now = clock.now()
    const attempt = this.#attempt
    const reason = signal.aborted ? 'stopped' : (failure?.kind ?? (attempt === 'list' ? 'listed' : 'closed'))
    emit?.({ type: 'closed', attempt, reason, durationMs: now - this.#since })
    const short = this.#opened && this.#events === 0 && now - this.#startedAt < SHORT_WATCH_MS
    return { type: 'ended', attempt, failure, opened: this.#opened, short }
  }

  #silenceMs(): number {
    const { options, bookmarks } = this.#host
    if (options.silenceMs !== undefined) return options.silenceMs
    if (this.#attempt !== 'watch') return FILL_SILENCE_MS
    return bookmarks ? BOOKMARK_SILENCE_MS : this.#timeoutMs + TIMEOUT_SLACK_MS
  }

  readonly #heard = (count: number): void => {
    this.#watchdog.heard()
    this.#bytes += count
    this.#host.emit?.({ type: 'bytes', count })
  }

  async #list(): Promise<void> {
    const { source, options } = this.#host
    const { resourceVersion, entries, errors } = await listAll(source, {
      resourceVersion: this.#step.resourceVersion,
      pageSize: options.pageSize,
      signal: this.#controller.signal,
      onBytes: this.#heard,
      ...(options.onArrival && { onEntries: (arrived) => this.#tellOfArrival(arrived.filter((entry) => this.#isExpected(entry))) }),
    })
    this.#controller.signal.throwIfAborted()
    for (const error of errors) this.#host.report(error)
    this.#replace(
      entries.filter((entry) => this.#accepts(entry)),
      resourceVersion,
      'list',
    )
  }

  async #watch(): Promise<void> {
    const { source, clock, random, dispatch } = this.#host
    const { resourceVersion } = this.#step
    const timeoutSeconds = Math.floor(300 + random() * 300)
    this.#timeoutMs = timeoutSeconds * 1000
    const streaming = this.#attempt === 'stream'
    if (streaming) this.#initial = new Map()
    const batches = source.watch({
      resourceVersion,
      ...(streaming && { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: this.#controller.signal,
      onBytes: this.#heard,
    })
    for await (const batch of batches) {
      this.#controller.signal.throwIfAborted()
      if (!this.#opened) {
        this.#opened = true
        this.#watchdog.heard()
        this.#host.emit?.({ type: 'opened', attempt: streaming ? 'stream' : 'watch' })
        if (!streaming) {
          // Not before: what another server answers says nothing about the one that answers this watch.
          if (this.#host.feed.suspect) this.#probeTimer = clock.setTimeout(() => void this.#probe(), PROBE_AFTER_MS)
          dispatch({ type: 'opened' })
        }
      }
      this.#take(batch)
    }
  }

  #take(batch: readonly WatchEntry<T>[]): void {
    let changes: EntryChange<T>[] = []
    const arrived: Entry<T>[] = []
    const apply = () => {
      // A listener may have found an entry that cannot be read: what follows would hide that it is missing.
      this.#controller.signal.throwIfAborted()
      if (changes.length > 0) this.#apply(changes)
      changes = []
      this.#controller.signal.throwIfAborted()
    }
    try {
      for (const event of batch) {
        if (event.type === 'ERROR')
          throw new WatchError(event.status.message ?? 'the server ended the watch with an error', { status: event.status })
        this.#events++
        if (event.type === 'BOOKMARK') {
          apply()
          this.#tellOfArrival(arrived.splice(0))
          this.#bookmark(event.resourceVersion, event.initialEventsEnd)
        } else if (event.type === 'SKIPPED') {
          this.#host.report(event.error)
        } else if (!this.#accepts(event.entry)) {
          // Reported and skipped; the version does not move.
        } else if (this.#initial) {
          if (event.type === 'DELETED') this.#initial.delete(event.entry.key)
          else {
            if (event.type === 'ADDED' && this.#initial.has(event.entry.key)) this.#duplicates.add(event.entry.key)
            this.#initial.set(event.entry.key, event.entry)
            arrived.push(event.entry)
          }
        } else changes.push(event)
      }
      this.#tellOfArrival(arrived)
    } finally {
      // What came before a broken event still counts.
      apply()
    }
  }

  #accepts(entry: Entry<T>): boolean {
    try {
      this.#host.check(entry)
      return true
    } catch (error) {
      if (isParseError(error)) throw error
      this.#host.report(error)
      return false
    }
  }

  /** As {@link #accepts}, but what is wrong is reported when the list is complete. */
  #isExpected(entry: Entry<T>): boolean {
    try {
      this.#host.check(entry)
      return true
    } catch {
      return false
    }
  }

  #tellOfArrival(entries: readonly Entry<T>[]): void {
    const { options, store } = this.#host
    if (entries.length === 0 || store.resourceVersion !== '' || this.#controller.signal.aborted) return
    const before = this.#arrived
    this.#arrived += entries.length
    this.#guard(() => options.onArrival?.(entries, before))
  }

  #apply(changes: readonly EntryChange<T>[]): void {
    const { store, feed, dispatch, emit } = this.#host
    this.#ordered ||= changes.some(({ type }) => type !== 'ADDED')
    const resourceVersion = (this.#ordered && changes.at(-1)?.entry.resourceVersion) || feed.resourceVersion
    this.#guard(() => store.apply(changes, resourceVersion))
    dispatch({ type: 'advanced', resourceVersion })
    emit?.({ type: 'applied', events: changes.length, resourceVersion })
  }

  #bookmark(resourceVersion: string, initialEventsEnd: boolean): void {
    const { store, feed, clock, dispatch, sawBookmark, emit } = this.#host
    if (this.#initial) {
      // Bookmarks in the midst of the initial state say nothing about it.
      if (!initialEventsEnd) return
      const entries = [...this.#initial.values()]
      if (this.#duplicates.error) this.#host.report(this.#duplicates.error)
      this.#initial = undefined
      this.#attempt = 'watch'
      this.#replace(entries, resourceVersion, 'stream')
      this.#since = clock.now()
      emit?.({ type: 'opened', attempt: 'watch' })
      dispatch({ type: 'opened' })
      return
    }
    if (!resourceVersion) return
    const known = feed.resourceVersion
    if (isResourceVersion(known) && isResourceVersion(resourceVersion) && compareResourceVersions(resourceVersion, known) < 0) {
      // Whoever answers has not come as far as the store has: it was restored from a backup.
      this.interrupt({ kind: 'too-large', error: new WatchError(`a bookmark at ${resourceVersion}, which is older than ${known}`) })
      this.#controller.signal.throwIfAborted()
    }
    this.#ordered = true
    this.#guard(() => store.bookmark(resourceVersion))
    dispatch({ type: 'advanced', resourceVersion })
    sawBookmark()
    emit?.({ type: 'bookmark', resourceVersion })
    // The first one makes the bound of silence shorter.
    this.#watchdog.rearm()
  }

  #replace(entries: readonly Entry<T>[], resourceVersion: string, source: 'list' | 'stream'): void {
    const { store, clock, dispatch, emit } = this.#host
    this.#guard(() => store.replace(entries, resourceVersion))
    emit?.({
      type: 'replaced',
      source,
      objects: entries.length,
      bytes: this.#bytes,
      durationMs: clock.now() - this.#startedAt,
      resourceVersion,
    })
    dispatch({ type: 'replaced', resourceVersion, source })
  }

  /** What a store's user throws is reported; the events count all the same. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#host.report(error)
    }
  }

  /**
   * A watch from a version the server has never reached (its etcd was restored from a backup) is accepted, and silent for ever; a list that must
   * not be older than it is refused. So one object is asked for.
   */
  async #probe(): Promise<void> {
    const { source, feed, dispatch, emit } = this.#host
    const { signal } = this.#controller
    if (!feed.suspect || signal.aborted) return
    const { resourceVersion } = feed
    emit?.({ type: 'probe', resourceVersion })
    try {
      await source.list({ limit: 1, resourceVersion, resourceVersionMatch: 'NotOlderThan', signal })
      if (!signal.aborted) dispatch({ type: 'confirmed' })
    } catch (error) {
      const failure = classify(error)
      // Other failures say nothing about the version; the watch will show them too.
      if (!signal.aborted && failure.kind === 'too-large') this.interrupt(failure)
    }
  }
}
