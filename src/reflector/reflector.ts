import { ParseError, WatchError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { Entry, UnparsedEntry } from '../codec/entry'
import { MAX_RETRY_AFTER_MS } from '../http/failure'
import { type Clock, systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import { every } from '../internal/interval'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import { guarded } from '../internal/report'
import { onWake, type Wake } from '../internal/wake'
import type { ListerWatcher } from '../source/lister-watcher'
import { Backoff, Pace } from './backoff'
import { expectedTypeCheck } from './expected-type'
import type { Failure, FailureKind } from './failure'
import { newestOf } from './history-check'
import type { ReflectorEvent, ReflectorOptions, ReflectorState, ReflectorStatus, ReflectorStore, SyncSource } from './options'
import { Problems } from './problems'
import { Session } from './session'
import type { SessionHost } from './session-host'
import { type AttemptEnded, type FeedEvent, type FeedState, initialState, type Step, transition } from './state'
import { initialStatus, nextStatus } from './status'
import { type WhenSyncedOptions, whenSynced } from './when-synced'

const DEFAULT_POLL_INTERVAL_MS = 30_000
/**
 * Ends of a watch that do not show an unhealthy server. They start the backoff over after a watch that worked, and are not reported while the
 * next attempt succeeds.
 */
const HARMLESS: ReadonlySet<FailureKind> = new Set(['connection', 'stale', 'throttled'])
/** What ends a watch that a list puts right. */
const RELISTED: ReadonlySet<FailureKind> = new Set(['expired', 'other-history'])
/** This many of those in a row are one. */
const MAX_CUTS = 3

/** How {@link Reflector.run} runs. */
export interface ReflectorRunOptions {
  /** Ends it. Default: never. */
  signal?: AbortSignal | undefined
  /** Settles when the store has what it had in its last life: nothing is asked before. It must not outlast the signal. Default: at once. */
  hydrated?: Promise<unknown> | undefined
}

/**
 * Keeps a store the same as a collection on a server: lists it, watches it, and does the right thing whatever goes wrong, until it is
 * aborted. A store that has a resourceVersion already (it was hydrated) is continued: the watch goes on from there, and nothing is listed.
 *
 * @example
 * ```ts
 * const store = new Store<Pod>()
 * const reflector = new Reflector(new ListWatch(client, Pod), store)
 * await reflector.run({ signal })
 * ```
 * @see client-go `cache.Reflector`
 */
export class Reflector<T extends KubeObject> extends Opaque {
  readonly #source: ListerWatcher<T>
  readonly #store: ReflectorStore<T>
  readonly #options: ReflectorOptions<T>
  readonly #clock: Clock
  readonly #emit: ((event: ReflectorEvent) => void) | undefined
  readonly #problems: Problems
  readonly #listeners = new Listeners<ReflectorStatus>()
  #feed: FeedState
  #status: ReflectorStatus
  #bookmarks = false
  #startedAt = 0
  #session: Session<T> | undefined
  // An entry that is missing from the store since the last complete state: no watch brings it back.
  #missing: Failure | undefined
  // Ends the wait before the next attempt early.
  #hurry = new AbortController()
  // Lists and streamed lists that fail, and watches that do, make the waits longer each on their own: that lists succeed says nothing about watches.
  readonly #waits: { readonly fill: Backoff; readonly watch: Backoff }
  #failed: 'fill' | 'watch' = 'fill'
  #pace: Pace
  // The last attempt stood, and its end is no sign of an unhealthy server.
  #hasStood = false
  // The server's bookmarks have no version, which was reported.
  #isUnversioned = false
  // How many attempts in a row have failed, none of which stood.
  #cuts = 0
  // Whether the store keeps every object of the collection: not when some are refused.
  #isComplete = true
  // What the store had when a server's history was doubted.
  #doubted: { readonly size: number; readonly resourceVersion: string } | undefined

  constructor(source: ListerWatcher<T>, store: ReflectorStore<T>, options: ReflectorOptions<T> = {}) {
    super()
    this.#source = source
    this.#store = store
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#emit = guarded(options.onEvent)
    this.#problems = new Problems(options.onError)
    const waits = () => new Backoff(options.backoff, options.random)
    this.#waits = { fill: waits(), watch: waits() }
    this.#pace = new Pace(0, options.backoff)
    this.#status = initialStatus(this.#clock.now())
    this.#feed = initialState({ streaming: options.initialList !== 'list' })
  }

  /** What the feed is doing. */
  get state(): ReflectorState {
    return this.status.state
  }

  /** Everything there is to know; another object after each change, fit for `useSyncExternalStore`. */
  get status(): ReflectorStatus {
    if (this.#status.state === 'live' && this.#session?.isSuspended()) this.#update({ state: 'stale' })
    return this.#status
  }

  /** The version of the last list, event or bookmark; the empty string before the first. */
  get lastSyncResourceVersion(): string {
    return this.#feed.resourceVersion
  }

  /** Calls `listener` after each change of {@link status}. Returns how to stop. Needs no `this`. */
  readonly subscribe = (listener: (status: ReflectorStatus) => void): (() => void) => this.#listeners.add(listener)

  /**
   * Resolves when the server has confirmed or delivered the store's state.
   *
   * @throws the signal's reason; the server's error when it denies and `onDenied` is `'reject'`; an Error when the reflector was stopped before.
   */
  whenSynced(options?: WhenSyncedOptions): Promise<{ source: SyncSource }> {
    return whenSynced(this, options)
  }

  /**
   * Lists and watches until the signal is aborted, then resolves: abort is not an error.
   *
   * @throws Error when called a second time: a reflector has one life; what `hydrated` rejects with.
   */
  async run({ signal = new AbortController().signal, hydrated }: ReflectorRunOptions = {}): Promise<void> {
    if (this.state !== 'idle') throw new Error('Reflector.run was called twice: make another Reflector')
    this.#startedAt = this.#clock.now()
    this.#pace = new Pace(this.#startedAt, this.#options.backoff)
    const host = this.#host()
    const stops: (() => void)[] = []
    try {
      this.#update({ state: 'connecting' })
      if (hydrated) await hydrated
      stops.push(...this.#start())
      const { resourceVersion } = this.#store
      if (resourceVersion) this.#update({ source: 'persisted' })
      let step = this.#dispatch({ type: 'started', resourceVersion })
      while (step && !signal.aborted) {
        await this.#wait(step, signal)
        if (signal.aborted) break
        const missing = this.#missing
        this.#missing = undefined
        if (missing && step.attempt === 'watch') {
          step = this.#conclude({ type: 'ended', attempt: 'watch', failure: missing, opened: false, short: false, stood: false })
          continue
        }
        this.#pace.count(this.#clock.now())
        this.#session = new Session(host, step)
        this.#emit?.({ type: 'attempt', attempt: step.attempt, resourceVersion: step.resourceVersion, reason: step.reason })
        this.#update({ state: this.#feed.polling && this.#status.error === undefined ? 'polling' : 'connecting' })
        const ended = await this.#session.run(signal)
        this.#session = undefined
        if (signal.aborted) break
        step = this.#conclude(ended)
      }
    } finally {
      for (const stop of stops) stop()
      this.#update({ state: 'stopped' })
    }
  }

  #start(): (() => void)[] {
    const { resyncPeriodMs = 0, relistPeriodMs = 0, onWake: subscribeToWake = onWake } = this.#options
    return [
      every(resyncPeriodMs, this.#clock, () => this.#resync()),
      // Only a watch is ended for it: a list that takes longer than the period would never come to its end.
      every(relistPeriodMs, this.#clock, () => this.state === 'live' && this.#interrupt({ kind: 'relist', error: undefined })),
      subscribeToWake((wake) => this.#wake(wake)),
      this.#store.onUnreadable?.((entry) => this.#refetch(entry)) ?? (() => undefined),
    ]
  }

  #host(): SessionHost<T> {
    const reflector = this
    const { random = Math.random, expectedType, parse } = this.#options
    const check = expectedTypeCheck<T>(expectedType)
    const checkParsed = (entry: Entry<T>) => {
      // Reading is what parses, and throws.
      void entry.object
      check(entry)
    }
    return {
      source: this.#source,
      store: this.#store,
      options: this.#options,
      clock: this.#clock,
      random,
      check: parse === 'arrival' ? checkParsed : check,
      get feed() {
        return reflector.#feed
      },
      get bookmarks() {
        return reflector.#bookmarks
      },
      get hasSynced() {
        return reflector.#status.hasSynced
      },
      get isComplete() {
        return reflector.#isComplete && !reflector.#source.hasLeftOut
      },
      dispatch: (event) => void this.#dispatch(event),
      sawBookmark: () => {
        this.#bookmarks = true
      },
      unversioned: () => {
        if (!this.#isUnversioned) this.#noticed(new WatchError('the server sends bookmarks without a resourceVersion: they are left out'))
        this.#isUnversioned = true
      },
      emit: this.#emit,
      skipped: (error) => this.#skipped(error),
      noticed: (error) => this.#noticed(error),
      report: (error) => this.#report(error),
    }
  }

  async #wait(step: Step, signal: AbortSignal): Promise<void> {
    const ms = this.#waitOf(step)
    if (ms === 0) return
    const { wait, reason } = step
    // What keeps the server from being watched is no error of a feed that polls.
    const nextAttemptAt = this.#clock.now() + ms
    if (wait === 'poll') this.#update({ state: 'polling', nextAttemptAt, error: undefined })
    else {
      const state = wait === 'backoff' || wait === 'next' ? 'backoff' : reason === 'gone' ? 'gone' : 'denied'
      this.#update({ state, nextAttemptAt })
      this.#emit?.({ type: 'backoff', ms, reason })
    }
    this.#hurry = new AbortController()
    await delay(ms, { clock: this.#clock, signal: AbortSignal.any([signal, this.#hurry.signal]) })
  }

  #waitOf({ wait, retryAfterMs = 0 }: Step): number {
    const { pollIntervalMs = DEFAULT_POLL_INTERVAL_MS } = this.#options
    const asked = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)
    switch (wait) {
      case 'none':
        return 0
      case 'next':
        return Math.max(this.#pace.waitMs(this.#clock.now()), asked)
      case 'poll':
        return Math.max(pollIntervalMs, asked)
      case 'long':
        return Math.max(this.#waits.fill.longest(), asked)
      case 'backoff':
        return Math.max(this.#backoff(this.#clock.now()), asked)
    }
  }

  #backoff(nowMs: number): number {
    const waits = this.#waits[this.#failed]
    if (!this.#hasStood) return waits.next()
    this.#hasStood = false
    return Math.max(waits.first(), this.#pace.waitMs(nowMs))
  }

  #conclude(ended: AttemptEnded): Step | undefined {
    const { failure, attempt, stood } = ended
    this.#hasStood = stood && (!failure || HARMLESS.has(failure.kind))
    this.#failed = attempt === 'watch' ? 'watch' : 'fill'
    if (stood) {
      this.#waits.watch.reset()
      this.#cuts = 0
    }
    if (failure?.kind === 'stale') {
      this.#update({ state: 'stale' })
      // A server has no bookmark to send while nothing anywhere changes: silence may have been that, so the next one must last longer.
      this.#bookmarks = false
    }
    if (failure?.kind === 'other-history') this.#doubted = this.#measure()
    // While polling, a watch that is refused again is expected.
    const isExpected = attempt === 'watch' && this.#feed.polling !== false
    if (failure && failure.kind !== 'relist' && failure.kind !== 'overtaken' && !isExpected) {
      this.#update({ error: failure.error })
      this.#emit?.({ type: 'error', error: failure.error, kind: failure.kind })
      // What worked and was cut is a problem once it is so again and again.
      if (!stood) this.#cuts++
      const isCut = HARMLESS.has(failure.kind) && ended.opened && this.#cuts < MAX_CUTS
      const isPassing = isCut || (attempt === 'watch' && RELISTED.has(failure.kind))
      if (!isPassing) this.#problems.report(failure.kind, failure.error)
    }
    const step = this.#dispatch(ended)
    if (attempt === 'watch' && step && step.attempt !== 'watch') {
      this.#emit?.({ type: 'relist', reason: step.reason, resourceVersion: step.resourceVersion })
    }
    return step
  }

  #dispatch(event: FeedEvent): Step | undefined {
    const { state, next } = transition(this.#feed, event)
    this.#feed = state
    const lastSyncResourceVersion = state.resourceVersion
    const { hasSynced } = this.#status
    if (event.type === 'replaced') {
      this.#replaced()
      if (state.polling) this.#problems.recovered()
      this.#update({
        lastSyncResourceVersion,
        hasSynced: true,
        source: event.source,
        ...(state.polling && { state: 'polling', error: undefined }),
      })
    } else if (event.type === 'opened') {
      this.#problems.recovered()
      this.#update({ state: 'live', hasSynced: true, error: undefined })
    } else if (lastSyncResourceVersion !== this.#status.lastSyncResourceVersion) this.#update({ lastSyncResourceVersion })
    if (!hasSynced && this.#status.hasSynced) this.#synced()
    return next
  }

  /** A complete state has come. One that is as before shows that a server's history was doubted without reason: the store lacks objects. */
  #replaced(): void {
    const doubted = this.#doubted
    this.#doubted = undefined
    this.#waits.fill.reset()
    if (!doubted) return
    const { size, resourceVersion } = this.#measure()
    this.#isComplete = size !== doubted.size || resourceVersion !== doubted.resourceVersion
  }

  #measure(): { size: number; resourceVersion: string } {
    const entries = this.#store.list?.() ?? []
    return { size: entries.length, resourceVersion: newestOf(entries)?.resourceVersion ?? '' }
  }

  #synced(): void {
    const { source, lastSyncResourceVersion: resourceVersion } = this.#status
    if (source) this.#emit?.({ type: 'synced', source, durationMs: this.#clock.now() - this.#startedAt, resourceVersion })
  }

  #resync(): void {
    if (!this.#status.source) return
    try {
      this.#store.resync()
    } catch (error) {
      this.#report(error)
    }
  }

  /**
   * Ends the wait before the next attempt, and checks at once that an open connection is alive: what a "Retry now" button does. Without a wait
   * and with a connection that is heard it does nothing. Needs no `this`.
   */
  readonly reconnect = (): void => this.#wake('online')

  #wake(wake: Wake): void {
    this.#hurry.abort()
    if (wake === 'visible') this.#session?.prove()
    else this.#session?.wake()
  }

  #refetch({ key, text }: UnparsedEntry): void {
    this.#missing = { kind: 'unreadable', error: new ParseError(`the text of ${key} is not JSON`, text) }
    this.#interrupt(this.#missing)
  }

  #interrupt(failure: Failure): void {
    this.#session?.interrupt(failure)
  }

  #update(change: Partial<ReflectorStatus>): void {
    this.#status = nextStatus(this.#status, change, this.#clock.now())
    this.#listeners.notify(this.#status)
  }

  #report(error: unknown): void {
    this.#emit?.({ type: 'error', error })
    this.#problems.report('thrown', error)
  }

  #skipped(error: unknown): void {
    this.#isComplete = false
    this.#noticed(error)
  }

  #noticed(error: unknown): void {
    this.#emit?.({ type: 'error', error, kind: 'skipped' })
    this.#problems.report('skipped', error)
  }
}
