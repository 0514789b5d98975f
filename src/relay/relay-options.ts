// The options of a relay, and what it says about its resources.

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { KubeReaderOptions } from '../http/reader'
import type { Fetch } from '../http/sender'
import type { Seams } from '../internal/seams'
import type { ReflectorOptions, ReflectorState } from '../reflector/options'
import type { EntryClient } from '../source/list-watch'
import type { Authorization } from './authorize'
import type { RelayEvent } from './events'
import type { CacheLimits, RelayPersistence } from './feed'
import type { RelayPacking } from './packing'

/** Options of `createRelay`. */
export interface RelayOptions
  extends CacheLimits,
    Pick<ReflectorOptions<KubeObject>, 'backoff' | 'onError' | 'initialList' | 'proofIntervalMs'>,
    Pick<Seams, 'clock' | 'random'> {
  /** The connection to the API server and the credential of the relay: the options of a KubeClient, such as those of `loadKubeconfig`. */
  readonly client: KubeReaderOptions
  /**
   * Sends requests that carry the credential of their caller, so it must not add the relay's. Default: the runtime's `fetch`, unless the
   * client has a `fetch` of its own.
   */
  readonly callerFetch?: Fetch | undefined
  /**
   * The client that fills the caches. Default: one of the API server. A relay behind another one reads from that: see `unreviewed` of
   * {@link Relay}.
   */
  readonly source?: EntryClient | undefined
  /** The resources to cache. Secrets are cached only if they are named here. */
  readonly resources: readonly Resource[]
  /**
   * Whose rights decide about a read. `'none'` lets everyone who reaches the relay read and write with the relay's own rights, like
   * `kubectl proxy`. Default: `selfReviews()`.
   */
  readonly authorize?: Authorization | 'none' | undefined
  /** The storage of the caches, so that a restarted relay resumes without a list. Default: memory only. */
  readonly persist?: RelayPersistence | undefined
  /** `packOnArrival()` keeps the objects packed, in about a sixth of the memory. Default: each object is kept as its text. */
  readonly pack?: RelayPacking | undefined
  /**
   * Whether a read without a resourceVersion is the newest state of the API server (`'linearizable'`, as an API server guarantees), or that
   * of the cache (`'eventual'`). Default `'linearizable'`.
   */
  readonly consistency?: 'linearizable' | 'eventual' | undefined
  /** Called with everything that happens, for logs and metrics. Errors that it throws are reported. Default: nothing is called. */
  readonly onEvent?: ((event: RelayEvent) => void) | undefined
}

/** The state of a cached resource. */
export interface RelayResourceStatus {
  readonly resource: Resource
  readonly state: ReflectorState
  readonly resourceVersion: string
  readonly objects: number
  readonly watchers: number
  /** The number of different selections among the watchers. */
  readonly watchClasses: number
  /** The time without a connection to the API server, in milliseconds. */
  readonly lagMs: number
}
