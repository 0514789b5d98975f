import { ParseError } from '../errors'
import { systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import { every } from '../internal/interval'
import { Listeners } from '../internal/listeners'
import { Opaque } from '../internal/opaque'
import { guarded } from '../internal/report'
import { onWake, type Wake } from '../internal/wake'
import type { Entry, UnparsedEntry } from '../meta/entry'
import type { KubeObject } from '../meta/object'
import { Backoff } from './backoff'
import { expectedTypeCheck } from './expected-type'
import type { Failure } from './failure'
import type { ListerWatcher } from './lister-watcher'
import type { ReflectorEvent, ReflectorOptions, ReflectorState, ReflectorStatus, ReflectorStore, SyncSource } from './options'
import { Session, type SessionHost } from './session'
import { type AttemptEnded, type FeedEvent, type FeedState, initialState, type Step, transition } from './state'
import { type WhenSyncedOptions, whenSynced } from './when-synced'

/** The network is back: a connection that has been silent for so long is not to be trusted. */
const ONLINE_SILENCE_MS = 5_000

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
  readonly #emit: ((event: ReflectorEvent) => void) | undefined
  readonly #watchErrorHandler: ((error: unknown) => void) | undefined
  readonly #listeners = new Listeners<ReflectorStatus>()
  #feed: FeedState
  #status: ReflectorStatus = { state: 'idle', hasSynced: false, source: undefined, lastSyncResourceVersion: '', error: undefined }
  #bookmarks = false
  #startedAt = 0
  #session: Session<T> | undefined
  // An entry that is missing from the store since the last complete state: no watch brings it back.
  #missing: Failure | undefined
  // Ends the wait before the next attempt early.
  #hurry = new AbortController()

  constructor(source: ListerWatcher<T>, store: ReflectorStore<T>, options: ReflectorOptions<T> = {}) {
    super()
    this.#source = source
    this.#store = store
    this.#options = options
    this.#emit = guarded(options.onEvent)
    this.#watchErrorHandler = guarded(options.watchErrorHandler)
    this.#feed = initialState({ streaming: options.initialList !== 'list' })
  }

  /** What the feed is doing. */
  get state(): ReflectorState {
    return this.#status.state
  }

  /** Everything there is to know; another object after each change, fit for `useSyncExternalStore`. */
  get status(): ReflectorStatus {
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
    const { backoff, random, clock = systemClock } = this.#options
    this.#startedAt = clock.now()
    const waits = new Backoff(backoff, random)
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
        await this.#wait(step, waits, signal)
        if (signal.aborted) break
        const missing = this.#missing
        this.#missing = undefined
        if (missing && step.attempt === 'watch') {
          step = this.#conclude({ type: 'ended', attempt: 'watch', failure: missing, opened: false, short: false })
          continue
        }
        this.#session = new Session(host, step)
        this.#emit?.({ type: 'attempt', attempt: step.attempt, resourceVersion: step.resourceVersion, reason: step.reason })
        this.#update({ state: 'connecting' })
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
    const { clock = systemClock, resyncPeriodMs = 0, relistPeriodMs = 0, onWake: subscribeToWake = onWake } = this.#options
    return [
      every(resyncPeriodMs, clock, () => this.#resync()),
      // Only a watch is ended for it: a list that takes longer than the period would never come to its end.
      every(relistPeriodMs, clock, () => this.state === 'live' && this.#interrupt({ kind: 'relist', error: undefined })),
      subscribeToWake((wake) => this.#wake(wake)),
      this.#store.onUnreadable?.((entry) => this.#refetch(entry)) ?? (() => undefined),
    ]
  }

  #host(): SessionHost<T> {
    const reflector = this
    const { clock = systemClock, random = Math.random, expectedType, parse } = this.#options
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
      clock,
      random,
      check: parse === 'arrival' ? checkParsed : check,
      get feed() {
        return reflector.#feed
      },
      get bookmarks() {
        return reflector.#bookmarks
      },
      dispatch: (event) => void this.#dispatch(event),
      sawBookmark: () => {
        this.#bookmarks = true
      },
      emit: this.#emit,
      report: (error) => this.#report(error),
    }
  }

  async #wait({ wait, retryAfterMs = 0, reason }: Step, waits: Backoff, signal: AbortSignal): Promise<void> {
    if (wait === 'none') return
    const { clock = systemClock } = this.#options
    const ms = Math.max(wait === 'long' ? waits.longest() : waits.next(clock.now()), retryAfterMs)
    this.#update({ state: wait === 'long' ? (reason === 'gone' ? 'gone' : 'denied') : 'backoff' })
    this.#emit?.({ type: 'backoff', ms, reason })
    this.#hurry = new AbortController()
    await delay(ms, { clock, signal: AbortSignal.any([signal, this.#hurry.signal]) })
  }

  #conclude(ended: AttemptEnded): Step | undefined {
    const { failure, attempt } = ended
    if (failure?.kind === 'stale') {
      this.#update({ state: 'stale' })
      // A server has no bookmark to send while nothing anywhere changes: silence may have been that, so the next one must last longer.
      this.#bookmarks = false
    }
    if (failure && failure.kind !== 'relist') this.#report(failure.error)
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
    if (event.type === 'replaced') this.#update({ lastSyncResourceVersion, hasSynced: true, source: event.source })
    else if (event.type === 'opened') this.#update({ state: 'live', hasSynced: true, error: undefined })
    else if (lastSyncResourceVersion !== this.#status.lastSyncResourceVersion) this.#update({ lastSyncResourceVersion })
    if (!hasSynced && this.#status.hasSynced) this.#synced()
    return next
  }

  #synced(): void {
    const { clock = systemClock } = this.#options
    const { source, lastSyncResourceVersion: resourceVersion } = this.#status
    if (source) this.#emit?.({ type: 'synced', source, durationMs: clock.now() - this.#startedAt, resourceVersion })
  }

  #resync(): void {
    if (!this.#status.source) return
    try {
      this.#store.resync()
    } catch (error) {
      this.#report(error)
    }
  }

  #wake(wake: Wake): void {
    if (wake === 'online') this.#hurry.abort()
    this.#session?.checkSilence(wake === 'online' ? ONLINE_SILENCE_MS : undefined)
  }

  #refetch({ key, text }: UnparsedEntry): void {
    this.#missing = { kind: 'unreadable', error: new ParseError(`the text of ${key} is not JSON`, text) }
    this.#interrupt(this.#missing)
  }

  #interrupt(failure: Failure): void {
    this.#session?.interrupt(failure)
  }

  #update(change: Partial<ReflectorStatus>): void {
    this.#status = { ...this.#status, ...change }
    this.#listeners.notify(this.#status)
  }

  #report(error: unknown): void {
    this.#update({ error })
    this.#emit?.({ type: 'error', error })
    this.#watchErrorHandler?.(error)
  }
}
