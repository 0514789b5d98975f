// Detects dead connections of a watch.

import { WatchError } from '../api/errors'
import { compareResourceVersions, isResourceVersion } from '../api/resource-version'
import type { WatchEntry } from '../codec/wire'
import { delay } from '../internal/delay'
import { isPageHidden } from '../internal/wake'
import type { AttemptDeps } from './attempt-deps'
import { classify, type Failure } from './failure'
import { Watchdog } from './watchdog'

/** The maximum silence while the initial state is loading, in milliseconds. The server's own limit is a minute. */
const FILL_SILENCE_MS = 90_000
/** Bookmarks come about once a minute: two that fail to come mean a dead connection. */
const BOOKMARK_SILENCE_MS = 150_000
/** The time added to the watch's own timeout, in milliseconds. */
const TIMEOUT_SLACK_MS = 30_000
/** After a freeze or the return of the network, a connection that stays silent for this long is given up; in milliseconds. */
const WAKE_SILENCE_MS = 3_000
/** The default silence after which a probe asks the server whether events were missed, in milliseconds. */
export const DEFAULT_PROOF_INTERVAL_MS = 30_000
/** The duration of a probe: the timeout requested from the server, and the time added to it. */
const PROBE_SECONDS = 1
const PROBE_TIMEOUT_MS = 10_000
/** The maximum time for the watch to deliver what a probe has seen, in milliseconds. */
const PROBE_GRACE_MS = 1_000
/** The interval of a timer that shows whether Cloudflare's runtime still runs the feed, and how late it may be, in milliseconds. */
const BEAT_MS = 2_000
const SUSPENDED_MS = 3_000

/** Options of a {@link Liveness}, given by its attempt. */
export interface LivenessOptions<T> extends Pick<AttemptDeps<T>, 'source' | 'clock' | 'emit' | 'proofIntervalMs' | 'silenceMs'> {
  readonly signal: AbortSignal
  /** The version of the last event or bookmark. */
  resourceVersion(): string
  /** Whether this server has ever sent a bookmark. */
  hasBookmarks(): boolean
  /** The phase of the attempt: waiting for the complete state, for the watch's headers, or for events. */
  phase(): 'filling' | 'opening' | 'live'
  /** The requested duration of the watch, in milliseconds. */
  timeoutMs(): number
  interrupt(failure: Failure): void
}

/**
 * Detects connections that are dead without an error: the network went away silently, a page was frozen, a proxy keeps the browser's side
 * of a stream open. A silent watch is given up after a time limit. A probe detects it earlier: a second, short watch from the same version
 * shows whether the server answers, and whether it has events that the first watch did not deliver.
 */
export class Liveness<T> {
  readonly #options: LivenessOptions<T>
  readonly #watchdog: Watchdog
  #proofTimer: unknown
  #distrustTimer: unknown
  #provenAt: number
  #isProving = false
  #dueAt = Number.POSITIVE_INFINITY
  #isOverdue = false
  #heard = 0

