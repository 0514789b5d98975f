// Proves that a cache is the newest state of the API server: one request for all readers that wait.

import { compareResourceVersions } from '../api/resource-version'
import type { Entry } from '../codec/entry'
import type { Clock } from '../internal/clock'
import type { Waiters } from '../internal/waiters'
import type { WatchCache } from '../watch-cache/watch-cache'
import type { ProofOutcome } from './events'

/** The maximum time that a proof waits for the events that the cache still lacks, in milliseconds. */
const EVENTS_TIMEOUT_MS = 3000
/** The maximum time that a proof waits for the API server, or for the next part of its list, in milliseconds. */
const SILENCE_TIMEOUT_MS = 30_000
/** The maximum time that the list of a proof takes, in milliseconds. A relay that sends long lists to many readers reads its own one slowly. */
const LIST_TIMEOUT_MS = 300_000

/** Options of a {@link Freshness}. */
export interface FreshnessOptions {
  readonly cache: WatchCache
  /** Lists the newest metadata of the collection, passes it on as it arrives, and resolves to the version. */
  readonly list: (onEntries: (entries: readonly Entry<unknown>[]) => void, signal: AbortSignal) => Promise<string>
  /** Wakes up after each change of the cache. */
  readonly changes: Waiters
  readonly clock: Clock
  readonly onProof?: ((outcome: ProofOutcome, durationMs: number) => void) | undefined
}

/**
 * Proves that a cache is up to date. At most one proof runs and one waits. A reader that asks while one runs joins the next one, whose list
 * begins after the request arrived, so the answer is linearizable.
 *
 * @see KEP-2340, which asks etcd for its progress instead. An API server offers that to no client.
 */
export class Freshness {
  readonly #options: FreshnessOptions
  #running: Promise<unknown> = Promise.resolve()
  #next: Promise<boolean> | undefined

  constructor(options: FreshnessOptions) {
    this.#options = options
  }

  /** Resolves to whether the cache has at least the state that the API server has now. Never rejects. */
  prove(): Promise<boolean> {
    this.#next ??= this.#afterRunning()
    return this.#next
  }

  async #afterRunning(): Promise<boolean> {
    await this.#running
    this.#next = undefined
    const proof = this.#prove()
    this.#running = proof
    return proof
  }

  async #prove(): Promise<boolean> {
    const { clock, onProof } = this.#options
    const since = clock.now()
    const outcome = await this.#outcome()
    onProof?.(outcome, clock.now() - since)
    return outcome === 'equal' || outcome === 'reached'
  }

  async #outcome(): Promise<ProofOutcome> {
    const { cache, clock, changes, list } = this.#options
    // What is equal stays so until the cache has reached the version of the list.
    const differing: Identity[] = []
    let size = 0
    let newest: string
    const limit = limits(clock)
    try {
      newest = await list((entries) => {
        limit.restart()
        size += entries.length
        for (const { key, uid, resourceVersion } of entries)
          if (!isIn(cache, { key, uid, resourceVersion })) differing.push({ key, uid, resourceVersion })
      }, limit.signal)
    } catch {
      // The feed reports an API server that cannot be reached; the reader is passed on to it.
      return 'failed'
    } finally {
      limit.end()
    }
    const until = clock.now() + EVENTS_TIMEOUT_MS
    for (;;) {
      if (compareResourceVersions(cache.resourceVersion, newest) >= 0) return 'reached'
      if (cache.size === size && differing.every((identity) => isIn(cache, identity))) {
        cache.prove(newest)
        return 'equal'
      }
      if (clock.now() >= until) return 'late'
      await changes.wait({ until, signal: undefined })
    }
  }
}

/** Limits the time of a list: without progress, and in all. A proof that ends makes each of its readers list for itself. */
function limits(clock: Clock): { readonly signal: AbortSignal; restart(): void; end(): void } {
  const expiry = new AbortController()
  const expire = () => expiry.abort()
  let silence = clock.setTimeout(expire, SILENCE_TIMEOUT_MS)
  const total = clock.setTimeout(expire, LIST_TIMEOUT_MS)
  return {
    signal: expiry.signal,
    restart() {
      clock.clearTimeout(silence)
      silence = clock.setTimeout(expire, SILENCE_TIMEOUT_MS)
    },
    end() {
      clock.clearTimeout(silence)
      clock.clearTimeout(total)
    },
  }
}

/** The part of an object that tells its states apart. */
type Identity = Pick<Entry<unknown>, 'key' | 'uid' | 'resourceVersion'>

/** Whether a cache has an object in a state. */
function isIn(cache: WatchCache, { key, uid, resourceVersion }: Identity): boolean {
  const known = cache.get(key)
  return known?.resourceVersion === resourceVersion && known.uid === uid
}
