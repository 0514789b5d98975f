// One attempt of a reflector: a list, or a watch that may begin with the initial state.

import type { KubeObject } from '../api/object'
import type { RequestOptions } from '../api/options'
import type { Entry } from '../codec/entry'
import type { ArrivalOptions, WatchEntry } from '../codec/wire'
import { Mailbox } from '../internal/mailbox'
import { type CompleteList, listAll } from '../source/pager'
import type { AttemptDeps, AttemptOutput, AttemptStart } from './attempt-deps'
import { classify, classifyWatch, type Failure } from './failure'
import { confirmHistory, type HistoryQuestion } from './history'
import { InitialStream } from './initial-stream'
import { Liveness } from './liveness'
import type { AttemptEnded, Attempt as AttemptKind } from './state'
import { WatchReader } from './watch-reader'

/** The duration below which a watch without events counts as refused, in milliseconds: client-go's VeryShortWatchError. */
const SHORT_WATCH_MS = 1_000
/** The duration from which a watch proves a healthy server, in milliseconds. */
const STOOD_MS = 10_000
/** An initial stream without a byte for this long, in milliseconds, is listed in parallel: proxies buffer streams, but rarely lists. */
const FIRST_BYTE_MS = 10_000

/** One attempt: a list, or a watch that may begin with the initial state. Runs once. */
export class Attempt<T extends KubeObject> {
  readonly #deps: AttemptDeps<T>
  readonly #start: AttemptStart
  readonly #controller = new AbortController()
  readonly #outputs = new Mailbox<AttemptOutput<T>>()
  readonly #liveness: Liveness<T>
  readonly #reader: WatchReader<T>
  // The initial state of a stream, until it is complete.
  #initial: InitialStream<T> | undefined
  #kind: AttemptKind
  #interruption: Failure | undefined
  // The number of entries yielded before the initial state is complete.
  #arrived = 0
  #overtakeTimer: unknown
  #timeoutMs = 0
  // Whether the server accepted the watch.
  #isAccepted = false
  // Whether it was accepted, and the store's state is from the server's history.
  #isOpen = false
  #bytes = 0
  readonly #startedAt: number
  // The time when the current kind of attempt began; a streamed list becomes a watch.
  #since: number
  #history: HistoryQuestion<T> | undefined

  constructor(deps: AttemptDeps<T>, start: AttemptStart) {
    const { clock, source, emit, proofIntervalMs, silenceMs, refusal } = deps
    const { step, hasBookmarks } = start
    this.#deps = deps
    this.#start = start
    this.#kind = step.attempt
    this.#startedAt = this.#since = clock.now()
    if (this.#kind === 'stream') this.#initial = this.#initialStream()
    this.#reader = new WatchReader<T>(step, { refusal, hasBookmarks, initial: this.#initial })
    this.#liveness = new Liveness({
      source,
      clock,
      emit,
      proofIntervalMs,
      silenceMs,
      signal: this.#controller.signal,
      resourceVersion: () => this.#reader.resourceVersion,
      hasBookmarks: () => this.#reader.hasBookmarks,
      phase: () => (this.#kind !== 'watch' ? 'filling' : this.#isOpen ? 'live' : 'opening'),
      timeoutMs: () => this.#timeoutMs,
      interrupt: (failure) => this.interrupt(failure),
    })
  }

  /** Ends the attempt at once, for a reason given by the reflector. Results that were not yielded yet are dropped. */
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

