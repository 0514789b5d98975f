// Elects one leader among the replicas of a program, by a Lease.

import { hasBrand, isApiError, KubeError } from '../api/errors'
import type { KubeClient } from '../http/client'
import { systemClock } from '../internal/clock'
import { deadline } from '../internal/deadline'
import { delay } from '../internal/delay'
import { listen } from '../internal/listen'
import { Opaque } from '../internal/opaque'
import { guarded, report } from '../internal/report'
import type { Seams } from '../internal/seams'
import { heldSpec, isHeldByOther, LEASES, type Lease, type ObservedLease, observe, releasedSpec } from './lease'

/** The factor by which the retry period varies, as in client-go. */
const JITTER = 1.2

/** Options of a {@link LeaderElection}. */
export interface LeaderElectionOptions extends Pick<Seams, 'clock' | 'random'> {
  /** The namespace of the Lease. */
  readonly namespace: string
  /** The name of the Lease, the same for all replicas. */
  readonly name: string
  /** The name of this replica, unique among all replicas, such as its pod's name. */
  readonly identity: string
  /** The time after which another replica takes a lease that was not renewed, in milliseconds; default 15,000. */
  readonly leaseDurationMs?: number | undefined
  /** The time within which the leader must renew its lease, in milliseconds; default 10,000. */
  readonly renewDeadlineMs?: number | undefined
  /** The delay between attempts to acquire or renew the lease, in milliseconds; default 2,000. */
  readonly retryPeriodMs?: number | undefined
  /** The labels of a Lease that is created. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Called with the identity of each new leader, this replica included. */
  readonly onLeader?: ((identity: string) => void) | undefined
  /** Called with the error of each attempt that failed. The election retries. Default: ignored. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** The time during which this replica leads. */
export interface Term {
  /** Aborted when the leadership is lost or the election is stopped. */
  readonly signal: AbortSignal
  /** The number of changes of the leader; grows by one with each. */
  readonly transitions: number
  /**
   * Throws unless this replica leads for certain. Call it before each write: it also notices that the process slept and no timer has fired.
   *
   * @throws LeadershipLostError
   */
  assertLeading(): void
}

/** The lease was not renewed in time, so another replica may lead. */
export class LeadershipLostError extends KubeError {
  override get '~kubeflect'(): readonly string[] {
    return ['LeadershipLostError', 'KubeError']
  }
}

/** Whether a value is a LeadershipLostError, also one of another copy of the package. */
export function isLeadershipLostError(value: unknown): value is LeadershipLostError {
  return hasBrand(value, 'LeadershipLostError')
}

/**
 * Elects a leader among replicas with the same Lease. Compatible with client-go: its record, its arithmetic on observed changes, optimistic
 * concurrency. In addition each request is bounded by the rest of the deadline, and the lease is released only after `lead` has returned.
 *
 * Needs the rights to get, create and update leases.
 *
 * @see client-go `leaderelection.LeaderElector`
 * @example
 * ```ts
 * const election = new LeaderElection(client, { namespace: 'shop', name: 'widgets', identity: 'widgets-1' })
 * await election.run((term) => new Controller({ informer: pods, reconcile }).run({ signal: term.signal }), { signal })
 * ```
 */
export class LeaderElection extends Opaque {
  readonly #client: KubeClient
  readonly #options: LeaderElectionOptions & {
    readonly leaseDurationMs: number
    readonly renewDeadlineMs: number
    readonly retryPeriodMs: number
  }
  readonly #onError: ((error: unknown) => void) | undefined
  #observed: ObservedLease | undefined
  #leader = ''
  // When the request began that acquired or renewed the lease last.
  #renewedAt = Number.NEGATIVE_INFINITY
  // Whether a write was sent that may have made this replica the holder, even if its answer never came.
  #mayHold = false

  /** @throws TypeError without a namespace, name or identity; RangeError for durations that client-go refuses. */
  constructor(client: KubeClient, options: LeaderElectionOptions) {
    super()
    const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options
    for (const name of ['namespace', 'name', 'identity'] as const)
      if (!options[name]) throw new TypeError(`LeaderElection: ${name} must be a non-empty string`)
    if (!(retryPeriodMs >= 1 && leaseDurationMs >= 1000))
      throw new RangeError('LeaderElection: retryPeriodMs must be at least 1 and leaseDurationMs at least 1000')
    if (!(leaseDurationMs > renewDeadlineMs)) throw new RangeError('LeaderElection: leaseDurationMs must be greater than renewDeadlineMs')
    if (!(renewDeadlineMs > JITTER * retryPeriodMs))
      throw new RangeError(`LeaderElection: renewDeadlineMs must be greater than ${JITTER} times retryPeriodMs`)
    this.#client = client
    this.#options = { ...options, leaseDurationMs, renewDeadlineMs, retryPeriodMs }
    this.#onError = guarded(options.onError)
  }

  /** The identity of the leader as last observed; the empty string for none. */
  get leader(): string {
    return this.#leader
  }