  constructor(options: LivenessOptions<T>) {
    this.#options = options
    const { clock } = options
    this.#provenAt = clock.now()
    this.#watchdog = new Watchdog(
      clock,
      () => this.#silenceMs(),
      (silentMs) => this.#giveUp(`no data arrived for ${Math.round(silentMs / 1000)} s`),
    )
    this.#armProof()
  }

  /** Registers that bytes arrived. */
  heard(): void {
    this.#heard++
    this.#watchdog.heard()
  }

  /** Restarts the timer after the maximum silence has changed. */
  rearm(): void {
    this.#watchdog.rearm()
  }

  /** Gives the connection up unless bytes arrive soon. */
  distrust(): void {
    const { clock } = this.#options
    const heard = this.#heard
    const giveUp = () => {
      const { silentMs } = this.#watchdog
      if (this.#heard === heard) this.#giveUp(`no data arrived for ${Math.round(silentMs / 1000)} s, and the page was away`, true)
    }
    clock.clearTimeout(this.#distrustTimer)
    const leftMs = WAKE_SILENCE_MS - this.#watchdog.silentMs
    if (leftMs > 0) this.#distrustTimer = clock.setTimeout(giveUp, leftMs)
    else giveUp()
  }

  /** Starts a probe, unless the connection has just delivered something. */
  prove(): void {
    this.#watchdog.check()
    if (this.#options.phase() === 'live' && this.#unprovenMs >= WAKE_SILENCE_MS) void this.#prove()
  }

  stop(): void {
    const { clock } = this.#options
    this.#watchdog.stop()
    clock.clearTimeout(this.#proofTimer)
    clock.clearTimeout(this.#distrustTimer)
  }

  get #intervalMs(): number {
    return this.#options.proofIntervalMs ?? DEFAULT_PROOF_INTERVAL_MS
  }

  get #unprovenMs(): number {
    return Math.min(this.#watchdog.silentMs, Math.max(0, this.#options.clock.now() - this.#provenAt))
  }

  #silenceMs(): number {
    const { silenceMs, phase, hasBookmarks, timeoutMs } = this.#options
    if (silenceMs !== undefined) return silenceMs
    if (phase() === 'filling') return FILL_SILENCE_MS
    return hasBookmarks() ? BOOKMARK_SILENCE_MS : timeoutMs() + TIMEOUT_SLACK_MS
  }

  /**
   * Whether the runtime has stopped the feed, as Cloudflare's does with a Worker's module when the request that started it has ended: a timer is
   * long overdue. When it fires after all, the connection is given up.
   */
  isSuspended(): boolean {
    this.#isOverdue ||= isCloudflare() && this.#options.clock.now() - this.#dueAt > SUSPENDED_MS
    return this.#isOverdue
  }

  #armProof(): void {
    const { clock } = this.#options
    const proofMs = this.#intervalMs > 0 ? Math.max(this.#intervalMs - this.#unprovenMs, 1000) : Number.POSITIVE_INFINITY
    const ms = isCloudflare() ? Math.min(proofMs, BEAT_MS) : proofMs
    if (ms === Number.POSITIVE_INFINITY) return
    this.#dueAt = clock.now() + ms
    this.#proofTimer = clock.setTimeout(() => {
      if (this.isSuspended()) return this.#giveUp('the runtime had suspended the feed', true)
      // A hidden page displays nothing; it probes when it becomes visible.
      const isDue = this.#intervalMs > 0 && this.#unprovenMs >= this.#intervalMs && !isPageHidden()
      if (this.#options.phase() === 'live' && isDue) void this.#prove()
      this.#armProof()
    }, ms)
  }

  async #prove(): Promise<void> {
    const { clock, emit, signal } = this.#options
    if (this.#isProving || signal.aborted) return
    this.#isProving = true
    const resourceVersion = this.#options.resourceVersion()
    const heard = this.#heard
    emit?.({ type: 'probe', purpose: 'liveness', resourceVersion })
    const controller = new AbortController()
    const timer = clock.setTimeout(() => controller.abort(), PROBE_TIMEOUT_MS)
    const outcome = await this.#ask(resourceVersion, AbortSignal.any([signal, controller.signal]))
    clock.clearTimeout(timer)
    // Bytes on the connection itself make the probe's result irrelevant.
    if (outcome === 'missed' && this.#heard === heard) await delay(PROBE_GRACE_MS, { clock, signal })
    this.#isProving = false
    if (signal.aborted) return
    if (outcome === 'well' || this.#heard !== heard) this.#provenAt = clock.now()
    else if (outcome === 'missed') this.#giveUp('the server has events that the watch did not deliver', true)
    else this.#giveUp('the server does not answer')
  }

  /** Runs a probe: `missed` when it delivers an event, `away` when no server answers. */
  async #ask(resourceVersion: string, signal: AbortSignal): Promise<'well' | 'missed' | 'away'> {
    const { source, clock } = this.#options
    // Ends the probe if the server ignores the timeout.
    const enough = new AbortController()
    let timer: unknown
    try {
      const both = AbortSignal.any([signal, enough.signal])
      const options = { resourceVersion, timeoutSeconds: PROBE_SECONDS, signal: both }
      for await (const batch of (source.bare ?? source).watch(options)) {
        timer ??= clock.setTimeout(() => enough.abort(), PROBE_SECONDS * 1000 + PROBE_GRACE_MS)
        for (const event of batch) {
          if (event.type === 'ERROR') throw new WatchError('the probe ended with an error', { status: event.status })
          if (isNews(event, resourceVersion)) return 'missed'
        }
      }
      return 'well'
    } catch (error) {
      if (enough.signal.aborted) return 'well'
      if (signal.aborted) return 'away'
      const { kind } = classify(error)
      // With bookmarks the version stays recent, so an expired one shows that they no longer arrive. Without them, a silent watch outlives
      // its version.
      if (kind === 'expired' && this.#options.hasBookmarks()) return 'missed'
      // Any error except a connection failure is an answer of the server, and the watch will receive it too.
      return kind === 'connection' ? 'away' : 'well'
    } finally {
      clock.clearTimeout(timer)
    }
  }

  #giveUp(why: string, isUrgent = false): void {
    this.#options.interrupt({ kind: 'stale', error: new WatchError(why), isUrgent })
  }
}

/** Whether a probe delivered something that the watch should have delivered. Servers may repeat known events. */
function isNews<T>(event: WatchEntry<T>, known: string): boolean {
  if (!('entry' in event)) return false
  const { resourceVersion } = event.entry
  return !isResourceVersion(resourceVersion) || !isResourceVersion(known) || compareResourceVersions(resourceVersion, known) > 0
}

function isCloudflare(): boolean {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers'
}