  /**
   * Runs to the end, and returns how it ended. Yields results in the order of the wire, those that belong together at once, and continues when the
   * reflector has applied them. Never throws. An abort looks like any other end; the caller checks its signal.
   */
  async *run(signal: AbortSignal): AsyncGenerator<Iterable<AttemptOutput<T>>, AttemptEnded, undefined> {
    const { clock, emit } = this.#deps
    const abort = () => this.#controller.abort(signal.reason)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    const failing = this.#request()
    try {
      for (const outputs = this.#outputs; !outputs.isOver; ) {
        const arrival = outputs.arrival()
        if (arrival) await arrival
        // Not `yield*`, which would add turns of the event loop to each batch.
        if (!outputs.isOver) yield outputs.take(this.#controller.signal)
      }
    } finally {
      clock.clearTimeout(this.#overtakeTimer)
      this.#initial?.stop()
      this.#liveness.stop()
      signal.removeEventListener('abort', abort)
      // Ends requests made in parallel.
      this.#controller.abort()
    }
    const failure = await failing
    const now = clock.now()
    const attempt = this.#kind
    const reason = signal.aborted ? 'stopped' : (failure?.kind ?? (attempt === 'list' ? 'listed' : 'closed'))
    emit?.({ type: 'closed', attempt, reason, durationMs: now - this.#since })
    const { events } = this.#reader
    return {
      type: 'ended',
      attempt,
      failure,
      opened: this.#isAccepted,
      short: this.#isAccepted && events === 0 && now - this.#startedAt < SHORT_WATCH_MS,
      stood: attempt === 'watch' && this.#isAccepted && (events > 0 || now - this.#since >= STOOD_MS),
    }
  }

  /** Makes the requests, and closes the outputs afterwards. Resolves with the failure, if any. */
  async #request(): Promise<Failure | undefined> {
    try {
      await (this.#kind === 'list' ? this.#list() : this.#watch())
      return undefined
    } catch (error) {
      return this.#interruption ?? (this.#kind === 'list' ? classify(error) : classifyWatch(error))
    } finally {
      this.#outputs.close()
    }
  }

  readonly #heard = (count: number): void => {
    this.#liveness.heard()
    this.#bytes += count
    this.#deps.emit?.({ type: 'bytes', count })
  }

  async #list(): Promise<void> {
    const list = await this.#listAll(this.#start.step.resourceVersion, {
      onBytes: this.#heard,
      ...(this.#deps.wantsArrivals && { onEntries: (entries) => this.#arrive(entries.filter((entry) => this.#isExpected(entry))) }),
    })
    this.#controller.signal.throwIfAborted()
    this.#replaceByList(list)
  }

  #listAll(resourceVersion: string, options: RequestOptions & ArrivalOptions<T> = {}): Promise<CompleteList<T>> {
    const { source, pageSize, keyOf } = this.#deps
    return listAll(source, { resourceVersion, pageSize, keyOf, signal: this.#controller.signal, ...options })
  }

  async #watch(): Promise<void> {
    const { source, clock, random } = this.#deps
    const { step, feed, hasSynced } = this.#start
    const timeoutSeconds = Math.floor(300 + random() * 300)
    this.#timeoutMs = timeoutSeconds * 1000
    const isStreamed = this.#kind === 'stream'
    if (isStreamed || !hasSynced) this.#overtakeTimer = clock.setTimeout(() => this.#overtakeUnlessHeard(), FIRST_BYTE_MS)
    if (!isStreamed && feed.unconfirmed) this.#history = this.#confirm()
    const batches = source.watch({
      resourceVersion: step.resourceVersion,
      ...(isStreamed && { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: this.#controller.signal,
      onBytes: this.#heard,
    })
    for await (const batch of batches) {
      this.#controller.signal.throwIfAborted()
      if (!this.#isAccepted) this.#accept()
      // Until the server's history is confirmed, its events must not be mixed with the store's objects.
      if (this.#history && batch.length > 0 && !(await this.#history.asked).isPending) this.#open()
      this.#controller.signal.throwIfAborted()
      this.#take(batch)
      const room = this.#outputs.room()
      if (room) await room
      // A source may not look at a signal that was aborted before it was asked to continue.
      this.#controller.signal.throwIfAborted()
    }
  }

  #accept(): void {
    this.#isAccepted = true
    this.#liveness.heard()
    this.#outputs.push({ type: 'accepted', attempt: this.#kind === 'stream' ? 'stream' : 'watch' })
    if (this.#kind === 'stream') return
    if (this.#history) void this.#history.settled.then(() => this.#open())
    else this.#open()
  }

  /** Marks the watch as open: it delivers the changes that follow the store's state. */
  #open(): void {
    if (this.#isOpen || this.#controller.signal.aborted) return
    this.#isOpen = true
    this.#deps.clock.clearTimeout(this.#overtakeTimer)
    this.#outputs.push({ type: 'opened' })
    this.#liveness.rearm()
  }

  #confirm(): HistoryQuestion<T> {
    const { source, clock, emit, known } = this.#deps
    const { step, isComplete } = this.#start
    const { signal } = this.#controller
    const interrupt = (failure: Failure) => this.interrupt(failure)
    return confirmHistory({ source, clock, emit, known: known(), isComplete, resourceVersion: step.resourceVersion, signal, interrupt })
  }

  #initialStream(): InitialStream<T> {
    const { clock, keyOf } = this.#deps
    return new InitialStream<T>({
      clock,
      keyOf,
      isArriving: () => this.#bytes > 0,
      stalled: (failure) => this.interrupt(failure),
      slow: () => void this.#overtake(),
    })
  }

  #overtakeUnlessHeard(): void {
    if (this.#kind === 'stream' ? this.#bytes === 0 : !this.#isAccepted) void this.#overtake()
  }

  /** Lists in parallel with the attempt; the first complete state wins. */
  async #overtake(): Promise<void> {
    const { feed } = this.#start
    const { signal } = this.#controller
    try {
      const list = await this.#listAll(feed.versionRejected ? '' : feed.resourceVersion || '0')
      if (signal.aborted || this.#isOpen) return
      this.#replaceByList(list)
      // The rest of the attempt is older than this list. The list itself is still to be applied, so nothing is aborted yet.
      this.#interruption ??= { kind: 'overtaken', error: undefined }
      this.#outputs.close()
    } catch {
      // The attempt continues, and reports the failure if it is affected too.
    }
  }

  #take(batch: readonly WatchEntry<T>[]): void {
    for (const output of this.#reader.read(batch)) {
      switch (output.type) {
        case 'arriving':
          this.#arrive(output.entries)
          break
        case 'completed':
          this.#complete(output.entries, output.resourceVersion)
          break
        case 'failed':
          this.interrupt(output.failure)
          this.#controller.signal.throwIfAborted()
          break
        case 'changed':
          this.#outputs.push(output)
          this.#history?.observe(output.changes)
          break
        case 'bookmark':
          this.#outputs.push(output)
          // The first bookmark shortens the maximum silence.
          this.#liveness.rearm()
          break
        default:
          this.#outputs.push(output)
      }
    }
  }

  /** Turns a streamed list that is complete into a watch. */
  #complete(entries: readonly Entry<T>[], resourceVersion: string): void {
    this.#initial = undefined
    this.#kind = 'watch'
    this.#replace(entries, resourceVersion, 'stream')
    this.#since = this.#deps.clock.now()
    this.#outputs.push({ type: 'accepted', attempt: 'watch' })
    this.#open()
  }

  #arrive(entries: readonly Entry<T>[]): void {
    if (entries.length === 0 || !this.#deps.wantsArrivals) return
    this.#outputs.push({ type: 'arrived', entries, before: this.#arrived })
    this.#arrived += entries.length
  }

  #replaceByList({ entries, errors, resourceVersion }: CompleteList<T>): void {
    for (const error of errors) this.#outputs.push({ type: 'skipped', error })
    const accepted = entries.filter((entry) => {
      const error = this.#deps.refusal(entry)
      if (error !== undefined) this.#outputs.push({ type: 'skipped', error })
      return error === undefined
    })
    this.#replace(accepted, resourceVersion, 'list')
  }

  /** Whether an entry may be kept. Errors are reported when the list is complete. */
  #isExpected(entry: Entry<T>): boolean {
    try {
      return this.#deps.refusal(entry) === undefined
    } catch {
      return false
    }
  }

  #replace(entries: readonly Entry<T>[], resourceVersion: string, source: 'list' | 'stream'): void {
    const durationMs = this.#deps.clock.now() - this.#startedAt
    this.#outputs.push({ type: 'replaced', entries, resourceVersion, source, bytes: this.#bytes, durationMs })
  }
}