  /**
   * Waits until this replica leads, calls `lead` once, and renews the lease meanwhile. Releases the lease after `lead` has returned, and
   * resolves. Resolves too when the signal is aborted.
   *
   * @param lead must return soon after its term's signal is aborted.
   * @throws LeadershipLostError when the lease could not be renewed in time, after `lead` has returned; the error of `lead`.
   */
  async run(
    lead: (term: Term) => Promise<void>,
    { signal = new AbortController().signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const { clock = systemClock, random = Math.random, retryPeriodMs } = this.#options
    while (!signal.aborted && !(await this.#tryToLead(signal))) await delay(retryPeriodMs * (1 + random() * JITTER), { clock, signal })
    if (signal.aborted) return this.#release()
    const ending = new AbortController()
    const unlisten = listen(signal, 'abort', () => ending.abort(signal.reason))
    const renewing = this.#renew(ending)
    try {
      const transitions = this.#observed?.lease.spec?.leaseTransitions ?? 0
      await lead({ signal: ending.signal, transitions, assertLeading: () => this.#assertLeading(ending.signal) })
    } catch (error) {
      if (!ending.signal.aborted) throw error
      // A program that was stopped, or lost the lease, may reject with any error.
      if (error !== ending.signal.reason && !isLeadershipLostError(ending.signal.reason)) report(error)
    } finally {
      unlisten()
      const lost = ending.signal.reason
      ending.abort()
      await renewing
      if (!isLeadershipLostError(lost)) await this.#release()
    }
    const { reason } = ending.signal
    if (isLeadershipLostError(reason)) throw reason
  }

  /** Renews the lease until the term ends, or ends the term when that fails for too long. */
  async #renew(ending: AbortController): Promise<void> {
    const { clock = systemClock, retryPeriodMs, renewDeadlineMs } = this.#options
    const { signal } = ending
    const lose = () => ending.abort(new LeadershipLostError(`the lease was not renewed within ${renewDeadlineMs} ms`))
    while (!signal.aborted) {
      const leftMs = this.#renewedAt + renewDeadlineMs - clock.now()
      if (leftMs <= 0) return lose()
      const timer = clock.setTimeout(lose, leftMs)
      await delay(Math.min(retryPeriodMs, leftMs), { clock, signal })
      if (!signal.aborted) await this.#tryToLead(signal)
      clock.clearTimeout(timer)
      if (!signal.aborted && this.#leader !== this.#options.identity) return lose()
    }
  }

  #assertLeading(signal: AbortSignal): void {
    const { clock = systemClock, renewDeadlineMs } = this.#options
    if (signal.aborted || clock.now() - this.#renewedAt >= renewDeadlineMs)
      throw isLeadershipLostError(signal.reason) ? signal.reason : new LeadershipLostError('this replica does not lead any more')
  }

  /** Acquires or renews the lease. Returns whether that succeeded; errors are reported. */
  async #tryToLead(signal: AbortSignal): Promise<boolean> {
    const { clock = systemClock, renewDeadlineMs, leaseDurationMs, namespace, name, identity, labels } = this.#options
    const expiry = deadline(renewDeadlineMs, () => new KubeError(`no answer within ${renewDeadlineMs} ms`), clock)
    const request = { namespace, signal: AbortSignal.any([signal, expiry.signal]) }
    const startedAt = clock.now()
    try {
      const found = await this.#read(request)
      if (found) {
        this.#see(observe(this.#observed, found, clock.now()))
        if (this.#observed && isHeldByOther(this.#observed, identity, clock.now())) return false
      }
      const spec = heldSpec(found, identity, leaseDurationMs, clock.now())
      this.#mayHold = true
      const written = found
        ? await this.#client.replace(LEASES, { ...found, spec }, request)
        : await this.#client.create(LEASES, { metadata: { name, namespace, ...(labels && { labels: { ...labels } }) }, spec }, request)
      this.#see({ lease: written, changedAt: clock.now() })
      this.#renewedAt = startedAt
      return true
    } catch (error) {
      // A conflict means that another candidate was faster.
      if (!signal.aborted && !(isApiError(error) && error.status === 409)) this.#onError?.(error)
      return false
    } finally {
      expiry.clear()
    }
  }

  async #read(request: { namespace: string; signal: AbortSignal }): Promise<Lease | undefined> {
    try {
      return await this.#client.get(LEASES, this.#options.name, request)
    } catch (error) {
      if (isApiError(error) && error.status === 404) return undefined
      throw error
    }
  }

  #see(observed: ObservedLease): void {
    this.#observed = observed
    const leader = observed.lease.spec?.holderIdentity ?? ''
    if (leader === this.#leader) return
    this.#leader = leader
    if (leader) guarded(this.#options.onLeader)?.(leader)
  }

  /** Gives the lease up, if this replica holds it. @see client-go `leaderelection.LeaderElector.release` */
  async #release(): Promise<void> {
    const { clock = systemClock, namespace, identity, renewDeadlineMs } = this.#options
    if (!this.#mayHold) return
    const expiry = deadline(renewDeadlineMs, () => new KubeError('the lease was not released in time'), clock)
    try {
      const request = { namespace, signal: expiry.signal }
      // Read again, because the server may have carried out a renewal that the stop has ended here.
      const lease = await this.#read(request)
      if (lease?.spec?.holderIdentity !== identity) return
      const spec = releasedSpec(lease, clock.now())
      this.#see({ lease: await this.#client.replace(LEASES, { ...lease, spec }, request), changedAt: clock.now() })
      this.#mayHold = false
    } catch (error) {
      this.#onError?.(error)
    } finally {
      expiry.clear()
    }
  }
}
