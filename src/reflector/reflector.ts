// The loop around the state machine: runs attempts, applies their results to the store, and waits in between.

import { isParseError, ParseError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { Entry, UnparsedEntry } from '../codec/entry'
import { type Clock, systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import { every } from '../internal/interval'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import { guarded } from '../internal/report'
import { onWake, type Wake } from '../internal/wake'
import type { ListerWatcher } from '../source/lister-watcher'
import { Attempt } from './attempt'
import type { AttemptDeps, AttemptOutput, AttemptStart } from './attempt-deps'
import { Completeness } from './completeness'
import { expectedTypeCheck } from './expected-type'
import type { Failure } from './failure'
import type { ReflectorEvent, ReflectorOptions, ReflectorState, ReflectorStatus, ReflectorStore, SyncSource } from './options'
import { Pacing } from './pacing'
import { Problems } from './problems'
import { type AttemptEnded, type FeedEvent, type FeedState, initialState, type Step, transition } from './state'
import { initialStatus, nextStatus } from './status'
import { type WhenSyncedOptions, whenSynced } from './when-synced'

/** Options of {@link Reflector.run}. */
export interface ReflectorRunOptions {
  /** Stops the reflector. Default: never. */
  signal?: AbortSignal | undefined
  /** Settles when the store has loaded its stored state; no request is sent before. Must not outlast the signal. Default: already settled. */
  hydrated?: Promise<unknown> | undefined
}

/**
 * Keeps a store equal to a collection on a server: lists it, watches it, and recovers from any failure, until it is aborted. If the store has
 * a resourceVersion already, because its state was loaded from storage, the watch resumes from there without a list.
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
  readonly #completeness: Completeness<T>
  #pacing: Pacing
  #startedAt = 0
  #attempt: Attempt<T> | undefined
  // Whether the server has ever sent a bookmark. Reset when its bookmarks fail to come.
  #hasBookmarks = false
  // An entry that the store dropped since the last complete state. No watch brings it back.
  #missing: Failure | undefined
  // Ends the wait before the next attempt.
  #hurry = new AbortController()
  /** @throws RangeError for an invalid `backoff`. */
  constructor(source: ListerWatcher<T>, store: ReflectorStore<T>, options: ReflectorOptions<T> = {}) {
    super()
    this.#source = source
    this.#store = store
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#emit = guarded(options.onEvent)
    this.#problems = new Problems(options.onError)
    this.#completeness = new Completeness({ store, problems: this.#problems, emit: this.#emit })
    this.#pacing = this.#newPacing()
    this.#status = initialStatus(this.#clock.now())
    this.#feed = initialState({ streaming: options.initialList !== 'list' })
  }

  /** The state of the feed. */
  get state(): ReflectorState {
    return this.status.state
  }

  /** A snapshot of the feed: a new object after each change, fit for `useSyncExternalStore`. */
  get status(): ReflectorStatus {
    if (this.#status.state === 'live' && this.#attempt?.isSuspended()) this.#update({ state: 'stale' })
    return this.#status
  }

  /** The version of the last list, event or bookmark; the empty string before the first. */
  get lastSyncResourceVersion(): string {
    return this.#feed.resourceVersion
  }

  /** Calls `listener` after each change of {@link status}. Returns a function that unsubscribes. Bound. */
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
   * Lists and watches until the signal is aborted, then resolves. Aborting is not an error.
   *
   * @throws Error on a second call, because a reflector runs once; the reason with which `hydrated` rejects.
   */
  async run({ signal = new AbortController().signal, hydrated }: ReflectorRunOptions = {}): Promise<void> {
    if (this.state !== 'idle') throw new Error('Reflector.run was called twice: make another Reflector')
    this.#startedAt = this.#clock.now()
    this.#pacing = this.#newPacing()
    const deps = this.#attemptDeps()
    const stops: (() => void)[] = []
    try {
      this.#update({ state: 'connecting' })
      if (hydrated) await hydrated
      stops.push(...this.#startTimers())
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
        this.#pacing.started()
        this.#emit?.({ type: 'attempt', attempt: step.attempt, resourceVersion: step.resourceVersion, reason: step.reason })
        const attempt = new Attempt(deps, this.#attemptStart(step))
        this.#attempt = attempt
        this.#update({ state: this.#feed.polling && this.#status.error === undefined ? 'polling' : 'connecting' })
        const ended = await this.#follow(attempt, signal)
        this.#attempt = undefined
        if (signal.aborted) break
        step = this.#conclude(ended)
      }
    } finally {
      for (const stop of stops) stop()
      this.#update({ state: 'stopped' })
    }
  }

  #newPacing(): Pacing {
    const { random, backoff, pollIntervalMs } = this.#options
    return new Pacing({ clock: this.#clock, random, backoff, pollIntervalMs })
  }

  #startTimers(): (() => void)[] {
    const { resyncPeriodMs = 0, relistPeriodMs = 0, onWake: subscribeToWake = onWake } = this.#options
    return [
      every(resyncPeriodMs, this.#clock, () => this.#resync()),
      // Only a watch is interrupted: a list that takes longer than the period would never complete.
      every(relistPeriodMs, this.#clock, () => this.state === 'live' && this.#attempt?.interrupt({ kind: 'relist', error: undefined })),
      subscribeToWake((wake) => this.#wake(wake)),
      this.#store.onUnreadable?.((entry) => this.#refetch(entry)) ?? (() => undefined),
    ]
  }

  #attemptDeps(): AttemptDeps<T> {
    const { random = Math.random, expectedType, parse, pageSize, proofIntervalMs, silenceMs, onArrival } = this.#options
    const check = expectedTypeCheck<T>(expectedType)
    const refusal = (entry: Entry<T>) => {
      try {
        // Reading parses the object.
        if (parse === 'arrival') void entry.object
        check(entry)
        return undefined
      } catch (error) {
        if (isParseError(error)) throw error
        return error
      }
    }
    return {
      source: this.#source,
      clock: this.#clock,
      random,
      pageSize,
      proofIntervalMs,
      silenceMs,
      wantsArrivals: onArrival !== undefined,
      refusal,
      keyOf: (entry) => this.#store.keyOf?.(entry) ?? entry.key,
      known: () => this.#store.list?.(),
      emit: this.#emit,
    }
  }

  #attemptStart(step: Step): AttemptStart {
    const isComplete = this.#completeness.isComplete && !this.#source.hasLeftOut
    return { step, feed: this.#feed, hasBookmarks: this.#hasBookmarks, hasSynced: this.#status.hasSynced, isComplete }
  }

  /** Applies the results of an attempt until it ends. */
  async #follow(attempt: Attempt<T>, signal: AbortSignal): Promise<AttemptEnded> {
    const outputs = attempt.run(signal)
    for (;;) {
      const { done, value } = await outputs.next()
      if (done) return value
      for (const output of value) this.#apply(output)
    }
  }

  #apply(output: AttemptOutput<T>): void {
    const { type } = output
    const store = this.#store
    switch (type) {
      case 'accepted':
        this.#emit?.({ type: 'opened', attempt: output.attempt })
        break
      case 'opened':
        this.#dispatch({ type })
        break
      case 'arrived':
        if (store.resourceVersion === '') this.#guard(() => this.#options.onArrival?.(output.entries, output.before))
        break
      case 'replaced': {
        const { entries, resourceVersion, source, bytes, durationMs } = output
        this.#guard(() => store.replace(entries, resourceVersion))
        this.#emit?.({ type, source, objects: entries.length, bytes, durationMs, resourceVersion })
        this.#dispatch({ type, resourceVersion, source })
        break
      }
      case 'changed': {
        const { changes, resourceVersion } = output
        this.#guard(() => store.apply(changes, resourceVersion, this.#completeness.observer))
        this.#dispatch({ type: 'advanced', resourceVersion })
        this.#emit?.({ type: 'applied', events: changes.length, resourceVersion })
        break
      }
      case 'bookmark': {
        const { resourceVersion } = output
        this.#guard(() => store.bookmark(resourceVersion))
        this.#dispatch({ type: 'advanced', resourceVersion })
        this.#hasBookmarks = true
        this.#emit?.({ type, resourceVersion })
        break
      }
      case 'unversioned':
        this.#completeness.unversioned()
        break
      case 'skipped':
        this.#completeness.skipped(output.error)
    }
  }

  /** Reports an error thrown by a listener of the store; the events are applied nevertheless. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#emit?.({ type: 'error', error })
      this.#problems.report('thrown', error)
    }
  }

  async #wait(step: Step, signal: AbortSignal): Promise<void> {
    const ms = this.#pacing.waitMs(step)
    if (ms === 0) return
    const { wait, reason } = step
    const nextAttemptAt = this.#clock.now() + ms
    // That a resource cannot be watched does not affect a feed that polls it.
    if (wait === 'poll') this.#update({ state: 'polling', nextAttemptAt, error: undefined })
    else {
      const state = wait === 'backoff' || wait === 'next' ? 'backoff' : reason === 'gone' ? 'gone' : 'denied'
      this.#update({ state, nextAttemptAt })
      this.#emit?.({ type: 'backoff', ms, reason })
    }
    this.#hurry = new AbortController()
    await delay(ms, { clock: this.#clock, signal: AbortSignal.any([signal, this.#hurry.signal]) })
  }

  #conclude(ended: AttemptEnded): Step | undefined {
    const { failure, attempt } = ended
    const isWorthReporting = this.#pacing.ended(ended)
    if (failure?.kind === 'stale') {
      this.#update({ state: 'stale' })
      // A server has no bookmark to send while nothing changes anywhere. That may explain the silence, so the next one may last longer.
      this.#hasBookmarks = false
    }
    if (failure?.kind === 'other-history') this.#completeness.doubt()
    // While polling, a watch that is refused again is expected.
    const isExpected = attempt === 'watch' && this.#feed.polling !== false
    if (failure && failure.kind !== 'relist' && failure.kind !== 'overtaken' && !isExpected) {
      this.#update({ error: failure.error })
      this.#emit?.({ type: 'error', error: failure.error, kind: failure.kind })
      if (isWorthReporting) this.#problems.report(failure.kind, failure.error)
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
      this.#pacing.filled()
      this.#completeness.replaced()
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

  #synced(): void {
    const { source, lastSyncResourceVersion: resourceVersion } = this.#status
    if (source) this.#emit?.({ type: 'synced', source, durationMs: this.#clock.now() - this.#startedAt, resourceVersion })
  }

  #resync(): void {
    if (!this.#status.source) return
    this.#guard(() => this.#store.resync())
  }

  /**
   * Starts the next attempt at once if the feed waits for it, and checks that an open connection is alive: the action of a "Retry now" button.
   * No-op for a connection that delivers data. Bound.
   */
  readonly reconnect = (): void => this.#wake('online')

  #wake(wake: Wake): void {
    this.#hurry.abort()
    if (wake === 'visible') this.#attempt?.prove()
    else this.#attempt?.wake()
  }

  #refetch({ key, text }: UnparsedEntry): void {
    this.#missing = { kind: 'unreadable', error: new ParseError(`the text of ${key} is not JSON`, text) }
    this.#attempt?.interrupt(this.#missing)
  }

  #update(change: Partial<ReflectorStatus>): void {
    this.#status = nextStatus(this.#status, change, this.#clock.now())
    this.#listeners.notify(this.#status)
  }
}
