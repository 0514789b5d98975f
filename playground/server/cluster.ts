// The cluster behind the page: a fake one, or a real API server.
import type { ServedCounts } from './served-counts.ts'
import type { Upgrade } from './upgrades.ts'

/** The pods that a fault concerns, for the sentence that describes it. */
export interface Incident {
  /** What happened. */
  readonly type: 'rollout' | 'node-failure' | 'node-recovery'
  /** The deployment, as `namespace/name`, or the node. */
  readonly name: string
  /** The number of pods to replace. */
  readonly pods: number
}

/** The numbers of watches on the two sides of a relay. */
export interface RelayInfo {
  /** The watches that the relay holds at the cluster. */
  readonly upstream: number
  /** The watches that the relay serves. */
  readonly served: number
}

/** A cluster that the playground shows, with the actions of its buttons. */
export interface Cluster {
  /** Identifies the cluster, so that a browser never shows the stored state of one for another. */
  readonly name: string
  /** The current changes per second; undefined for a real cluster. */
  changesPerSecond: number | undefined
  /** Whether the optional kind is defined; undefined for a real cluster. */
  hasExtraKind: boolean | undefined
  /** The node that is down, if any. */
  readonly failedNode: string | undefined
  /** The lists and watches that the cluster was asked for. */
  readonly served: ServedCounts
  /** Whether a rollout or a failed node still requires changes; undefined for a real cluster. */
  readonly isBusy?: boolean | undefined
  /** The relay in front of the cluster, if any. */
  readonly relay?: RelayInfo | undefined
  /** Answers a request with the path of an API server. */
  fetch(request: Request): Promise<Response>
  /** Answers a request for a WebSocket with the path of an API server. Absent in a cluster that has none. */
  upgrade?(upgrade: Upgrade, path: string): void
  /** Breaks every connection. */
  cut(): void
  /** Drops the history and breaks every connection, so that resumed watches get a 410. */
  expire(): void
  /** Rolls a new image out to a random deployment; undefined for a real cluster. */
  rollOut(): Incident | undefined
  /** Takes a random node down, or brings the node that is down back; undefined for a real cluster. */
  toggleNode(): Incident | undefined
}
