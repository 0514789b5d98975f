// One attempt of a reflector: a list, or a watch that may begin with the initial state.

import { isParseError, WatchError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { RequestOptions } from '../api/options'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { ArrivalOptions, WatchEntry } from '../codec/wire'
import { type CompleteList, listAll } from '../source/pager'
import { classify, classifyWatch, type Failure } from './failure'
import { confirmHistory, type HistoryQuestion } from './history'
import { InitialStream } from './initial-stream'
import { Liveness } from './liveness'
import type { ApplyObserver, EntryChange } from './options'
import type { SessionHost } from './session-host'
import type { Attempt, AttemptEnded, Step } from './state'

/** The duration below which a watch without events counts as refused, in milliseconds: client-go's VeryShortWatchError. */
const SHORT_WATCH_MS = 1_000
/** The duration from which a watch proves a healthy server, in milliseconds. */
const STOOD_MS = 10_000
/** An initial stream without a byte for this long, in milliseconds, is listed in parallel: proxies buffer streams, but rarely lists. */
const FIRST_BYTE_MS = 10_000

/** One attempt: a list, or a watch that may begin with the initial state. Runs once. */
export class Session<T extends KubeObject> {
  readonly #host: SessionHost<T>
  readonly #step: Step
  readonly #controller = new AbortController()
  readonly #liveness: Liveness<T>
  #attempt: Attempt
  #interruption: Failure | undefined
  // The initial state of a stream, until it is complete.
  #initial: InitialStream<T> | undefined
  // The number of entries delivered to the caller before the initial state is complete.
  #arrived = 0
  #overtakeTimer: unknown
  #timeoutMs = 0
  // Whether the server accepted the watch.
  #accepted = false
  // Whether it was accepted, and the store's state is from the server's history.
  #opened = false
  #events = 0
  #bytes = 0
  readonly #startedAt: number
  // The time when the current kind of attempt began; a streamed list becomes a watch.
  #since: number
  // Whether versions of events are ordered: a watch from '' or '0' begins with events in any order.
  #ordered: boolean
  // Receives changes while the server's history is being verified.
  #observe: ((changes: readonly EntryChange<T>[]) => void) | undefined

  constructor(host: SessionHost<T>, step: Step) {
    this.#host = host
    this.#step = step
    this.#attempt = step.attempt
    this.#startedAt = this.#since = host.clock.now()
    this.#ordered = step.attempt !== 'watch' || (step.resourceVersion !== '' && step.resourceVersion !== '0')
    this.#liveness = new Liveness({
      host,
      signal: this.#controller.signal,
      phase: () => (this.#attempt !== 'watch' ? 'filling' : this.#opened ? 'live' : 'opening'),
      timeoutMs: () => this.#timeoutMs,
      interrupt: (failure) => this.interrupt(failure),
    })
  }

  /** Ends the session at once, for a reason given by the reflector. */
  interrupt(failure: Failure): void {
    this.#interruption ??= failure
    this.#controller.abort(failure.error)
  }

  /** Checks that the connection is alive after the page was frozen or offline. */
  wake(): void {
    this.#liveness.distrust()
  }

  /** Probes the server after the page was hidden. */
  prove(): void {
    this.#liveness.prove()
  }

  /** Whether the runtime has stopped the feed, so that it only seems to be live. */
  isSuspended(): boolean {
    return this.#liveness.isSuspended()
  }

  /** Runs to the end. Never throws. An abort looks like any other end; the caller checks its signal. */
  async run(signal: AbortSignal): Promise<AttemptEnded> {
    const { clock, emit } = this.#host
    const abort = () => this.#controller.abort(signal.reason)
    signal.addEventListener('abort', abort)
    let failure: Failure | undefined
    try {
      await (this.#attempt === 'list' ? this.#list() : this.#watch())
    } catch (error) {
      failure = this.#interruption ?? (this.#attempt === 'list' ? classify(error) : classifyWatch(error))
    } finally {
      clock.clearTimeout(this.#overtakeTimer)
      this.#initial?.stop()
      this.#liveness.stop()
      signal.removeEventListener('abort', abort)
      // Ends requests made in parallel.
      this.#controller.abort()
    }
    const now = clock.now()
    const attempt = this.#attempt
    const reason = signal.aborted ? 'stopped' : (failure?.kind ?? (attempt === 'list' ? 'listed' : 'closed'))
    emit?.({ type: 'closed', attempt, reason, durationMs: now - this.#since })
    const isWatch = attempt === 'watch' && this.#accepted
    return {
      type: 'ended',
      attempt,
      failure,
      opened: this.#accepted,
      short: this.#accepted && this.#events === 0 && now - this.#startedAt < SHORT_WATCH_MS,
      stood: isWatch && (this.#events > 0 || now - this.#since >= STOOD_MS),
    }
  }

  readonly #heard = (count: number): void => {
    this.#liveness.heard()
    this.#bytes += count
    this.#host.emit?.({ type: 'bytes', count })
  }

  async #list(): Promise<void> {
    const { options } = this.#host
    const { resourceVersion, entries, errors } = await this.#listAll(this.#step.resourceVersion, {
      onBytes: this.#heard,
      ...(options.onArrival && { onEntries: (arrived) => this.#tellOfArrival(arrived.filter((entry) => this.#isExpected(entry))) }),
    })
    this.#controller.signal.throwIfAborted()
    for (const error of errors) this.#host.skipped(error)
    this.#replace(
      entries.filter((entry) => this.#accepts(entry)),
      resourceVersion,
      'list',
    )
  }

  #listAll(resourceVersion: string, options: RequestOptions & ArrivalOptions<T> = {}): Promise<CompleteList<T>> {
    const { source, store, options: how } = this.#host
    const keyOf = (entry: Entry<T>) => store.keyOf?.(entry) ?? entry.key
    return listAll(source, { resourceVersion, pageSize: how.pageSize, keyOf, signal: this.#controller.signal, ...options })
  }

  async #watch(): Promise<void> {
    const { source, clock, random, feed, hasSynced } = this.#host
    const timeoutSeconds = Math.floor(300 + random() * 300)
    this.#timeoutMs = timeoutSeconds * 1000
    const streaming = this.#attempt === 'stream'
    if (streaming) this.#initial = this.#initialStream()
    if (streaming || !hasSynced) this.#overtakeTimer = clock.setTimeout(() => this.#overtakeUnlessHeard(), FIRST_BYTE_MS)
    const confirmed = streaming || !feed.unconfirmed ? undefined : this.#confirm()
    const batches = source.watch({
      resourceVersion: this.#step.resourceVersion,
      ...(streaming && { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: this.#controller.signal,
      onBytes: this.#heard,
    })
    for await (const batch of batches) {
      this.#controller.signal.throwIfAborted()
      if (!this.#accepted) {
        this.#accepted = true
        this.#liveness.heard()
        if (!streaming) {
          this.#host.emit?.({ type: 'opened', attempt: 'watch' })
          if (confirmed) void confirmed.settled.then(() => this.#open())
          else this.#open()
        } else this.#host.emit?.({ type: 'opened', attempt: 'stream' })
      }
      // Until the server's history is confirmed, its events must not be mixed with the store's objects.
      if (confirmed && batch.length > 0 && !(await confirmed.asked).isPending) this.#open()
      this.#controller.signal.throwIfAborted()
      this.#take(batch)
    }
  }

  /** Marks the watch as open: it delivers the changes that follow the store's state. */
  #open(): void {
    if (this.#opened || this.#controller.signal.aborted) return
    this.#opened = true
    this.#host.clock.clearTimeout(this.#overtakeTimer)
    this.#host.dispatch({ type: 'opened' })
    this.#liveness.rearm()
  }

  #confirm(): HistoryQuestion<T> {
    const { host, interrupt } = { host: this.#host, interrupt: (failure: Failure) => this.interrupt(failure) }
    const history = confirmHistory({ host, signal: this.#controller.signal, interrupt })
    this.#observe = history.observe
    void history.settled.then(() => {
      this.#observe = undefined
    })
    return history
  }

  #initialStream(): InitialStream<T> {
    const { clock, store } = this.#host
    return new InitialStream<T>({
      clock,
      keyOf: (entry) => store.keyOf?.(entry) ?? entry.key,
      isArriving: () => this.#bytes > 0,
      stalled: (failure) => this.interrupt(failure),
      slow: () => void this.#overtake(),
    })
  }

  #overtakeUnlessHeard(): void {
    if (this.#attempt === 'stream' ? this.#bytes === 0 : !this.#accepted) void this.#overtake()
  }

  /** Lists in parallel with the attempt; the first complete state wins. */
  async #overtake(): Promise<void> {
    const { feed } = this.#host
    const { signal } = this.#controller
    try {
      const resourceVersion = feed.versionRejected ? '' : feed.resourceVersion || '0'
      const { entries, errors, ...list } = await this.#listAll(resourceVersion)
      const isLate = this.#attempt === 'stream' ? !this.#initial : this.#opened
      if (signal.aborted || isLate) return
      for (const error of errors) this.#host.skipped(error)
      this.#replace(
        entries.filter((entry) => this.#accepts(entry)),
        list.resourceVersion,
        'list',
      )
      this.interrupt({ kind: 'overtaken', error: undefined })
    } catch {
      // The attempt continues, and reports the failure if it is affected too.
    }
  }

  #take(batch: readonly WatchEntry<T>[]): void {
    let changes: EntryChange<T>[] = []
    const arrived: Entry<T>[] = []
    const apply = () => {
      // A listener may have found an unreadable entry; continuing would hide that it is missing.
      this.#controller.signal.throwIfAborted()
      if (changes.length > 0) this.#apply(changes)
      changes = []
      this.#controller.signal.throwIfAborted()
    }
    try {
      for (const event of batch) {
        if (event.type === 'ERROR')
          throw new WatchError(event.status.message ?? 'the server ended the watch with an error', { status: event.status })
        if (!this.#initial) this.#events++
        if (event.type === 'BOOKMARK') {
          apply()
          this.#tellOfArrival(arrived.splice(0))
          this.#bookmark(event.resourceVersion, event.initialEventsEnd)
        } else if (event.type === 'SKIPPED') {
          this.#host.skipped(event.error)
        } else if (!this.#accepts(event.entry)) {
          // Reported and skipped; the version does not advance.
        } else if (this.#initial) {
          if (this.#initial.take(event)) arrived.push(event.entry)
        } else changes.push(event)
      }
      this.#tellOfArrival(arrived)
    } finally {
      // Events before an invalid one are still valid.
      apply()
    }
  }

  #accepts(entry: Entry<T>): boolean {
    try {
      this.#host.check(entry)
      return true
    } catch (error) {
      if (isParseError(error)) throw error
      this.#host.skipped(error)
      return false
    }
  }

  /** Like {@link #accepts}, but collects errors until the list is complete. */
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
    const resourceVersion = this.#ordered ? later(feed.resourceVersion, changes.at(-1)?.entry.resourceVersion) : feed.resourceVersion
    this.#guard(() => store.apply(changes, resourceVersion, this.#observer))
    this.#observe?.(changes)
    dispatch({ type: 'advanced', resourceVersion })
    emit?.({ type: 'applied', events: changes.length, resourceVersion })
  }

  readonly #observer: ApplyObserver<T> = {
    outdated: ({ key, resourceVersion }) =>
      this.#host.noticed(new WatchError(`skipped an event for ${key}: its version ${resourceVersion} is older than the store's`)),
    collided: ({ key }) =>
      this.#host.skipped(
        new WatchError(`several objects are called ${key}: each change of one replaces the other (keyFunc can tell them apart)`),
      ),
  }

  #bookmark(resourceVersion: string, initialEventsEnd: boolean): void {
    if (this.#initial) {
      // Other bookmarks do not concern the initial state.
      if (initialEventsEnd) this.#completeStream(this.#initial, resourceVersion)
      return
    }
    const { store, feed, dispatch, sawBookmark, unversioned, emit } = this.#host
    if (resourceVersion === '') {
      unversioned()
      return
    }
    if (isOlder(resourceVersion, feed.resourceVersion)) {
      // The server has not reached the store's version: it was restored from a backup.
      this.interrupt({
        kind: 'too-large',
        error: new WatchError(`a bookmark at ${resourceVersion}, which is older than ${feed.resourceVersion}`),
      })
      this.#controller.signal.throwIfAborted()
    }
    this.#ordered = true
    this.#guard(() => store.bookmark(resourceVersion))
    dispatch({ type: 'advanced', resourceVersion })
    sawBookmark()
    emit?.({ type: 'bookmark', resourceVersion })
    // The first bookmark shortens the maximum silence.
    this.#liveness.rearm()
  }

  #completeStream(initial: InitialStream<T>, resourceVersion: string): void {
    initial.stop()
    this.#initial = undefined
    this.#attempt = 'watch'
    if (initial.duplicates) this.#host.skipped(initial.duplicates)
    this.#replace(initial.entries, resourceVersion, 'stream')
    this.#since = this.#host.clock.now()
    this.#host.emit?.({ type: 'opened', attempt: 'watch' })
    this.#open()
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

  /** Reports an error thrown by a listener of the store; the events are applied nevertheless. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#host.report(error)
    }
  }
}

/** Whether a version is older than another; false when either is opaque. */
function isOlder(version: string, than: string): boolean {
  return isResourceVersion(version) && isResourceVersion(than) && compareResourceVersions(version, than) < 0
}

/** Returns the feed's version after an event: it never decreases. */
function later(known: string, version = ''): string {
  return version === '' || isOlder(version, known) ? known : version
}
